/** The CDK construct. Needs `aws-cdk-lib` and `constructs`. */
export type { JwtAlgorithm } from './auth-settings.ts';
export { AgentRelay } from './cdk/agent-relay.ts';
export type { AgentRelayProps } from './cdk/agent-relay-props.ts';
export type { RelayFirewall } from './cdk/firewall.ts';
export type { ManagedRuleAction, ManagedRuleName, ManagedRules } from './cdk/managed-rules.ts';
export { RelayAuth } from './cdk/relay-auth.ts';
export type { RelayJwtOptions, RelaySecret, RelayTokenOptions } from './cdk/relay-auth.ts';
export type { RelayCors } from './cdk/relay-cors.ts';
