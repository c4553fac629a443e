import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AgentRelay } from '../src/cdk.ts';
import type { AgentProtocol } from '../src/settings.ts';
import { DemoAgent } from './demo-agent.ts';
import { DemoAuth } from './demo-auth.ts';
import type { DemoAuthSettings } from './demo-auth.ts';

/** Streams, calls tools, is in every commercial region, and asks for no use case form before its first answer. */
const defaultModelId = 'global.amazon.nova-2-lite-v1:0';

/** What a {@link RelayStack} is made of. */
export interface RelayStackProps extends StackProps {
  /**
   * ARN of an agent that runs already.
   *
   * @default - the demo agent is deployed
   */
  readonly agentRuntimeArn?: string | undefined;

  /**
   * What that agent speaks.
   *
   * @default 'HTTP'
   */
  readonly agentProtocol?: AgentProtocol | undefined;

  /**
   * Model of the demo agent.
   *
   * @default 'global.amazon.nova-2-lite-v1:0'
   */
  readonly modelId?: string | undefined;

  /** Who may call. */
  readonly auth: DemoAuthSettings;

  /** Whether there is a web ACL in front, which costs by the month. */
  readonly hasFirewall: boolean;

  /** Whether nobody but the relay may run the agent. */
  readonly lockAgent: boolean;
}

/** An agent and its front door. */
export class RelayStack extends Stack {
  constructor(scope: Construct, id: string, props: RelayStackProps) {
    super(scope, id, props);
    const agent =
      props.agentRuntimeArn ?? new DemoAgent(this, 'DemoAgent', { modelId: props.modelId ?? defaultModelId }).runtime;
    const { agentProtocol } = props;
    const { auth, curlOptions, secretName, admission } = new DemoAuth(this, 'Auth', props.auth);
    const { url } = new AgentRelay(this, 'Relay', {
      agent,
      auth,
      lockAgent: props.lockAgent,
      ...(!props.hasFirewall && { firewall: false }),
      ...(agentProtocol !== undefined && { agentProtocol }),
    });
    new CfnOutput(this, 'Url', { value: url });
    new CfnOutput(this, 'Curl', {
      value: `curl --no-buffer ${curlOptions}${url} -d '{"prompt":"What is 6 times 7?","response":"transformed"}'`,
    });
    if (secretName !== undefined && admission !== undefined) {
      new CfnOutput(this, 'Secret', { value: secretName });
      new CfnOutput(this, 'LetSomebodyIn', { value: admission });
    }
  }
}
