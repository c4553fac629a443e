import { peakMemoryBytes } from '../process/peak-memory.ts';

/** How often a process is looked at, in milliseconds. What it had in between counts as well: its peak is what is read. */
const intervalMs = 100;

const bytesPerMb = 1024 * 1024;

/** Looks at how much memory a process has had resident. */
export interface MemoryWatch {
  start(): void;
  /** Looks a last time. */
  stop(): void;
}

/**
 * Watches a process; `onExceeded` is told, once, how many MB it has had where that is more than `limitMb`. Nothing is
 * seen, and so nothing exceeded, where the system does not tell (other than Linux) or there is no process.
 */
export function watchMemory(
  pid: number | undefined,
  limitMb: number,
  onExceeded: (usedMb: number) => void,
): MemoryWatch {
  let timer: NodeJS.Timeout | undefined;
  let hasExceeded = false;
  function check(): void {
    const usedBytes = pid === undefined || hasExceeded ? 0 : (peakMemoryBytes(pid) ?? 0);
    if (usedBytes > limitMb * bytesPerMb) {
      hasExceeded = true;
      clearInterval(timer);
      onExceeded(Math.ceil(usedBytes / bytesPerMb));
    }
  }
  return {
    start: () => {
      clearInterval(timer);
      timer = setInterval(check, intervalMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      check();
    },
  };
}
