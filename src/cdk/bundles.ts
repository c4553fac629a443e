import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What `npm run build` leaves in `dist/functions/<name>/`, and the file in it that is started. */
const entryFiles = {
  relay: 'index.mjs',
  'body-hash': 'index.mjs',
  'viewer-request': 'index.js',
  agent: 'main.mjs',
} as const;

/** The same place seen from `src/cdk/` and from `dist/cdk/`. */
const builtFunctions = new URL('../../dist/functions/', import.meta.url);

/** Something that is deployed as it was built. */
export interface Bundle {
  /** Absolute path of the directory. */
  readonly directory: string;
  /** Name of the file in it that is started. */
  readonly entryFile: string;
}

/**
 * Finds a built bundle.
 *
 * @throws Error that names the missing file and the command that makes it.
 */
export function findBundle(name: keyof typeof entryFiles, functions: URL = builtFunctions): Bundle {
  const directory = fileURLToPath(new URL(name, functions));
  const entryFile = entryFiles[name];
  if (!existsSync(`${directory}/${entryFile}`)) {
    throw new Error(
      `${directory}/${entryFile} does not exist; run "npm run build" in the agentcore-relay package first`,
    );
  }
  return { directory, entryFile };
}
