import { readFileSync } from 'node:fs';

/**
 * The most memory that a process has had resident since its start, in bytes, what it has freed since then included.
 * Undefined where it cannot be told: it has ended, or this is not Linux.
 */
export function peakMemoryBytes(pid: number): number | undefined {
  const status = statusOf(pid);
  const kibibytes = /^VmHWM:\s*(\d+) kB$/mu.exec(status ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function statusOf(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? readFileSync(`/proc/${pid}/status`, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
