import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as AiSdk7 from 'ai7';
import type * as OpenAi7 from 'openai7';
import { RelayError } from '../../src/errors.ts';
import { authenticator } from '../../src/identity/handler.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelayOptions } from './client-relay.ts';
import { loadClient, skipReason } from './installed.ts';
import { keys, letInKeys } from './key-store.ts';
import { createChatOpenAi, createCompatibleModel, createOpenAi } from './openai-chat-clients.ts';
import { createLangChain } from './openai-responses-clients.ts';

const skip = skipReason;

interface RefusedRequest {
  readonly apiKey: string | null;
  readonly relay: Omit<ClientRelayOptions, 'scenario'>;
  /** The class of `openai`. */
  readonly className: 'AuthenticationError' | 'PermissionDeniedError' | 'RateLimitError' | 'InternalServerError';
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

const refusedRequests: readonly RefusedRequest[] = [
  {
    apiKey: null,
    relay: { authenticator: letInKeys() },
    className: 'AuthenticationError',
    status: 401,
    type: 'invalid_request_error',
    code: 'unauthenticated',
    message: 'credentials are required',
  },
  {
    apiKey: keys.unknown,
    relay: { authenticator: letInKeys() },
    className: 'AuthenticationError',
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_credentials',
    message: 'the credentials are not valid',
  },
  {
    apiKey: keys.alice,
    relay: { authenticator: refuseAll('forbidden') },
    className: 'PermissionDeniedError',
    status: 403,
    type: 'invalid_request_error',
    code: 'forbidden',
    message: 'these credentials do not permit this',
  },
  {
    apiKey: keys.alice,
    relay: { authenticator: letInKeys(), limits: { maxStreams: 0 } },
    className: 'RateLimitError',
    status: 429,
    type: 'server_error',
    code: 'too_many_streams',
    message: 'too many answers are on their way at once; try again when one has ended',
  },
  {
    apiKey: keys.alice,
    relay: { authenticator: refuseAll('identity_unavailable') },
    className: 'InternalServerError',
    status: 503,
    type: 'server_error',
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
  },
];

function refuseAll(code: 'forbidden' | 'identity_unavailable') {
  return authenticator(() => {
    throw new RelayError(code, code === 'forbidden' ? {} : { retryAfterSeconds: 5 });
  });
}

/** Gives what a client throws for a request that it makes once. */
async function catchError(
  { apiKey, relay: options }: RefusedRequest,
  ask: (connection: { readonly origin: string; readonly apiKey: string | null; readonly maxRetries: 0 }) => unknown,
): Promise<Error & Record<string, unknown>> {
  await using relay = await startClientRelay({ scenario: 'text', ...options });
  let caught: unknown;
  try {
    await ask({ origin: relay.origin, apiKey, maxRetries: 0 });
  } catch (thrown) {
    caught = thrown;
  }
  assert.deepEqual([relay.exchanges.length, relay.invocations.length], [1, 0]);
  assert.ok(caught instanceof Error);
  return caught as Error & Record<string, unknown>;
}

const messages = [{ role: 'user', content: 'hi' }] as const;

for (const refused of refusedRequests) {
  const { className, status, type, code, message } = refused;
  const title = `${code}: ${refused.apiKey === null ? 'no key' : 'a key'}`;
  const expected = { status, type, code, param: null, error: { message, type, param: null, code } };

  describe(title, { skip, concurrency: true }, () => {
    for (const name of ['openai4', 'openai6', 'openai7'] as const) {
      const asks = {
        chat: async (client: OpenAi7.OpenAI) =>
          client.chat.completions.create({ model: 'agent', messages: [...messages], stream: true }),
        responses: async (client: OpenAi7.OpenAI) =>
          client.responses.create({ model: 'agent', input: 'hi', stream: true }),
      };
      for (const [api, ask] of Object.entries(asks)) {
        it(`is an ${className}, with the id of the request: ${name}, ${api}`, async () => {
          const { OpenAI } = await loadClient<typeof OpenAi7>(name);
          const error = await catchError(refused, async (connection) => ask(await createOpenAi(name, connection)));
          assert.ok(error instanceof OpenAI[className]);
          const { status, type, code, param, error: body, message: sentence } = error;
          const { request_id, requestID = request_id } = error as { request_id?: unknown; requestID?: unknown };
          assert.deepEqual(
            { status, type, code, param, error: body, sentence, requestID },
            {
              ...expected,
              sentence: `${status} ${message}`,
              requestID: '00000000-0000-4000-8000-000000000001',
            },
          );
        });
      }
    }

    for (const [api, create] of [
      ['chat', createChatOpenAi],
      ['responses', createLangChain],
    ] as const) {
      // It insists on a key.
      if (refused.apiKey === null) continue;
      it(`is what LangChain knows as its own kind of the same: ${api}`, async () => {
        const error = await catchError(refused, async (connection) => (await create(connection)).invoke('hi'));
        const { status, type, code, param, error: body, lc_error_code: kind } = error;
        assert.deepEqual(
          { className: error.constructor.name, status, type, code, param, error: body, kind },
          { className, ...expected, kind: { 401: 'MODEL_AUTHENTICATION', 429: 'MODEL_RATE_LIMIT' }[refused.status] },
        );
      });
    }

    it('is an APICallError of the AI SDK, which says whether to ask again', async () => {
      const { APICallError, generateText } = await loadClient<typeof AiSdk7>('ai7');
      const error = await catchError(refused, async (connection) =>
        generateText({ model: await createCompatibleModel(connection), prompt: 'hi', maxRetries: 0 }),
      );
      assert.ok(APICallError.isInstance(error));
      const { message: sentence, statusCode, isRetryable, data } = error;
      assert.deepEqual(
        { sentence, statusCode, isRetryable, data },
        {
          sentence: message,
          statusCode: status,
          isRetryable: status === 429 || status === 503,
          data: { error: expected.error },
        },
      );
    });
  });
}

describe('the list of models', { skip, concurrency: true }, () => {
  for (const name of ['openai4', 'openai6', 'openai7'] as const) {
    it(`is for callers who are known: ${name}`, async () => {
      const { OpenAI } = await loadClient<typeof OpenAi7>(name);
      await using relay = await startClientRelay({ scenario: 'text', authenticator: letInKeys() });
      const { origin } = relay;
      const list = async (apiKey: string | null) => (await createOpenAi(name, { origin, apiKey })).models.list();
      const { data } = await list(keys.alice);
      assert.deepEqual(
        data.map(({ id }) => id),
        ['agent'],
      );
      for (const apiKey of [null, keys.unknown]) {
        await assert.rejects(list(apiKey), OpenAI.AuthenticationError);
      }
      assert.deepEqual(
        relay.exchanges.map(({ request, status }) => [request.path, status]),
        [
          ['/v1/models', 200],
          ['/v1/models', 401],
          ['/v1/models', 401],
        ],
      );
    });
  }
});
