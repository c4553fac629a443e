import { RelayError } from '../errors.ts';
import type { ProtocolName } from '../settings.ts';
import { listProtocols } from './default-protocols.ts';
import type { DefaultProtocolOptions } from './default-protocols.ts';
import type { LazyProtocol, OfferedProtocol } from './lazy-protocol.ts';
import type { DirectAnswer, Endpoint, Protocol } from './protocol.ts';

/** Takes some of the package's protocols, by their names and in the package's order. */
export function selectProtocols(
  names: readonly ProtocolName[],
  options?: DefaultProtocolOptions,
): readonly OfferedProtocol[] {
  return listProtocols(options).filter(({ name }) => names.some((selected) => selected === name));
}

/** A path that invokes the agent. */
export interface Route {
  readonly endpoint: Pick<Endpoint, 'path' | 'methods'>;
  /**
   * Loads the protocol that reads this path's requests, and writes the errors of those that could not be read. It is the
   * same one every time.
   *
   * @throws RelayError `internal_error` where it cannot be loaded.
   */
  load(): Promise<Protocol>;
  /**
   * Loads the protocol that writes the answer; without a name that is the path's own.
   *
   * @throws RelayError `invalid_response_format` where the relay has none of this name, `internal_error` where it cannot be
   *   loaded.
   */
  loadOutput(name: string | undefined): Promise<Protocol>;
}

/** Where requests go, by their path. */
export interface Routes {
  /** The path that invokes the agent; undefined where none is there. */
  find(path: string): Route | undefined;
  /**
   * What a protocol answers without the agent; undefined where none knows the path. Only a protocol that says that it may
   * know the path is loaded.
   *
   * @throws RelayError as the protocol does, and `internal_error` where it cannot be loaded.
   */
  answerDirectly(request: { readonly method: string; readonly path: string }): Promise<DirectAnswer | undefined>;
  /** Loads the protocol whose clients look at this path, to say an error to them; undefined where nobody does, or where it cannot be loaded. */
  loadWriter(path: string): Promise<Protocol | undefined>;
}

/** Creates the lookup for a relay's protocols. */
export function createRoutes(protocols: readonly OfferedProtocol[]): Routes {
  const loaders = protocols.map((protocol) => ({ protocol, load: createLoader(protocol) }));
  const routes = new Map<string, Route>();
  for (const { protocol, load } of loaders) {
    const { endpoint } = protocol;
    if (routes.has(endpoint.path)) continue;
    routes.set(endpoint.path, {
      endpoint,
      load,
      async loadOutput(name) {
        if (name === undefined) return load();
        const selected = loaders.find((candidate) => candidate.protocol.name === name);
        if (selected === undefined) {
          const names = protocols.map((candidate) => `"${candidate.name}"`).join(', ');
          throw new RelayError('invalid_response_format', {
            message: `"response" must be one of ${names}, got ${JSON.stringify(name.slice(0, 40))}`,
          });
        }
        return selected.load();
      },
    });
  }
  return {
    find: (path) => routes.get(path),
    async answerDirectly(request) {
      for (const { protocol, load } of loaders) {
        if (isLazy(protocol) && !mayAnswer(protocol, request.path)) continue;
        const answer = (await load()).answerDirectly?.(request);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
    async loadWriter(path) {
      const load = routes.get(path)?.load ?? loaders.find(({ protocol }) => knows(protocol, path))?.load;
      try {
        return await load?.();
      } catch {
        return undefined;
      }
    },
  };
}

/** Loads a protocol once. A failure is forgotten, so that the next request tries again. */
function createLoader(protocol: OfferedProtocol): () => Promise<Protocol> {
  if (!isLazy(protocol)) {
    const itself = Promise.resolve(protocol);
    return () => itself;
  }
  const begin = async (): Promise<Protocol> => protocol.load();
  let loading: Promise<Protocol> | undefined;
  return async () => {
    const current = (loading ??= begin());
    try {
      return await current;
    } catch (thrown) {
      if (loading === current) loading = undefined;
      throw new RelayError('internal_error', { cause: thrown });
    }
  };
}

function isLazy(protocol: OfferedProtocol): protocol is LazyProtocol {
  return 'load' in protocol;
}

function knows(protocol: OfferedProtocol, path: string): boolean {
  return isLazy(protocol)
    ? mayAnswer(protocol, path)
    : protocol.answerDirectly?.({ method: 'GET', path }) !== undefined;
}

function mayAnswer({ answersDirectly = [] }: LazyProtocol, path: string): boolean {
  return answersDirectly.some((known) => (known.endsWith('/') ? path.startsWith(known) : path === known));
}
