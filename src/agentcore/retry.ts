import type { RelayErrorCode } from '../errors.ts';
import type { AgentAnswer } from '../relay/agent-runtime.ts';
import { describeAbort } from './errors.ts';
import type { AgentFailure } from './errors.ts';

/** One try: the agent's answer, or why there is none. */
export type Attempt = { readonly answer: AgentAnswer } | { readonly failure: AgentFailure };

/** What the loop needs of the world besides the network. */
export interface RetryOptions {
  /** Waits so many milliseconds and rejects when the signal aborts. Default: a timer. */
  readonly sleep?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Gives a number from 0 up to but not including 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * The only failures after which the agent cannot have begun. A 500, 502, 503, 504 or a cut may come from an agent that is
 * already at work: to ask again would run it, and pay for it, a second time.
 */
const isAgentUntouched: ReadonlySet<RelayErrorCode> = new Set<RelayErrorCode>([
  'agent_unreachable',
  'agent_busy',
  'agent_throttled',
]);

const maxTries = 3;

/** The wait before the second try is anything up to this; before the third, anything up to twice this. */
const baseDelayMs = 500;

/** Where AgentCore asks for a longer wait than this, the viewer is told so instead of being kept waiting. */
const longestRetryAfterSeconds = 3;

/**
 * Tries until there is an answer, at most three times, with exponential backoff and full jitter.
 *
 * @throws RelayError of the last failure; `cancelled` where the signal aborts between tries.
 */
export async function invokeWithRetries(
  attempt: () => Promise<Attempt>,
  signal: AbortSignal,
  options: RetryOptions = {},
): Promise<AgentAnswer> {
  const { sleep = sleepByTimer, random = Math.random } = options;
  for (let tries = 1; ; tries += 1) {
    if (signal.aborted) throw describeAbort(signal);
    const outcome = await attempt();
    if ('answer' in outcome) return outcome.answer;
    const { error, upstreamRetryAfterSeconds = 0, isFromAgent = false } = outcome.failure;
    if (
      tries === maxTries ||
      isFromAgent ||
      !isAgentUntouched.has(error.code) ||
      upstreamRetryAfterSeconds > longestRetryAfterSeconds
    ) {
      throw error;
    }
    const jitterMs = random() * baseDelayMs * 2 ** (tries - 1);
    try {
      await sleep(upstreamRetryAfterSeconds * 1_000 + jitterMs, signal);
    } catch (thrown) {
      if (signal.aborted) throw describeAbort(signal);
      throw thrown;
    }
  }
}

async function sleepByTimer(delayMs: number, signal: AbortSignal): Promise<void> {
  // Loaded here: the start has no need of it.
  await process.getBuiltinModule('node:timers/promises').setTimeout(delayMs, undefined, { signal });
}
