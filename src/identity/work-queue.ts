import { RelayError } from '../errors.ts';

/** Does costly work, some of it at once. */
export interface WorkQueue {
  /**
   * Does it when its turn comes.
   *
   * @throws RelayError `identity_unavailable` where too many wait already; else whatever the work throws.
   */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Creates a queue of which `maxAtOnce` are at work and `maxWaiting` wait. */
export function createWorkQueue(maxAtOnce: number, maxWaiting: number): WorkQueue {
  const waiting: (() => void)[] = [];
  let atWork = 0;
  return {
    async run(work) {
      if (atWork === maxAtOnce) {
        if (waiting.length === maxWaiting) {
          throw new RelayError('identity_unavailable', {
            cause: `${maxWaiting} callers wait for their password to be checked`,
            retryAfterSeconds: 2,
          });
        }
        // Whoever ends hands its place over: `atWork` stays.
        await new Promise<void>((resolve) => void waiting.push(resolve));
      } else {
        atWork += 1;
      }
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) atWork -= 1;
        else next();
      }
    },
  };
}
