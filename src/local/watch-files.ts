import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync, watch } from 'node:fs';
import type { FSWatcher, Stats } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from './local-chain-error.ts';

/** What is watched. */
export interface WatchFilesOptions {
  readonly folder: string;
  /**
   * Whether a change of this file counts, and whether a folder is entered: those that are not entered cost nothing.
   * Paths are relative to the folder, with `/` between their names.
   */
  counts(relativePath: string): boolean;
  /** How long nothing must have changed before it is told, in milliseconds. */
  readonly quietMs: number;
  /** Told the files whose contents have changed, or that have come or gone. */
  onChange(files: readonly string[]): void;
  /** Told in a sentence where a folder that has come cannot be watched. */
  onFault(sentence: string): void;
}

/** Files that are watched. */
export interface FileWatch {
  /** Watches no more. Idempotent. */
  close(): void;
}

/** Larger files are told apart by size and time. */
const maxHashedBytes = 10 * 1024 * 1024;

/** A file that was there at the beginning: its first change counts whatever it is. */
const unread = 'unread';
const absent = 'absent';

/**
 * Watches the files of a folder, folder by folder: Node's own recursive watching enters everything, `node_modules` too,
 * on Linux with a watch per file. What is written again as it was is no change: a build may write next to its sources.
 *
 * @throws LocalChainError with a sentence where the folder cannot be watched.
 */
export function watchFiles(options: WatchFilesOptions): FileWatch {
  const { folder, quietMs } = options;
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  const contents = new Map<string, string>();
  const touched = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const enter = (relativeFolder: string): void => {
    if (watchers.has(relativeFolder)) {
      return;
    }
    const watcher = watch(path.join(folder, relativeFolder), (_event, name) => {
      const changed = name === null ? relativeFolder : join(relativeFolder, name);
      if (changed !== '' && options.counts(changed)) {
        touch(changed);
      }
    });
    // A folder that is gone cannot be watched any more; that it is gone its parent says.
    watcher.on('error', () => leave(relativeFolder));
    watchers.set(relativeFolder, { watcher, identity: identityOf(statsOf(path.join(folder, relativeFolder))) });
    for (const entry of readdirSync(path.join(folder, relativeFolder), { withFileTypes: true })) {
      const child = join(relativeFolder, entry.name);
      if (!options.counts(child)) {
        continue;
      }
      if (entry.isDirectory()) {
        enter(child);
      } else if (!contents.has(child)) {
        contents.set(child, unread);
      }
    }
  };

  const leave = (relativeFolder: string): void => {
    for (const [name, { watcher }] of watchers) {
      if (name === relativeFolder || name.startsWith(`${relativeFolder}/`)) {
        watcher.close();
        watchers.delete(name);
      }
    }
  };

  const touch = (changed: string): void => {
    touched.add(changed);
    const stats = statsOf(path.join(folder, changed));
    const watched = watchers.get(changed);
    if (watched !== undefined && watched.identity !== identityOf(stats)) {
      leave(changed);
    }
    if (stats?.isDirectory() === true && !watchers.has(changed)) {
      enterNew(changed);
    }
    clearTimeout(timer);
    timer = setTimeout(settle, quietMs);
  };

  /** Whatever is in it has come with it. */
  const enterNew = (relativeFolder: string): void => {
    const known = new Set(contents.keys());
    try {
      enter(relativeFolder);
    } catch (error) {
      if (statsOf(path.join(folder, relativeFolder)) !== undefined) {
        options.onFault(describe(path.join(folder, relativeFolder), error));
      }
    }
    for (const file of contents.keys()) {
      if (!known.has(file)) {
        contents.set(file, absent);
        touched.add(file);
      }
    }
  };

  const settle = (): void => {
    const below = [...touched].flatMap((name) => [...contents.keys()].filter((file) => file.startsWith(`${name}/`)));
    const changed = [...new Set([...touched, ...below])].filter(hasChanged);
    touched.clear();
    if (changed.length > 0) {
      options.onChange(changed);
    }
  };

  const hasChanged = (file: string): boolean => {
    const before = contents.get(file) ?? absent;
    const now = read(path.join(folder, file));
    if (now === 'folder' || now === before) {
      return false;
    }
    contents.set(file, now);
    return true;
  };

  const close = (): void => {
    clearTimeout(timer);
    for (const { watcher } of watchers.values()) {
      watcher.close();
    }
    watchers.clear();
  };
  try {
    enter('');
  } catch (error) {
    close();
    throw new LocalChainError(describe(folder, error), { cause: error });
  }
  return { close };
}

function join(relativeFolder: string, name: string): string {
  const normal = name.split(path.sep).join('/');
  return relativeFolder === '' ? normal : `${relativeFolder}/${normal}`;
}

function statsOf(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch {
    // What was a folder is a file now, or is no more for us to see.
    return undefined;
  }
}

/** A folder that was removed and made again is another one, though it has the name and perhaps the number of the first. */
function identityOf(stats: Stats | undefined): string {
  return stats === undefined ? absent : `${stats.ino} ${stats.birthtimeMs}`;
}

function read(file: string): string {
  try {
    const stats = statsOf(file);
    if (stats === undefined) {
      return absent;
    }
    if (stats.isDirectory()) {
      return 'folder';
    }
    return stats.isFile() && stats.size <= maxHashedBytes
      ? createHash('sha256').update(readFileSync(file)).digest('base64')
      : `${stats.size} ${stats.mtimeMs}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describe(folder: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `"${folder}" cannot be watched: ${reason}`;
}
