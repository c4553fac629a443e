/** Preloaded into a function's process that is measured: tells its parent, when asked, what the process has used. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What is asked: `usage` as it is, `held` after a garbage collection. */
export type ProbeQuestion = 'usage' | 'held';

/** What a process has used so far. */
export interface ProcessUsage {
  /** Processor time, user and system, of all threads, in microseconds. */
  readonly cpuMicroseconds: number;
  /** Memory that objects and buffers take now, in bytes. */
  readonly heapBytes: number;
  /**
   * Resident set now, in bytes. Not the largest one that the system knows of: a process inherits that of its parent (Linux,
   * `getrusage`).
   */
  readonly rssBytes: number;
}

process.on('message', (question: ProbeQuestion) => {
  if (question === 'held') collectGarbage();
  process.send?.(readUsage());
});
process.on('disconnect', () => process.exit());
// A listener keeps the channel open, and the channel the process; without one, it ends when Lambda's client does.
process.channel?.unref();

function readUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    cpuMicroseconds: user + system,
    heapBytes: heapUsed + external,
    rssBytes: rss,
  };
}

/** Twice: the bytes of buffers that one collection finds unused are only counted off by the next. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  setFlagsFromString('--no-expose-gc');
}
