import { RelayError } from '../errors.ts';
import type { DirectAnswer } from '../protocols/protocol.ts';
import type { Route, Routes } from '../protocols/select.ts';
import type { RelayRequest } from './relay-request.ts';

/**
 * Answers what a browser asks by itself, without credentials, and what says nothing: its icon, and `OPTIONS`.
 *
 * @returns undefined where the caller must be known.
 */
export function answerAnybody({ method, path }: RelayRequest, route: Route | undefined): DirectAnswer | undefined {
  if (path === '/favicon.ico') return { status: 204, headers: { 'cache-control': 'public, max-age=86400' }, body: '' };
  if (method === 'OPTIONS' && route !== undefined)
    return { status: 204, headers: { allow: listMethods(route) }, body: '' };
  return undefined;
}

/**
 * Answers what must never run the agent: probes, a browser's attempt to resume a stream, and what a protocol's clients ask
 * besides. A protocol is loaded for nothing but the last.
 *
 * @returns undefined where the agent is meant, or nothing is there.
 * @throws RelayError `method_not_allowed`; `internal_error` where a protocol cannot be loaded.
 */
export async function answerWithoutAgent(
  { method, path, headers }: RelayRequest,
  route: Route | undefined,
  routes: Routes,
): Promise<DirectAnswer | undefined> {
  if (route === undefined) return routes.answerDirectly({ method, path });
  const { methods } = route.endpoint;
  const allow = listMethods(route);
  if (method === 'HEAD' && methods.includes('GET')) return { status: 200, headers: { allow }, body: '' };
  if (!methods.includes(method)) {
    throw new RelayError('method_not_allowed', {
      allow,
      message: `this path takes ${allow}, got ${method.slice(0, 20)}`,
    });
  }
  // An EventSource comes back with this header after every end; the answer 204 tells it to stay away (WHATWG HTML, 9.2).
  if (method === 'GET' && headers['last-event-id'] !== undefined) return { status: 204, headers: {}, body: '' };
  return undefined;
}

function listMethods({ endpoint: { methods } }: Route): string {
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}
