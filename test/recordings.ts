import { readFileSync } from 'node:fs';

/** A recorded answer of a real agent; see `test/fixtures/agent-streams/README.md`. */
export interface Recording {
  readonly name: string;
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

interface ManifestEntry {
  readonly name: string;
  readonly file: string;
  readonly status: number;
  readonly contentType: string;
}

const folder = new URL('fixtures/agent-streams/', import.meta.url);

/** All recordings, in the order of the manifest. */
export const recordings: readonly Recording[] = (
  JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as readonly ManifestEntry[]
).map(({ name, file, status, contentType }) => ({
  name,
  status,
  contentType,
  bytes: readFileSync(new URL(file, folder)),
}));

/** The recordings that the relay translates: AgentCore turns any other status into an error of its own. */
export const answers: readonly Recording[] = recordings.filter(({ status }) => status === 200);
