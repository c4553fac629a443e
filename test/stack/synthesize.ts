import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { createRelayApp } from '../../infra/relay-app.ts';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import type { AgentRelayProps } from '../../src/cdk.ts';
import { findBundle } from '../../src/cdk/bundles.ts';

/** One resource of a template. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** The parts of a CloudFormation template that the tests look at. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** What `cdk synth` leaves behind. */
export interface Assembly {
  /** Templates by stack name, with the region of each stack. */
  readonly stacks: Readonly<Record<string, { readonly region: string; readonly template: StackTemplate }>>;
  /** What the validation plugins, cdk-nag among them, have found: one report for each that found something. */
  readonly findings: unknown;
  /** Reads a file of an asset: of the zip whose S3 key the template names. */
  readAsset(s3Key: string, file: string): string;
}

/** A runtime that exists already. */
export const runtimeArn = 'arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/my_agent-abc1234567';

// The CDK's own check of templates takes three seconds of every process; one file of tests does it (`findings.test.ts`).
process.env['CDK_VALIDATION'] = 'false';

// The stack deploys what was built, and so its tests need it: better said once, here, than by every test in its own way.
for (const name of ['relay', 'body-hash', 'viewer-request', 'agent'] as const) {
  findBundle(name);
}

/** Synthesizes the deployable app as the command line does. */
export function synthesizeApp(environment: Record<string, string>, context: Record<string, string> = {}): Assembly {
  const outdir = mkdtempSync(join(tmpdir(), 'relay-stack-'));
  process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const assembly = createRelayApp({ environment, context, outdir }).synth();
  return {
    stacks: Object.fromEntries(
      assembly.stacks.map((stack) => [
        stack.stackName,
        { region: stack.environment.region, template: stack.template as StackTemplate },
      ]),
    ),
    findings: readFindings(outdir),
    readAsset: (s3Key, file) => readFileSync(join(outdir, `asset.${s3Key.replace('.zip', '')}`, file), 'utf8'),
  };
}

function readFindings(outdir: string): unknown {
  const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
  return (JSON.parse(report) as { readonly pluginReports: unknown }).pluginReports;
}

/** What a relay is made of in a test that says no more of it: an agent that exists, and everybody may call. */
export const relayProps: Pick<AgentRelayProps, 'agent' | 'auth'> = { agent: runtimeArn, auth: RelayAuth.anonymous() };

/** An empty stack, in us-east-1 unless another region is named. */
export function emptyStack(region = 'us-east-1'): Stack {
  return new Stack(new App(), 'Test', { env: { region } });
}

/** The template of a stack. */
export function synthesizeStack(stack: Stack): StackTemplate {
  return Template.fromStack(stack).toJSON() as StackTemplate;
}

/** The template of a stack in us-east-1 with nothing in it but one relay. */
export function synthesizeRelay(props: Partial<AgentRelayProps> = {}): StackTemplate {
  const stack = emptyStack();
  new AgentRelay(stack, 'Relay', { ...relayProps, ...props });
  return synthesizeStack(stack);
}

/** The template of the one stack that has this name. */
export function templateOf(assembly: Assembly, stackName: string): StackTemplate {
  const stack = assembly.stacks[stackName];
  assert.ok(stack, `no stack ${stackName} among ${Object.keys(assembly.stacks).join(', ')}`);
  return stack.template;
}

/** Every resource of a type. */
export function resourcesOf(template: StackTemplate, type: string): TemplateResource[] {
  return Object.values(template.Resources).filter((resource) => resource.Type === type);
}

/** The resource with this logical id. Logical ids are part of what is deployed: a new one replaces the resource. */
export function resource(template: StackTemplate, logicalId: string): TemplateResource {
  const found = template.Resources[logicalId];
  assert.ok(found, `no ${logicalId} among ${Object.keys(template.Resources).join(', ')}`);
  return found;
}

/** The only resource of a type. */
export function onlyResource(template: StackTemplate, type: string): TemplateResource {
  const [found, ...others] = resourcesOf(template, type);
  assert.ok(found, `no ${type}`);
  assert.deepEqual(others, [], `more than one ${type}`);
  return found;
}
