import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Folders for assemblies that are there only for as long as they run. */
export interface TemporaryAssemblies {
  /** Makes a folder beside the assembly, `<assembly>.watch-…`. */
  make(): string;
  /** Removes a folder of these; any other stays. */
  remove(folder: string): void;
  /** Removes what is left of them. */
  removeAll(): void;
}

/** Keeps account of the folders beside an assembly. They go at the latest when this process ends by itself. */
export function createTemporaryAssemblies(assembly: string): TemporaryAssemblies {
  const folders = new Set<string>();
  const remove = (folder: string): void => {
    if (folders.delete(folder)) {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const removeAll = (): void => {
    for (const folder of folders) {
      remove(folder);
    }
    process.off('exit', removeAll);
  };
  return {
    make: () => {
      const folder = mkdtempSync(`${path.resolve(assembly)}.watch-`);
      if (folders.size === 0) {
        process.on('exit', removeAll);
      }
      folders.add(folder);
      return folder;
    },
    remove,
    removeAll,
  };
}
