/** The agent behind the AWS SDK's client, for hosts with profiles and SSO. Needs `@aws-sdk/client-bedrock-agentcore`. */
export { createSdkAgentRuntime } from './agentcore/sdk.ts';
export type { SdkAgentRuntimeOptions } from './agentcore/sdk.ts';
