import { Duration, Stack } from 'aws-cdk-lib';
import {
  AgentCoreRuntime,
  AgentRuntimeArtifact,
  PlatformVersion,
  ProtocolType,
  Runtime,
} from 'aws-cdk-lib/aws-bedrockagentcore';
import { Construct } from 'constructs';
import { findBundle } from '../src/cdk/bundles.ts';
import { allowModel } from './model-permission.ts';

/** What a {@link DemoAgent} is made of. */
export interface DemoAgentProps {
  /** Id of a Bedrock model or of a cross-Region inference profile. The agent may call no other. */
  readonly modelId: string;
}

/** The agent in `agent/`, on AgentCore Runtime, from a zip: no container, no Docker. */
export class DemoAgent extends Construct {
  /** The runtime, as {@link AgentRelayProps.agent} takes it. */
  readonly runtime: Runtime;

  constructor(scope: Construct, id: string, props: DemoAgentProps) {
    super(scope, id);
    const { directory, entryFile } = findBundle('agent');
    const code = AgentRuntimeArtifact.fromCodeAsset({
      path: directory,
      runtime: AgentCoreRuntime.NODE_22,
      entrypoint: [entryFile],
    });
    this.runtime = new Runtime(this, 'Runtime', {
      description: 'The demo agent of agentcore-relay',
      agentRuntimeArtifact: code,
      protocolConfiguration: ProtocolType.HTTP,
      // V2 starts sessions faster, from a snapshot; but it is not in every region, takes minutes to deploy, and what
      // Node has drawn at random before the snapshot is the same in every session.
      platformVersion: PlatformVersion.V1,
      // The conversation lives in the session's memory: it ends with either.
      lifecycleConfiguration: {
        idleRuntimeSessionTimeout: Duration.minutes(15),
        maxLifetime: Duration.hours(8),
      },
      environmentVariables: { BEDROCK_MODEL_ID: props.modelId },
    });
    // The L2 does this while it synthesizes, too late for whoever wants to see all of the role's permissions before.
    code.bind(this.runtime, this.runtime);
    for (const statement of allowModel(Stack.of(this), props.modelId)) {
      this.runtime.addToRolePolicy(statement);
    }
  }
}
