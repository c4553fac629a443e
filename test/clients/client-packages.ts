import { readFileSync } from 'node:fs';
import { isJsonObject, parseJson } from '../../src/json.ts';
import type { JsonObject } from '../../src/json.ts';

/** What installs all of the clients. */
export const installCommand = 'npm run clients:install';

/** An npm package of its own, with a lock, that holds clients and nothing else. */
export interface ClientPackage {
  /** Absolute path, without a trailing slash. */
  readonly folder: string;
  /** Whether `node_modules` holds what the lock names. */
  isInstalled(): boolean;
}

/** The clients of all protocols. */
export const clients: ClientPackage = createClientPackage(import.meta.dirname);

/** CopilotKit's runtime, which alone takes longer to install than all the others. */
export const copilotKit: ClientPackage = createClientPackage(`${import.meta.dirname}/copilotkit`);

/** Creates the package of a folder. */
export function createClientPackage(folder: string): ClientPackage {
  return {
    folder,
    isInstalled() {
      const locked = readLock(`${folder}/package-lock.json`);
      // The "hidden lockfile", which npm writes last, when all is in its place (npm 11, docs of package-lock.json).
      const installed = readLock(`${folder}/node_modules/.package-lock.json`);
      if (locked === undefined || installed === undefined) return false;
      return Object.entries(locked).every(
        ([place, { integrity, isOptional }]) =>
          place === '' || isOptional || (place in installed && installed[place]?.integrity === integrity),
      );
    },
  };
}

/**
 * For the `skip` option of `node:test`: a sentence where the package is not installed. Where `CI` is set it is false
 * nonetheless, so that the tests fail.
 */
export function explainSkip({ isInstalled }: ClientPackage): string | false {
  return isInstalled() || (process.env['CI'] ?? '') !== ''
    ? false
    : `skipped: the clients are not installed, or not as their lock says; run ${installCommand}`;
}

interface LockEntry {
  readonly integrity: unknown;
  readonly isOptional: boolean;
}

/** The packages of a lock by their place; undefined where there is no such file. */
function readLock(file: string): Readonly<Record<string, LockEntry>> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const lock = parseJson(text);
  const packages: JsonObject = isJsonObject(lock) && isJsonObject(lock['packages']) ? lock['packages'] : {};
  return Object.fromEntries(
    Object.entries(packages)
      .filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]))
      .map(([place, { integrity, optional }]) => [place, { integrity, isOptional: optional === true }]),
  );
}
