/**
 * The local chain: runs on this machine what a cloud assembly deploys.
 *
 * @module
 */
export type { LocalAgent } from './local/agent-hosting.ts';
export { startLocalChain } from './local/local-chain.ts';
export type { LocalChain } from './local/local-chain.ts';
export type { HarEntry } from './local/har.ts';
export type { HopName, HopOutcome, HopTrace, TracedChunk, TracedHeader } from './local/hop-trace.ts';
export type {
  ErrorEvent,
  LocalEndpoints,
  LocalEvent,
  LogEvent,
  NoticeEvent,
  ReadyEvent,
  RebuiltEvent,
  RequestEvent,
  StoppedEvent,
} from './local/local-event.ts';
export type { LocalChainOptions } from './local/local-chain-options.ts';
export { LocalChainError } from './local/local-chain-error.ts';
export type { HopRecord, LogLine, RequestLine, ResponseEnding } from './local/request-line.ts';
