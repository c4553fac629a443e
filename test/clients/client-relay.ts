import { setImmediate as nextTurn } from 'node:timers/promises';
import { RelayError } from '../../src/errors.ts';
import { anonymous } from '../../src/identity/anonymous.ts';
import { isJsonObject, parseJson } from '../../src/json.ts';
import type { JsonObject } from '../../src/json.ts';
import type { AgentInvocation, AgentRuntime } from '../../src/relay/agent-runtime.ts';
import type { LogEntry, Relay, RelayRequest, RelayResponse } from '../../src/relay/relay-request.ts';
import { createRelay } from '../../src/relay/relay.ts';
import type { RelayOptions } from '../../src/relay/relay-options.ts';
import { defaultLimits } from '../../src/settings.ts';
import { createManualClock } from '../manual-clock.ts';
import type { ManualClock } from '../manual-clock.ts';
import { startWatchedNodeHttpServer } from '../watched-servers.ts';
import { keepAlivesPerSilence, scenarios, upstreamSecret } from './scenarios.ts';
import type { ExpectedAnswer, Scenario, ScenarioName } from './scenarios.ts';

/** What a relay for clients may be told: the agent's part, and all that a relay may. */
export interface ClientRelayOptions extends Partial<Omit<RelayOptions, 'agentRuntime' | 'now' | 'setTimer'>> {
  /** What the agent does, by name or written out. */
  readonly scenario: ScenarioName | Scenario;
  /** Most bytes of one chunk of the agent's; 1 makes every byte a chunk of its own. Default: a message is a chunk. */
  readonly split?: number | undefined;
}

/** One run of the agent. */
export interface RecordedInvocation {
  readonly runtimeSessionId: string;
  /** The agent's input. */
  readonly payload: JsonObject;
  /** The `prompt` of the input; undefined where it has none. */
  readonly prompt: string | undefined;
  /** Resolves when the relay has let go of the agent: when the answer is over, or when the viewer has left. */
  readonly released: Promise<void>;
}

/** One request of a client, and what it was given for it. */
export interface Exchange {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: string;
    readonly headers: RelayRequest['headers'];
    /** As text; empty where the relay did not read it. */
    readonly body: string;
  };
  readonly status: number;
  readonly headers: RelayResponse['headers'];
  /** What the relay has sent so far, as text. */
  readonly body: string;
  /** What the relay sent while the agent was silent: one text for each time. */
  readonly keepAlives: readonly string[];
  /** Resolves when the answer is over: sent whole, or the client has left before its end. */
  readonly ended: Promise<'sent' | 'left'>;
}

/** A relay that listens, in front of an agent that plays a scenario. Its clock stands still but for the agent's silences. */
export interface ClientRelay extends AsyncDisposable {
  /** Such as `http://127.0.0.1:54321`. */
  readonly origin: string;
  /** What a client must understand of the scenario. */
  readonly expected: ExpectedAnswer;
  /** The agent's runs. A client that tries again runs it again. */
  readonly invocations: readonly RecordedInvocation[];
  /** The raw tap: requests with their responses, in the order in which the responses began. */
  readonly exchanges: readonly Exchange[];
  /**
   * The only exchange.
   *
   * @throws Error where there was none, or more than one.
   */
  readonly exchange: Exchange;
  /** What the relay wrote to its log. */
  readonly entries: readonly LogEntry[];
  readonly clock: ManualClock;
}

/**
 * Starts a relay on the Node.js host for real clients. Time, and ids of the form
 * `00000000-0000-4000-8000-000000000001`, are the same in every run.
 *
 * @example
 * await using relay = await startClientRelay({ scenario: 'tools' });
 */
