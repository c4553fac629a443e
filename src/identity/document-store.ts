import { createRefreshed } from './refreshed.ts';
import type { Refreshed } from './refreshed.ts';
import { unavailable } from './unavailable.ts';

/** A document of hashes that can be read again and again. */
export interface OpenStore {
  /** Reads the whole text. Must settle within seconds; rejects where it cannot be read. */
  read(): Promise<string>;
}

/** What keeping a document needs of the world. */
export interface KeptDocumentOptions {
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Is told of each time that the document could not be read. Default: nobody is. */
  readonly report?: ((fault: unknown) => void) | undefined;
}

/**
 * Reads a document now, and again when it may have changed. A key that is taken back is good for one more minute in a process
 * that is in use, for five in one that sleeps between two requests, and for an hour where the store cannot be read.
 *
 * @throws RelayError `identity_unavailable`, from `get` and `reload`, where the store cannot be read or the document is wrong.
 */
export function keepDocument<Value>(
  what: string,
  store: OpenStore,
  parse: (text: string) => Value,
  { now = Date.now, report = () => {} }: KeptDocumentOptions,
): Refreshed<Value> {
  const document = createRefreshed<Value>({
    async load() {
      try {
        return parse(await store.read());
      } catch (thrown) {
        throw unavailable(what, thrown);
      }
    },
    freshMs: 60_000,
    staleMs: 300_000,
    usableMs: 3_600_000,
    retryMs: 2_000,
    reloadMs: 10_000,
    now,
    report,
  });
  document.get().catch(() => {});
  return document;
}
