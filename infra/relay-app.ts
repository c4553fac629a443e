import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { agentProtocols } from '../src/settings.ts';
import type { AgentProtocol } from '../src/settings.ts';
import { acknowledgeFindings } from './acknowledged-findings.ts';
import { RelayStack } from './relay-stack.ts';

/** What decides where the app goes, and what is in it. */
export interface RelayAppOptions {
  /** Where the account and the region are read from; the CDK's command line sets `CDK_DEFAULT_…`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As `-c` on the command line, which comes first: `agentRuntimeArn`, `agentProtocol`, `modelId`. */
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
  const protocol = agentProtocols.find((known) => known === name);
  if (name !== undefined && protocol === undefined) {
    throw new Error(`agentProtocol is "${name}"; it must be one of ${agentProtocols.join(', ')}`);
  }
  return protocol;
}
