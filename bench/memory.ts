import { setTimeout as wait } from 'node:timers/promises';
import type { BenchAgent } from './agent.ts';
import { budgets } from './budgets.ts';
import { judge } from './comparison.ts';
import type { Verdict } from './comparison.ts';
import { sizeAnswer } from './converse-frames.ts';
import type { AnswerPlan } from './converse-frames.ts';
import type { FunctionProcess } from './function-process.ts';
import type { Subject } from './subjects.ts';
import { withFunctions } from './setting.ts';
import type { Setting } from './setting.ts';

/** The answers, and how slowly they are read. */
export interface MemorySettings {
  readonly shortBytes: number;
  readonly longBytes: number;
  /** Pace of the reader, in bytes of the agent's stream per second. */
  readonly bytesPerSecond: number;
}

/** What one function needed of memory. All sizes in bytes. */
export interface MemoryResult {
  readonly subject: Subject;
  /** What is held in the middle of the long answer, after a garbage collection: near its begin, and near its end. */
  readonly heldNearBegin: number;
  readonly heldNearEnd: number;
  /** Largest resident set, garbage included: of a process that has sent the short answer, then half and all of the long one. */
  readonly maxRssAfterShort: number;
  readonly maxRssAtHalf: number;
  readonly maxRssAfterLong: number;
  /** How far the agent was ahead of the reader at most: what the function and the sockets on both sides held. */
  readonly maxAhead: number;
  readonly heldVerdict: Verdict;
  readonly aheadVerdict: Verdict;
}

/** `openai-responses` holds what it sends, up to a limit of its own. */
const subjects = [
  'pipe',
  'original',
  'transformed',
  'ui-message',
  'ag-ui',
  'openai-chat',
] as const satisfies readonly Subject[];

/** Size of one event, in bytes; large, so that the reader is what takes the time. */
const eventBytes = 8_192;

/** How often the process and the agent are looked at, in milliseconds. */
const lookMs = 50;

/** A short and a long answer to a slow reader, for all subjects at the same time: the reader's pace bounds the load. */
export function measureMemory(setting: Setting, settings: MemorySettings): Promise<readonly MemoryResult[]> {
  return withFunctions(setting, subjects, (functions) =>
    Promise.all(functions.map(({ subject, running }) => measureSubject(setting.agent, subject, running, settings))),
  );
}

async function measureSubject(
  agent: BenchAgent,
  subject: Subject,
  running: FunctionProcess,
  { shortBytes, longBytes, bytesPerSecond }: MemorySettings,
): Promise<MemoryResult> {
  const planOf = (bytes: number): AnswerPlan => ({
    id: `memory-${subject}-${bytes}`,
    eventBytes,
    eventCount: Math.ceil(bytes / eventBytes),
    delivery: 'bulk',
  });
  const short = planOf(shortBytes);
  const long = planOf(longBytes);
  await running.invoke(short, createReader(bytesPerSecond, createProgress(subject, short), []));
  let { rssBytes: maxRss } = await running.ask('usage');
  const maxRssAfterShort = maxRss;

  let heldNearBegin = Number.NaN;
  let heldNearEnd = Number.NaN;
  let maxRssAtHalf = Number.NaN;
  const marks: readonly Mark[] = [
    {
      atBytes: shortBytes,
      async stop() {
        heldNearBegin = (await running.ask('held')).heapBytes;
      },
    },
    {
      atBytes: longBytes / 2,
      stop() {
        maxRssAtHalf = maxRss;
        return Promise.resolve();
      },
    },
    {
      atBytes: longBytes * 0.95,
      async stop() {
        heldNearEnd = (await running.ask('held')).heapBytes;
      },
    },
  ];
  const progress = createProgress(subject, long);
  const over = new AbortController();
  const answering = running.invoke(long, createReader(bytesPerSecond, progress, marks)).finally(() => over.abort());
  answering.catch(() => undefined);
  let maxAhead = 0;
  while (!over.signal.aborted) {
    // First what was sent: the other way round, what is read in between would count as ahead.
    const sentBytes = await agent.countSentBytes(long.id);
    maxAhead = Math.max(maxAhead, sentBytes - progress.readBytes);
    maxRss = Math.max(maxRss, (await running.ask('usage')).rssBytes);
    await wait(lookMs);
  }
  await answering;
  return {
    subject,
    heldNearBegin,
    heldNearEnd,
    maxRssAfterShort,
    maxRssAtHalf,
    maxRssAfterLong: maxRss,
    maxAhead,
    heldVerdict: judge(heldNearEnd - heldNearBegin, budgets.heldGrowthBytes),
    aheadVerdict: judge(maxAhead, budgets.aheadBytes),
  };
}

/** How much of an answer has been read, in bytes of the agent's stream. */
interface Progress {
  readonly readBytes: number;
  add(bodyBytes: number): void;
}

function createProgress(subject: Subject, plan: AnswerPlan): Progress {
  const { streamBytes, textBytes } = sizeAnswer(plan);
  // In the other formats an event of this size is as large as the agent's, but for a hundred bytes.
  const scale = subject === 'transformed' ? streamBytes / textBytes : 1;
  let bodyBytes = 0;
  return {
    get readBytes() {
      return bodyBytes * scale;
    },
    add(count) {
      bodyBytes += count;
    },
  };
}

/** A place in an answer where the reader stops for something. */
interface Mark {
  readonly atBytes: number;
  stop(): Promise<void>;
}

/** Reads at a pace, after each piece waiting until so many bytes are due, and stops at the marks. */
function createReader(
  bytesPerSecond: number,
  progress: Progress,
  marks: readonly Mark[],
): (byteCount: number) => Promise<void> | undefined {
  const startedAt = performance.now();
  const ahead = [...marks];
  return (byteCount) => {
    progress.add(byteCount);
    const [next] = ahead;
    if (next !== undefined && progress.readBytes >= next.atBytes) {
      ahead.shift();
      return next.stop();
    }
    const dueMs = (progress.readBytes / bytesPerSecond) * 1000;
    const earlyMs = dueMs - (performance.now() - startedAt);
    return earlyMs < 1 ? undefined : wait(earlyMs);
  };
}
