import { createRelay } from '../src/relay/relay.ts';
import type { RelayOptions } from '../src/relay/relay-options.ts';
import { anonymous } from '../src/identity/anonymous.ts';
import type { LogEntry, RelayRequest, RelayResponse } from '../src/relay/relay-request.ts';
import { deriveSession } from '../src/relay/session-id.ts';
import { loadedProtocols } from './loaded-protocols.ts';
import { createManualClock } from './manual-clock.ts';
import type { ManualClock } from './manual-clock.ts';
import { createScriptedAgent } from './scripted-agent.ts';
import type { ScriptedAgent } from './scripted-agent.ts';

/** A session id that AgentCore takes. */
export const sessionId = 'session-0123456789-0123456789-0123';

/** What AgentCore is called with for a conversation of nobody in particular. */
export const runtimeSessionOf = (ownId: string): string => deriveSession({ id: 'anonymous' }, ownId);

/** A relay whose agent, clock and viewer a test decides. */
export interface ScriptedRelay {
  readonly agent: ScriptedAgent;
  readonly clock: ManualClock;
  readonly entries: LogEntry[];
  readonly viewer: AbortController;
  /** Sends a request: by default `POST /` with `{"prompt":"hi"}`. */
  send(request?: Partial<RelayRequest> & { readonly json?: unknown }): Promise<RelayResponse>;
}

/**
 * Creates a relay in front of a scripted agent. Its ids are `made-…1`, `made-…2`, and so on. Its protocols are loaded, so that
 * nothing but the test decides when something happens.
 */
export function createScriptedRelay(options: Partial<RelayOptions> = {}): ScriptedRelay {
  const agent = createScriptedAgent();
  const clock = createManualClock();
  const entries: LogEntry[] = [];
  let idCount = 0;
  const relay = createRelay({
    agentRuntime: agent.runtime,
    authenticator: anonymous(),
    protocols: loadedProtocols,
    now: clock.now,
    setTimer: clock.setTimer,
    newId: () => `made-${String((idCount += 1)).padStart(32, '0')}`,
    log: (entry) => entries.push(entry),
    ...options,
  });
  const viewer = new AbortController();
  const send: ScriptedRelay['send'] = (request = {}) =>
    relay({
      method: 'POST',
      path: '/',
      query: '',
      headers: {},
      readBody: async () => new TextEncoder().encode(JSON.stringify(request.json ?? { prompt: 'hi' })),
      signal: viewer.signal,
      ...request,
    });
  return { agent, clock, entries, send, viewer };
}

/** Reads a response to its end. */
export async function readText(response: RelayResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads in the background, so that a test can look at what has come so far. */
export function follow(response: RelayResponse): { readonly text: string; readonly done: Promise<void> } {
  let text = '';
  const read = async () => {
    for await (const chunk of response.body) text += Buffer.from(chunk).toString('utf8');
  };
  const done = read();
  return {
    done,
    get text() {
      return text;
    },
  };
}

/** A piece of text, as Strands Python sends it. */
export const textFrame = (text: string): string =>
  `data: ${JSON.stringify({ event: { contentBlockDelta: { delta: { text }, contentBlockIndex: 0 } } })}\n\n`;
/** The beginning of a model call. */
export const start = 'data: {"event":{"messageStart":{"role":"assistant"}}}\n\n';
/** The end of a model call. */
export const stop = 'data: {"event":{"messageStop":{"stopReason":"end_turn"}}}\n\n';
