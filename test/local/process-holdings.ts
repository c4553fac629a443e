/** What processes hold, as Linux tells it. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** The processes that a process has started and that have not ended, by their ids. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => {
      const [, state, parentId] = /\) (\S) (\d+) /u.exec(read(`/proc/${pid}/stat`)) ?? [];
      return Number(parentId) === parent && state !== 'Z';
    });
}

/** A process's command line; one empty text where it is gone. */
export function commandOf(pid: number): readonly string[] {
  return read(`/proc/${pid}/cmdline`).split('\0');
}

/** How much memory a process has, in bytes; 0 where it is gone. */
export function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** Empty where the process is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The kinds of what this process has open, such as `socket`. */
export function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').map((name) => linkOf(`/proc/self/fd/${name}`).split(':')[0] ?? '');
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return 'gone';
  }
}

/** What is still there after two seconds. */
export async function untilNone(look: () => readonly string[]): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && look().length > 0; tries += 1) {
    await wait(20);
  }
  return look();
}

/** What is in a list once more than in another. */
export function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return all.filter((item) => {
    const at = rest.indexOf(item);
    return at === -1 || rest.splice(at, 1).length === 0;
  });
}
