import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { AgentRelayProps } from './agent-relay-props.ts';
import { createDistribution } from './distribution.ts';
import { createRelayFunction } from './relay-function.ts';

/**
 * The public front door of an AgentCore agent: CloudFront, a function at the edge that signs bodies, and a streaming
 * Lambda function that nobody but this distribution may call.
 */
export class AgentRelay extends Construct {
  /** Where viewers reach the agent, without a trailing slash. */
  readonly url: string;
  /** The distribution in front. */
  readonly distribution: Distribution;
  /** The relay itself. */
  readonly function: LambdaFunction;

  /**
   * @throws Error for an ARN that is not a runtime's, for no protocol or an unknown one, for origins or settings that the relay
   * would refuse, and where the bundles were not built.
   */
  constructor(scope: Construct, id: string, props: AgentRelayProps) {
    super(scope, id);
    this.function = createRelayFunction(this, props);
    this.distribution = createDistribution(this, this.function, props);
    this.url = `https://${props.domainNames?.[0] ?? this.distribution.distributionDomainName}`;
  }
}
