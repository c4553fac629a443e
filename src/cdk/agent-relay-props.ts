import type { Duration } from 'aws-cdk-lib';
import type { IRuntimeRef } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { SecurityPolicyProtocol } from 'aws-cdk-lib/aws-cloudfront';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { AgentProtocol, ProtocolName, SessionPolicy } from '../settings.ts';
import type { RelayFirewall } from './firewall.ts';
import type { RelayAuth } from './relay-auth.ts';
import type { RelayCors } from './relay-cors.ts';

/** What an {@link AgentRelay} is made of. */
export interface AgentRelayProps {
  /**
   * The AgentCore Runtime that answers: a construct, or the ARN of a runtime that exists, also in another region. A token
   * in place of an ARN is taken to be in the stack's own region.
   */
  readonly agent: IRuntimeRef | string;

  /** Who may call. That everybody may has to be said: `RelayAuth.anonymous()`. */
  readonly auth: RelayAuth;

  /**
   * The runtime's endpoint that is invoked. The relay is permitted to invoke no other.
   *
   * @default 'DEFAULT'
   */
  readonly qualifier?: string;

  /**
   * What the agent speaks: `AGUI` for a runtime of protocol AGUI.
   *
   * @default - the runtime's own where `agent` is a construct of this app, else 'HTTP'
   */
  readonly agentProtocol?: AgentProtocol;

  /**
   * The formats that viewers may ask for, each at its own path. Without `original` nobody sees the agent's own bytes.
   *
   * @default - all of them
   */
  readonly protocols?: ProtocolName[];

  /**
   * How a runtime session id comes about. `derived`: from who calls and the client's id, so that nobody reaches another's
   * conversation. `as-given`: the client's own id, unchanged, and whoever knows it has the conversation.
   *
   * @default 'derived'
   */
  readonly sessions?: SessionPolicy;

  /**
   * Pages of other origins that browsers may let call.
   *
   * @default - none
   */
  readonly cors?: RelayCors;

  /**
   * Whether nobody but the relay may reach the agent, whatever their own policies permit, so that no one of the account goes
   * round it. It is a resource policy on the runtime and on its endpoint, which must have none yet. Both have to exist, in the
   * stack's own account and region.
   *
   * @default false
   */
  readonly lockAgent?: boolean;

  /**
   * Whether AgentCore is told who calls, as the runtime's user id. The relay's role then gets
   * `bedrock-agentcore:InvokeAgentRuntimeForUser` too.
   *
   * @default false
   */
  readonly passUserId?: boolean;

  /**
   * Whether ARNs, account ids, host names and stack traces are taken out of the agent's own error frames where its bytes
   * pass through.
   *
   * @default false
   */
  readonly scrubAgentErrors?: boolean;

  /**
   * The relay's code where it is your own: a folder whose `index.mjs` exports `handler`, made by `createHandler` of
   * `agentcore-relay/lambda` with protocols, dialects or a filter of yours.
   *
   * @default - the package's own bundle
   */
  readonly code?: Code;

  /**
   * Longest time that one answer may take. Lambda allows 15 minutes and bills all of a stream's duration.
   *
   * @default Duration.minutes(15)
   */
  readonly timeout?: Duration;

  /**
   * Memory of the relay, in MiB. It needs little, whatever the length of an answer; more of it starts faster.
   *
   * @default 512
   */
  readonly memorySize?: number;

  /**
   * How long the relay's log is kept. The log holds no prompts and no answers, and goes away with the stack.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * Names under which the relay is reached, covered by `certificate`. The DNS records are yours to make.
   *
   * @default - only CloudFront's own name, *.cloudfront.net
   */
  readonly domainNames?: string[];

  /**
   * Certificate for `domainNames`, from us-east-1. Only with one can old versions of TLS be refused: with its own
   * certificate CloudFront accepts TLS 1.0.
   *
   * @default - CloudFront's own certificate
   */
  readonly certificate?: ICertificate;

  /**
   * The oldest TLS and weakest ciphers that are accepted, where there is a `certificate`: `TLS_V1_2_2021`,
   * `TLS_V1_2_2025` or `TLS_V1_3_2025`.
   *
   * @default SecurityPolicyProtocol.TLS_V1_2_2021
   */
  readonly minimumTls?: SecurityPolicyProtocol;

  /**
   * How strict the AWS WAF web ACL in front is, which AWS bills by the month; `false` for none. It is made in us-east-1,
   * whatever the stack's region.
   *
   * @default - {}, unless there is a `webAclArn`
   */
  readonly firewall?: RelayFirewall | false;

  /**
   * ARN of an AWS WAF web ACL of your own, of scope CLOUDFRONT, in place of `firewall`.
   *
   * @default - the one that `firewall` describes
   */
  readonly webAclArn?: string;
}
