import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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
export const clients: ClientPackage = createClientPackage('.');

/** CopilotKit's runtime, which alone takes longer to install than all the others. */
export const copilotKit: ClientPackage = createClientPackage('copilotkit');

function createClientPackage(path: string): ClientPackage {
  const folder = fileURLToPath(new URL(path, import.meta.url)).replace(/\/$/u, '');
  return {
    folder,
    isInstalled() {
      const locked = readLock(`${folder}/package-lock.json`);
      // The "hidden lockfile", which npm writes last, when all is in its place (npm 11, docs of package-lock.json).
      const installed = readLock(`${folder}/node_modules/.package-lock.json`);
      if (locked === undefined || installed === undefined) return false;
      return Object.entries(locked).every(
        ([place, entry]) =>
          place === '' || entry.isOptional || (place in installed && installed[place]?.integrity === entry.integrity),
      );
    },
  };
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
