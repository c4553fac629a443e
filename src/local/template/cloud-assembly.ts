import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from '../local-chain-error.ts';
import { asObject, asString } from './json.ts';
import type { JsonObject } from '../../json.ts';

/** One stack, as its template has it: nothing is resolved yet. */
export interface StackTemplate {
  readonly name: string;
  /** Region of the stack's environment; undefined where the app left it open. */
  readonly region: string | undefined;
  /** Account of the stack's environment; undefined where the app left it open. */
  readonly accountId: string | undefined;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly parameters: JsonObject;
  readonly outputs: JsonObject;
  /** None where missing. */
  readonly conditions?: JsonObject | undefined;
  /** None where missing. */
  readonly mappings?: JsonObject | undefined;
  /** The templates of its `AWS::CloudFormation::Stack` resources by their logical ids. None where missing. */
  readonly nested?: Readonly<Record<string, StackTemplate>> | undefined;
  /** Folder that paths in the template start from; undefined where it names assets of a cloud assembly. */
  readonly directory?: string | undefined;
}

/** What is deployed together: what `cdk synth` leaves behind, over all its stacks and stages, or one template. */
export interface CloudAssembly {
  /** Absolute path of the folder, or of the template. */
  readonly directory: string;
  readonly stacks: readonly StackTemplate[];
  /** Folder or file of each asset by its S3 object key, such as `<hash>.zip`. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * Reads a cloud assembly: `manifest.json`, the templates and the asset manifests, nested assemblies included.
 *
 * @throws LocalChainError where the folder holds none, or one that cannot be read.
 */
export function readCloudAssembly(directory: string): CloudAssembly {
  const absolute = path.resolve(directory);
  if (!existsSync(path.join(absolute, 'manifest.json'))) {
    throw new LocalChainError(
      `there is no cloud assembly in "${directory}": manifest.json is missing; synthesize the CDK app first (cdk synth, or --synth)`,
    );
  }
  const stacks: StackTemplate[] = [];
  const assets = new Map<string, string>();
  readAssembly(absolute, stacks, assets);
  if (stacks.length === 0) {
    throw new LocalChainError(`the cloud assembly in "${directory}" has no stack`);
  }
  return { directory: absolute, stacks: stacks.map((stack) => withNestedStacks(stack, assets)), assets };
}

function readAssembly(directory: string, stacks: StackTemplate[], assets: Map<string, string>): void {
  const manifest = readJson(path.join(directory, 'manifest.json'));
  for (const artifact of Object.values(asObject(manifest['artifacts']) ?? {}).map(asObject)) {
    const properties = asObject(artifact?.['properties']) ?? {};
    switch (artifact?.['type']) {
      case 'aws:cloudformation:stack':
        stacks.push(readStack(directory, artifact, properties));
        break;
      case 'cdk:asset-manifest':
        readAssets(directory, readJson(path.join(directory, requireName(properties['file']))), assets);
        break;
      case 'cdk:cloud-assembly':
        readAssembly(path.join(directory, requireName(properties['directoryName'])), stacks, assets);
        break;
      default:
        break;
    }
  }
}

function readStack(directory: string, artifact: JsonObject, properties: JsonObject): StackTemplate {
  const templateFile = requireName(properties['templateFile']);
  const template = readJson(path.join(directory, templateFile));
  requireNoTransform(template, templateFile);
  const [accountId, region] = (asString(artifact['environment']) ?? '').replace(/^aws:\/\//u, '').split('/');
  return {
    name: asString(properties['stackName']) ?? templateFile.replace(/\.template\.json$/u, ''),
    region: knownOrUndefined(region),
    accountId: knownOrUndefined(accountId),
    ...sectionsOf(template),
  };
}

/** The sections of a template that are read. */
export function sectionsOf(
  template: JsonObject,
): Required<Pick<StackTemplate, 'resources' | 'parameters' | 'conditions' | 'mappings' | 'outputs'>> {
  return {
    resources: asObject(template['Resources']) ?? {},
    parameters: asObject(template['Parameters']) ?? {},
    conditions: asObject(template['Conditions']) ?? {},
    mappings: asObject(template['Mappings']) ?? {},
    outputs: asObject(template['Outputs']) ?? {},
  };
}

/**
 * Refuses what CloudFormation would run a macro on before it reads the template.
 *
 * @throws LocalChainError with a sentence that names the macro
 */
export function requireNoTransform(template: JsonObject, file: string): void {
  const transform: unknown = template['Transform'] ?? [];
  for (const macro of (Array.isArray(transform) ? transform : [transform]) as readonly unknown[]) {
    const name = asString(macro) ?? asString(asObject(macro)?.['Name']) ?? JSON.stringify(macro);
    if (name === 'AWS::Serverless-2016-10-31') {
      throw new LocalChainError(
        `"${file}" is a SAM template (Transform: ${name}), which CloudFormation turns into another one at the deployment; the local chain reads CloudFormation templates and cloud assemblies`,
      );
    }
    if (name !== 'AWS::LanguageExtensions') {
      throw new LocalChainError(
        `"${file}" is transformed by ${name} at the deployment, which the local chain cannot do; it reads templates without Transform`,
      );
    }
  }
}

/** A nested stack's template is an asset, whose hash is somewhere within the URL that the CDK puts together. */
function withNestedStacks(stack: StackTemplate, assets: ReadonlyMap<string, string>): StackTemplate {
  const nested: Record<string, StackTemplate> = {};
  for (const [logicalId, resource] of Object.entries(stack.resources)) {
    if (asObject(resource)?.['Type'] === 'AWS::CloudFormation::Stack') {
      const url = JSON.stringify(asObject(asObject(resource)?.['Properties'])?.['TemplateURL'] ?? '');
      const file = assets.get(/[0-9a-f]{64}\.json/u.exec(url)?.[0] ?? '');
      if (file === undefined) {
        throw new LocalChainError(
          `resource ${logicalId} (AWS::CloudFormation::Stack) of stack ${stack.name}: property TemplateURL names no template of this assembly`,
        );
      }
      const template = readJson(file);
      requireNoTransform(template, file);
      const inner = { name: logicalId, region: stack.region, accountId: stack.accountId, ...sectionsOf(template) };
      nested[logicalId] = withNestedStacks(inner, assets);
    }
  }
  return { ...stack, nested };
}

function readAssets(directory: string, manifest: JsonObject, assets: Map<string, string>): void {
  for (const file of Object.values(asObject(manifest['files']) ?? {}).map(asObject)) {
    const source = asString(asObject(file?.['source'])?.['path']);
    for (const destination of Object.values(asObject(file?.['destinations']) ?? {}).map(asObject)) {
      const objectKey = asString(destination?.['objectKey']);
      if (source !== undefined && objectKey !== undefined) {
        assets.set(objectKey, path.resolve(directory, source));
      }
    }
  }
}

/** The CDK writes `unknown-account` and `unknown-region` for an environment that it does not know. */
function knownOrUndefined(part: string | undefined): string | undefined {
  return part === undefined || part === '' || part.startsWith('unknown-') ? undefined : part;
}

function requireName(name: unknown): string {
  if (typeof name !== 'string') {
    throw new LocalChainError('the cloud assembly is damaged: an artifact of manifest.json names no file');
  }
  return name;
}

function readJson(file: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LocalChainError(`"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const object = asObject(parsed);
  if (object === undefined) {
    throw new LocalChainError(`"${file}" holds no JSON object`);
  }
  return object;
}
