/** The CDK construct. Needs `aws-cdk-lib` and `constructs`. */
export { AgentRelay } from './cdk/agent-relay.ts';
export type { AgentRelayProps } from './cdk/agent-relay.ts';
