import { RelayError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { RelayLimits } from '../settings.ts';

/** Counts the answers that are under way, in this process. */
export interface StreamQuota {
  /**
   * Counts one more.
   *
   * @returns What ends it; to call it again does nothing.
   * @throws RelayError `too_many_streams`.
   */
  begin(principal: Principal): () => void;
  /** How many principals it knows: those who have an answer under way, and are not anonymous. */
  readonly principals: number;
}

/** Every answer takes some time, so that there is no sense in asking again at once. */
const retryAfterSeconds = 5;

/** Creates a quota. All anonymous callers are one principal, so that only `maxStreams` bounds them. */
export function createStreamQuota({
  maxStreams,
  maxStreamsPerPrincipal,
}: Pick<RelayLimits, 'maxStreams' | 'maxStreamsPerPrincipal'>): StreamQuota {
  let streams = 0;
  const streamsOf = new Map<string, number>();

  function endOne(id: string | undefined): void {
    streams -= 1;
    if (id === undefined) return;
    const own = streamsOf.get(id) ?? 0;
    if (own > 1) streamsOf.set(id, own - 1);
    else streamsOf.delete(id);
  }

  return {
    begin({ id, isAnonymous = false }) {
      const countedId = isAnonymous ? undefined : id;
      const own = countedId === undefined ? 0 : (streamsOf.get(countedId) ?? 0);
      if (countedId !== undefined && own >= maxStreamsPerPrincipal) {
        throw new RelayError('too_many_streams', {
          message: `as many answers to you as are allowed, ${own}, are on their way; try again when one has ended`,
          retryAfterSeconds,
        });
      }
      if (streams >= maxStreams) throw new RelayError('too_many_streams', { retryAfterSeconds });
      streams += 1;
      if (countedId !== undefined) streamsOf.set(countedId, own + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        endOne(countedId);
      };
    },
    get principals() {
      return streamsOf.size;
    },
  };
}
