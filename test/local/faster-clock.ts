import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A clock for the relay's processes and for the chain that runs them, so that both agree on when a request was signed. */
export interface FasterClock {
  /** Put into the relay's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, as the relay counts them. */
  now(): number;
}

/**
 * Makes time run faster in the relay: its timers fire so many times sooner, and its clock agrees with them. Lambda's
 * timeout runs on the real clock, and so the function has the less of it left the longer the test takes.
 */
export function createFasterClock(factor: number): FasterClock {
  const folder = mkdtempSync(path.join(tmpdir(), 'faster-clock-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const module = path.join(folder, 'clock.mjs');
  const begun = Date.now();
  writeFileSync(
    module,
    `const { now } = Date;
     const { setTimeout } = globalThis;
     Date.now = () => ${begun} + Math.floor((now() - ${begun}) * ${factor});
     globalThis.setTimeout = (callback, ms = 0, ...rest) => setTimeout(callback, ms / ${factor}, ...rest);`,
  );
  return {
    environment: { NODE_OPTIONS: `--import=${pathToFileURL(module).href}` },
    now: () => begun + (Date.now() - begun) * factor,
  };
}