export async function startClientRelay(options: ClientRelayOptions): Promise<ClientRelay> {
  const { scenario: scenarioOrName, split, ...relayOptions } = options;
  const scenario: Scenario = typeof scenarioOrName === 'string' ? scenarios[scenarioOrName] : scenarioOrName;
  const { graceMs, keepAliveMs } = { ...defaultLimits, ...relayOptions.limits };
  const clock = createManualClock();
  const invocations: RecordedInvocation[] = [];
  const exchanges: Exchange[] = [];
  const entries: LogEntry[] = [];
  let idCount = 0;
  let isAgentSilent = false;

  async function beSilent(...durationsMs: readonly number[]): Promise<void> {
    isAgentSilent = true;
    for (const durationMs of durationsMs) await clock.advance(durationMs);
    isAgentSilent = false;
  }

  async function* play(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (const step of scenario.steps) {
      switch (step.type) {
        case 'say':
          for (const chunk of cut(step.bytes, split ?? step.bytes.byteLength)) {
            // Messages reach the client one by one: Node sends what is written in one turn as one packet.
            await nextTurn();
            if (signal.aborted) throw new RelayError('cancelled');
            yield chunk;
          }
          break;
        case 'be-silent':
          await beSilent(...Array.from({ length: keepAlivesPerSilence }, () => keepAliveMs));
          break;
        case 'wait-for':
          await Promise.race([step.go, untilAborted(signal)]);
          if (signal.aborted) throw new RelayError('cancelled');
          break;
        case 'wait-for-leave':
          await untilAborted(signal);
          throw new RelayError('cancelled');
        case 'break-off':
          throw new RelayError('agent_interrupted', { cause: new Error(`ECONNRESET by ${upstreamSecret}`) });
        default:
          step satisfies never;
      }
    }
  }

  const agentRuntime: AgentRuntime = {
    async invoke(invocation) {
      invocations.push(record(invocation));
      if (scenario.isLate === true) await beSilent(graceMs, keepAliveMs);
      if (scenario.refusal !== undefined) {
        throw new RelayError(scenario.refusal, {
          cause: new Error(`arn:aws:iam::${upstreamSecret}:role/relay was refused`),
          upstreamName: 'TestException',
          retryAfterSeconds: scenario.refusal === 'agent_throttled' ? 1 : undefined,
        });
      }
      return { contentType: scenario.contentType ?? 'text/event-stream', body: play(invocation.signal) };
    },
  };

  const relay = createRelay({
    authenticator: anonymous(),
    newId: () => `00000000-0000-4000-8000-${String((idCount += 1)).padStart(12, '0')}`,
    log: (entry) => entries.push(entry),
    ...relayOptions,
    agentRuntime,
    now: clock.now,
    setTimer: clock.setTimer,
  });

  const tapped: Relay = async (request) => {
    let requestBody = '';
    const response = await relay({
      ...request,
      async readBody(maxBytes) {
        const bytes = await request.readBody(maxBytes);
        requestBody = Buffer.from(bytes).toString('utf8');
        return bytes;
      },
    });
    const { method, path, query, headers } = request;
    const sent: Uint8Array[] = [];
    const keepAlives: string[] = [];
    const ended = Promise.withResolvers<'sent' | 'left'>();
    exchanges.push({
      request: { method, path, query, headers, body: requestBody },
      status: response.status,
      headers: response.headers,
      get body() {
        return Buffer.concat(sent).toString('utf8');
      },
      keepAlives,
      ended: ended.promise,
    });

    async function* tap(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const chunk of response.body) {
          sent.push(chunk);
          if (isAgentSilent) keepAlives.push(Buffer.from(chunk).toString('utf8'));
          yield chunk;
        }
        ended.resolve(request.signal.aborted ? 'left' : 'sent');
      } finally {
        ended.resolve('left');
      }
    }

    return { ...response, body: tap() };
  };

  const server = await startWatchedNodeHttpServer({ relay: tapped, port: 0 });
  return {
    origin: server.url,
    expected: scenario.expected,
    invocations,
    exchanges,
    get exchange() {
      const [only, ...others] = exchanges;
      if (only === undefined || others.length > 0) throw new Error(`there were ${exchanges.length} exchanges, not one`);
      return only;
    },
    entries,
    clock,
    [Symbol.asyncDispose]: () => server.close(0),
  };
}

function record({ runtimeSessionId, payload, signal }: AgentInvocation): RecordedInvocation {
  const input = parseJson(payload);
  if (!isJsonObject(input)) throw new Error(`the agent's input must be a JSON object, got ${payload}`);
  const { prompt } = input;
  return {
    runtimeSessionId,
    payload: input,
    prompt: typeof prompt === 'string' ? prompt : undefined,
    released: untilAborted(signal),
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size);
}
