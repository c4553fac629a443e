import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { agentProtocols } from '../src/settings.ts';
import type { AgentProtocol } from '../src/settings.ts';
import { acknowledgeFindings } from './acknowledged-findings.ts';
import { demoAuthKinds } from './demo-auth.ts';
import type { DemoAuthSettings } from './demo-auth.ts';
import { RelayStack } from './relay-stack.ts';

/** What decides where the app goes, and what is in it. */
export interface RelayAppOptions {
  /** Where the account and the region are read from; the CDK's command line sets `CDK_DEFAULT_…`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * As `-c` on the command line, which comes first: `agentRuntimeArn`, `agentProtocol`, `modelId`, `auth` with `issuer`
   * and `audience`, `firewall`, `lockAgent`.
   */
  readonly context?: Readonly<Record<string, string>>;
  /** Directory of the cloud assembly. @default - the CDK's own choice */
  readonly outdir?: string;
}

/** The deployable app. It has no need of an AWS account or of a network. */
export function createRelayApp({ environment, context = {}, outdir }: RelayAppOptions): App {
  const app = new App({ context: { ...readFeatureFlags(), ...context }, ...(outdir !== undefined && { outdir }) });
  const account = environment['CDK_DEFAULT_ACCOUNT'];
  new RelayStack(app, 'AgentcoreRelay', {
    description: 'agentcore-relay: the front door of an Amazon Bedrock AgentCore agent',
    env: {
      region: environment['CDK_DEFAULT_REGION'] ?? environment['AWS_REGION'] ?? 'us-east-1',
      ...(account !== undefined && { account }),
    },
    agentRuntimeArn: readContext(app, 'agentRuntimeArn'),
    agentProtocol: readAgentProtocol(readContext(app, 'agentProtocol')),
    modelId: readContext(app, 'modelId'),
    auth: readAuth(app),
    hasFirewall: requireKnown('firewall', readContext(app, 'firewall') ?? 'on', ['on', 'off']) === 'on',
    lockAgent: requireKnown('lockAgent', readContext(app, 'lockAgent') ?? 'false', ['true', 'false']) === 'true',
  });
  acknowledgeFindings(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

/** The command line passes them on; whoever runs the app without it gets the same template all the same. */
function readFeatureFlags(): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as {
    readonly context: Record<string, unknown>;
  };
  return context;
}

function readContext(app: App, name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function readAgentProtocol(name: string | undefined): AgentProtocol | undefined {
  return name === undefined ? undefined : requireKnown('agentProtocol', name, agentProtocols);
}

function readAuth(app: App): DemoAuthSettings {
  const kind = requireKnown('auth', readContext(app, 'auth') ?? 'api-keys', demoAuthKinds);
  if (kind !== 'jwt') return { kind };
  const [issuer, audience] = [readContext(app, 'issuer'), readContext(app, 'audience')];
  if (issuer === undefined || audience === undefined) {
    throw new Error(
      'auth is "jwt"; it needs -c issuer=<https URL> and -c audience=<what tokens are meant for>, with commas between several',
    );
  }
  return { kind, issuer, audience: audience.split(',').map((name) => name.trim()) };
}

function requireKnown<Name extends string>(option: string, name: string, known: readonly Name[]): Name {
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) throw new Error(`${option} is "${name}"; it must be one of ${known.join(', ')}`);
  return found;
}
