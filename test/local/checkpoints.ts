import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a function tells the test how far it is, and waits until the test lets it go on. */
export interface Checkpoints extends AsyncDisposable {
  /** What the function is told as `FIXTURE_URL`. */
  readonly url: string;
  /** Resolves when a function has come to the point. */
  reached(point: string): Promise<void>;
  /** How many functions have come to the point so far. */
  count(point: string): number;
  /** Lets every function go on that is at the point or comes to it. */
  release(point: string): void;
}

interface Point {
  count: number;
  readonly reached: PromiseWithResolvers<void>;
  readonly released: PromiseWithResolvers<void>;
}

/** Starts the server that functions ask. */
export async function openCheckpoints(): Promise<Checkpoints> {
  const points = new Map<string, Point>();
  const pointOf = (name: string): Point => {
    const point = points.get(name) ?? {
      count: 0,
      reached: Promise.withResolvers<void>(),
      released: Promise.withResolvers<void>(),
    };
    points.set(name, point);
    return point;
  };
  const server = createServer((request, response) => {
    const point = pointOf((request.url ?? '').slice(1));
    point.count += 1;
    point.reached.resolve();
    void point.released.promise.then(() => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: (name) => pointOf(name).reached.promise,
    count: (name) => pointOf(name).count,
    release: (name) => pointOf(name).released.resolve(),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
