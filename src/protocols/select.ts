import { RelayError } from '../errors.ts';
import { createAgUi } from './ag-ui.ts';
import { ndjson } from './ndjson.ts';
import { createOpenAiChat } from './openai-chat.ts';
import { createOpenAiResponses } from './openai-responses.ts';
import { original } from './original.ts';
import type { ProtocolName } from '../settings.ts';
import type { DirectAnswer, Endpoint, Protocol } from './protocol.ts';
import { transformed } from './transformed.ts';
import { createUiMessage } from './ui-message.ts';

/** The protocols that a relay has where the user names none. The first one of an endpoint is its default. */
export const defaultProtocols: readonly Protocol[] = [
  original,
  transformed,
  ndjson,
  createUiMessage(),
  createAgUi(),
  createOpenAiChat(),
  createOpenAiResponses(),
];

/** Takes some of the package's protocols, by their names and in the package's order. */
export function selectProtocols(names: readonly ProtocolName[]): readonly Protocol[] {
  return defaultProtocols.filter(({ name }) => names.some((selected) => selected === name));
}

/** A path that invokes the agent. */
export interface Route {
  readonly endpoint: Endpoint;
  /** Writes errors of requests that could not be read. */
  readonly protocol: Protocol;
  /**
   * Finds the protocol that writes the answer.
   *
   * @throws RelayError `invalid_response_format` where the relay has none of this name.
   */
  selectOutput(name: string | undefined): Protocol;
}

/** Where requests go, by their path. */
export interface Routes {
  /** The path that invokes the agent; undefined where none is there. */
  find(path: string): Route | undefined;
  /** What a protocol answers without the agent; undefined where none knows the path. */
  answerDirectly(request: { readonly method: string; readonly path: string }): DirectAnswer | undefined;
}

/** Creates the lookup for a relay's protocols. */
export function createRoutes(protocols: readonly Protocol[]): Routes {
  const routes = new Map<string, Route>();
  for (const protocol of protocols) {
    const { endpoint } = protocol;
    if (routes.has(endpoint.path)) continue;
    routes.set(endpoint.path, {
      endpoint,
      protocol,
      selectOutput(name) {
        if (name === undefined) return protocol;
        const selected = protocols.find((candidate) => candidate.name === name);
        if (selected === undefined) {
          const names = protocols.map((candidate) => `"${candidate.name}"`).join(', ');
          throw new RelayError('invalid_response_format', {
            message: `"response" must be one of ${names}, got ${JSON.stringify(name.slice(0, 40))}`,
          });
        }
        return selected;
      },
    });
  }
  return {
    find: (path) => routes.get(path),
    answerDirectly(request) {
      for (const protocol of protocols) {
        const answer = protocol.answerDirectly?.(request);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
}
