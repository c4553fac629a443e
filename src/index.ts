/** The vocabulary that all parts share: what agents say, what goes wrong, what is bounded. */
export { RelayError, listErrorKinds } from './errors.ts';
export type { AgentErrorCode, CallerErrorCode, RelayErrorCode, RelayErrorOptions, RelayFaultCode } from './errors.ts';
export type { AgentEvent, AgentEventOf, Citation, ModelMetrics, StopReason, TokenUsage } from './events/agent-event.ts';
export { defaultLimits, environmentNames, protocolNames } from './settings.ts';
export type { AgentProtocol, ProtocolName, RelayLimits } from './settings.ts';
