import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Waits for something that another process does and tells nobody. Gives up after ten seconds. */
export async function untilTrue(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) {
      return;
    }
    await wait(20);
  }
  throw new Error(`this did not come true in ten seconds: ${condition.toString()}`);
}

/** Waits until a process has ended. */
export async function untilGone(pid: number): Promise<void> {
  await untilTrue(() => processIsGone(pid));
}

/** Tells whether a process has ended; one that its parent has not collected yet counts as ended. */
export function processIsGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return /^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform === 'linux';
  }
}

/** The value once it has stayed the same for a quarter of a second. */
export async function untilStill(value: () => string): Promise<string> {
  let last = value();
  let sinceMs = performance.now();
  await untilTrue(() => {
    const current = value();
    if (current !== last) {
      last = current;
      sinceMs = performance.now();
    }
    return performance.now() - sinceMs > 250;
  });
  return last;
}
