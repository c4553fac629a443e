import type { LogLine, RequestLine } from './request-line.ts';
import type { Notice, SecretKind } from './template/deployment.ts';

/** Where the parts of the chain listen. */
export interface LocalEndpoints {
  /** Where CloudFront listens, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Base URL of the local AgentCore; missing where the functions invoke no agent. */
  readonly agentCoreEndpoint?: string | undefined;
  /** Base URL of the local Secrets Manager; missing where there is no secret. */
  readonly secretsManagerEndpoint?: string | undefined;
}

/** The chain takes requests. */
export interface ReadyEvent extends LocalEndpoints {
  readonly type: 'ready';
  /** From the start of the process, in milliseconds. */
  readonly startMs: number;
  /** Who may call, such as `api-keys`; empty where the relay's environment says nothing of it. */
  readonly auth: readonly string[];
  /** The secrets that say who may call; in one that is empty is nobody. */
  readonly secrets: readonly { readonly kind: SecretKind; readonly isEmpty: boolean }[];
}

/** Something of the template that is not run here. */
export interface NoticeEvent extends Notice {
  readonly type: 'notice';
}

/** A response is over. */
export interface RequestEvent extends Omit<RequestLine, 'trace'> {
  readonly type: 'request';
}

/** A line of a log. */
export interface LogEvent extends LogLine {
  readonly type: 'log';
}

/** With `--watch`: new requests meet what was changed. AgentCore and Secrets Manager have other ports than before. */
export interface RebuiltEvent extends LocalEndpoints {
  readonly type: 'rebuilt';
  /** From the change that it began with, in milliseconds. */
  readonly durationMs: number;
  /** Some of what was changed, relative to the folder that is watched. */
  readonly changed: readonly string[];
}

/** Something went wrong: the command ends, or, after `ready`, goes on with what ran before. */
export interface ErrorEvent {
  readonly type: 'error';
  /** A sentence. */
  readonly message: string;
}

/** Everything has ended; the last event of a run that was ready. */
export interface StoppedEvent {
  readonly type: 'stopped';
}

/**
 * One line of what `agentcore-relay local --json` writes to its standard output, in JSON. A member without a value is left
 * out. There may be further members and further types in later versions.
 */
export type LocalEvent = ReadyEvent | NoticeEvent | RequestEvent | LogEvent | RebuiltEvent | ErrorEvent | StoppedEvent;
