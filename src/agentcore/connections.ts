import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { http, https } from './builtin-http.ts';

/** Sockets to one host, kept for a moment after use. */
export interface Connections {
  /** The pool; to be given to each request. */
  readonly agent: Agent;
  /** Closes the sockets that have been idle for too long. To be called right before each request. */
  dropStale(): void;
}

/** How long a socket may have been idle and still be used, in milliseconds. */
const maxIdleMs = 4_000;

/**
 * Keeps sockets for reuse, but only for a very short time, by the clock and not by a timer.
 *
 * A Lambda environment is frozen between requests, and its timers with it. When it wakes, minutes later, its pool still
 * holds sockets that the server closed long ago; a request over one of them gets a reset. From this side that reset looks
 * like one in the middle of the agent's work, so it must not be tried again, and the viewer would get an error for
 * nothing. A socket that has been idle for longer than {@link maxIdleMs} is therefore closed before it can be chosen.
 * The time is well below the shortest idle timeout in use (5 s, the default of Node's own server).
 */
export function createConnections(options: { readonly isSecure: boolean; readonly now: () => number }): Connections {
  const { isSecure, now } = options;
  const agent = isSecure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
  const idleSince = new WeakMap<Duplex, number>();
  agent.on('free', (socket: Duplex) => idleSince.set(socket, now()));

  return {
    agent,
    dropStale() {
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) {
          const idleMs = now() - (idleSince.get(socket) ?? 0);
          // A clock that went back says nothing about the age of a socket.
          if (idleMs > maxIdleMs || idleMs < 0) socket.destroy();
        }
      }
    },
  };
}
