import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import type { Credentials } from '../../src/agentcore/environment-credentials.ts';
import type { RetryOptions } from '../../src/agentcore/retry.ts';
import { createSdkAgentRuntime } from '../../src/agentcore/sdk.ts';
import { createSignedAgentRuntime } from '../../src/agentcore/signed.ts';
import { listErrorKinds, RelayError } from '../../src/errors.ts';
import type { AgentAnswer, AgentInvocation, AgentRuntime } from '../../src/relay/agent-runtime.ts';
import { refuse, startAgentCoreServer, stream } from './agentcore-server.ts';
import type { AgentCoreServer, AgentScript } from './agentcore-server.ts';
import { readSignatures } from './signature.ts';

const agentRuntimeArn = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567';
const qualifier = 'DEFAULT';
const region = 'us-east-1';
const credentials: Credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEA==/+token',
};

const adapters: readonly {
  readonly name: string;
  create(endpoint: string, options?: RetryOptions & { readonly qualifier?: string }): AgentRuntime;
}[] = [
  {
    name: 'the signed adapter',
    create: (endpoint, { qualifier: otherQualifier = qualifier, ...options } = {}) =>
      createSignedAgentRuntime({
        settings: { agentRuntimeArn, qualifier: otherQualifier, region, endpoint },
        credentials: () => credentials,
        ...options,
      }),
  },
  {
    name: 'the SDK adapter',
    create: (endpoint, { qualifier: otherQualifier = qualifier, ...options } = {}) =>
      createSdkAgentRuntime({
        client: new BedrockAgentCoreClient({
          region,
          endpoint,
          credentials: { ...credentials, sessionToken: String(credentials.sessionToken) },
          maxAttempts: 1,
        }),
        agentRuntimeArn,
        qualifier: otherQualifier,
        ...options,
      }),
  },
];

for (const { name, create } of adapters) {
  describe(name, () => {
    test('sends the one request that AgentCore and the agent understand', async (t) => {
      const server = await serve(t, stream('data: 1\n\n'));
      const answer = await create(server.endpoint).invoke(invocation());
      assert.equal(await readAll(answer), 'data: 1\n\n');
      assert.equal(answer.contentType, 'text/event-stream');
      const [request] = server.requests;
      assert(request);
      assert.deepEqual(
        {
          line: request.line,
          headers: pick(request.headers, [
            'host',
            'accept',
            'content-type',
            'content-length',
            'transfer-encoding',
            'x-amzn-bedrock-agentcore-runtime-session-id',
            'traceparent',
            'tracestate',
            'x-amzn-trace-id',
            'x-amz-security-token',
            'x-amz-content-sha256',
          ]),
          body: request.body.toString('utf8'),
        },
        {
          line: 'POST /runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Fdemo-abc1234567/invocations?qualifier=DEFAULT HTTP/1.1',
          headers: {
            host: server.endpoint.slice('http://'.length),
            accept: 'text/event-stream, application/json',
            'content-type': 'application/json',
            'content-length': '31',
            'transfer-encoding': undefined,
            'x-amzn-bedrock-agentcore-runtime-session-id': 'session-0123456789-0123456789-0123456789',
            traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
            tracestate: 'vendor=a,  other=b',
            'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
            'x-amz-security-token': credentials.sessionToken,
            'x-amz-content-sha256': '6b8769344fa42b29ed6284c4d3e2a827bfdafa0be408efdc4a9ceff6180a8f72',
          },
          body: '{"prompt":"héllo 🌍 wörld"}',
        },
      );
    });

    test('signs so that AWS’s own signer comes to the same signature', async (t) => {
      const server = await serve(t, stream());
      await readAll(await create(server.endpoint, { qualifier: 'blue & green' }).invoke(invocation()));
      await readAll(await create(server.endpoint).invoke({ ...invocation(), trace: {} }));
      for (const request of server.requests) {
        const { sent, computed, signedHeaders } = await readSignatures(request, credentials);
        assert.match(sent, /^[0-9a-f]{64}$/u);
        assert.equal(sent, computed);
        for (const required of ['accept', 'content-type', 'host', 'x-amz-content-sha256', 'x-amz-security-token']) {
          assert(signedHeaders.includes(required), required);
        }
        assert(!signedHeaders.includes('x-amzn-trace-id'));
      }
      assert.equal(server.requests.length, 2);
    });

    test('says on whose behalf it calls, and signs that, only where it is told to', async (t) => {
      const server = await serve(t, stream());
      const runtimeUserId = 'jwt:https://issuer.example|alice';
      await readAll(await create(server.endpoint).invoke({ ...invocation(), runtimeUserId }));
      await readAll(await create(server.endpoint).invoke(invocation()));
      const header = 'x-amzn-bedrock-agentcore-runtime-user-id';
      assert.deepEqual(
        await Promise.all(
          server.requests.map(async (request) => {
            const { sent, computed, signedHeaders } = await readSignatures(request, credentials);
            return [request.headers[header], signedHeaders.includes(header), sent === computed];
          }),
        ),
        [
          [runtimeUserId, true, true],
          [undefined, false, true],
        ],
      );
    });

    test('leaves out the trace headers that the viewer did not send', async (t) => {
      const server = await serve(t, stream());
      await readAll(await create(server.endpoint).invoke({ ...invocation(), trace: {} }));
      const headers = server.requests[0]?.headers ?? {};
      assert.deepEqual(pick(headers, ['traceparent', 'tracestate', 'x-amzn-trace-id']), {
        traceparent: undefined,
        tracestate: undefined,
        'x-amzn-trace-id': undefined,
      });
    });

    for (const [status, sentName, code, retryAfterSeconds] of [
      [400, 'ValidationException', 'agent_refused', undefined],
      [400, 'ThrottlingException', 'agent_throttled', 1],
      [400, undefined, 'agent_refused', undefined],
      [401, undefined, 'agent_access_denied', undefined],
      [402, 'ServiceQuotaExceededException', 'agent_quota_exceeded', undefined],
      [403, 'AccessDeniedException', 'agent_access_denied', undefined],
      [403, 'UnrecognizedClientException', 'agent_access_denied', undefined],
      [403, 'InvalidSignatureException:http://internal.example/', 'agent_access_denied', undefined],
      [403, 'ExpiredTokenException', 'agent_access_denied', undefined],
      [403, undefined, 'agent_access_denied', undefined],
      [404, 'ResourceNotFoundException', 'agent_not_found', undefined],
      [404, undefined, 'agent_not_found', undefined],
      [409, 'RetryableConflictException', 'agent_busy', 1],
      [409, undefined, 'agent_busy', 1],
      [424, 'RuntimeClientError', 'agent_failed', undefined],
      [429, 'ThrottlingException', 'agent_throttled', 1],
      [429, undefined, 'agent_throttled', 1],
      [500, 'InternalServerException', 'agent_unavailable', undefined],
      [500, undefined, 'agent_unavailable', undefined],
      [502, undefined, 'agent_unavailable', undefined],
      [503, undefined, 'agent_unavailable', undefined],
      [504, undefined, 'agent_timeout', undefined],
      [507, 'SomethingNewException', 'agent_unavailable', undefined],
      [302, undefined, 'agent_unavailable', undefined],
    ] as const) {
      test(`reports ${status} ${sentName ?? 'without a name'} as ${code}, with none of its words`, async (t) => {
        const server = await serve(t, refuse(status, sentName));
        const error = await rejection(create(server.endpoint, instantly()).invoke(invocation()));
        assert.deepEqual(pick(error, ['code', 'message', 'upstreamName', 'retryAfterSeconds']), {
          code,
          message: sentenceOf(code),
          upstreamName: sentName?.split(':')[0],
          retryAfterSeconds,
        });
        assert.match(String(error.cause), /is broken/u);
      });
    }

    test('reads the name of the exception from the body where no header has it', async (t) => {
      const server = await serve(t, (response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end('{"__type":"com.amazonaws.bedrockagentcore#ResourceNotFoundException","message":"m"}');
      });
      const error = await rejection(create(server.endpoint).invoke(invocation()));
      assert.deepEqual([error.code, error.upstreamName], ['agent_not_found', 'ResourceNotFoundException']);
    });

    test('reports the status of an error page that is not JSON', async (t) => {
      const server = await serve(t, (response) => {
        response.writeHead(503, { 'content-type': 'text/html' });
        response.end('<html>Service Unavailable</html>');
      });
      const error = await rejection(create(server.endpoint).invoke(invocation()));
      assert.deepEqual([error.code, error.upstreamName], ['agent_unavailable', undefined]);
    });

    test('keeps no more than a piece of a long error text', async (t) => {
      const server = await serve(t, (response) => {
        response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' });
        response.end(JSON.stringify({ message: 'x'.repeat(50_000) }));
      });
      const error = await rejection(create(server.endpoint).invoke(invocation()));
      assert.equal(error.code, 'agent_refused');
      assert.equal(String(error.cause).length, 1_024);
    });

    test('tries again while the session is being made ready, and then answers', async (t) => {
      const conflict = refuse(409, 'RetryableConflictException');
      const server = await serve(t, conflict, conflict, stream('data: 1\n\n'));
      const delays: number[] = [];
      const answer = await create(server.endpoint, instantly(delays)).invoke(invocation());
      assert.equal(await readAll(answer), 'data: 1\n\n');
      assert.equal(server.requests.length, 3);
      assert.deepEqual(delays, [250, 500]);
    });

    test('gives up on a throttled call after three tries', async (t) => {
      const server = await serve(t, refuse(429, 'ThrottlingException'));
      const error = await rejection(create(server.endpoint, instantly()).invoke(invocation()));
      assert.equal(error.code, 'agent_throttled');
      assert.equal(server.requests.length, 3);
    });

    test('waits as long as AgentCore asks before it tries again', async (t) => {
      const server = await serve(t, refuse(429, 'ThrottlingException', { 'retry-after': '2' }), stream());
      const delays: number[] = [];
      await readAll(await create(server.endpoint, instantly(delays)).invoke(invocation()));
      assert.deepEqual(delays, [2_250]);
    });

    for (const [containerStatus, code] of [
      [409, 'agent_busy'],
      [429, 'agent_throttled'],
      [500, 'agent_failed'],
    ] as const) {
      test(`says ${code} for the agent's own ${containerStatus}, and does not ask it again`, async (t) => {
        const words = `Received error (${containerStatus}) from runtime. Please check your CloudWatch logs for more information.`;
        const server = await serve(t, (response) => {
          response.writeHead(424, { 'content-type': 'application/json', 'x-amzn-errortype': 'RuntimeClientError' });
          response.end(JSON.stringify({ message: words }));
        });
        const error = await rejection(create(server.endpoint, instantly()).invoke(invocation()));
        assert.deepEqual([error.code, error.message, server.requests.length], [code, sentenceOf(code), 1]);
      });
    }

    test('passes a long Retry-After on to the viewer instead of waiting for it', async (t) => {
      const server = await serve(t, refuse(429, 'ThrottlingException', { 'retry-after': '60' }));
      const error = await rejection(create(server.endpoint, instantly()).invoke(invocation()));
      assert.deepEqual([error.retryAfterSeconds, server.requests.length], [60, 1]);
    });

    for (const [status, errorName] of [
      [400, 'ValidationException'],
      [403, 'AccessDeniedException'],
      [404, 'ResourceNotFoundException'],
      [424, 'RuntimeClientError'],
      [500, 'InternalServerException'],
      [502, undefined],
      [503, undefined],
      [504, undefined],
    ] as const) {
      test(`never runs the agent a second time after ${status}`, async (t) => {
        const server = await serve(t, refuse(status, errorName));
        await rejection(create(server.endpoint, instantly()).invoke(invocation()));
        assert.equal(server.requests.length, 1);
      });
    }

    test('never runs the agent a second time after a reset', async (t) => {
      const server = await serve(t, (_, socket) => socket.resetAndDestroy());
      const error = await rejection(create(server.endpoint, instantly()).invoke(invocation()));
      assert.deepEqual(
        [error.code, error.upstreamName, server.requests.length],
        ['agent_interrupted', 'ECONNRESET', 1],
      );
    });

    test('tries a refused connection again, for nothing has reached the agent', async () => {
      const delays: number[] = [];
      const error = await rejection(create(await refusedEndpoint(), instantly(delays)).invoke(invocation()));
      assert.deepEqual(
        [error.code, error.upstreamName, error.message],
        ['agent_unreachable', 'ECONNREFUSED', sentenceOf('agent_unreachable')],
      );
      assert.equal(delays.length, 2);
    });

    test('tries a name that does not resolve again', async () => {
      const delays: number[] = [];
      const runtime = create('http://agentcore.invalid:1', instantly(delays));
      const error = await rejection(runtime.invoke(invocation()));
      assert.deepEqual([error.code, delays.length], ['agent_unreachable', 2]);
    });

    test('hands out what came before a cut, and then says that there was one', async (t) => {
      const { promise: mayCut, resolve: cut } = Promise.withResolvers<void>();
      const server = await serve(t, (response, socket) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        void mayCut.then(() => socket.destroy());
      });
      const answer = await create(server.endpoint).invoke(invocation());
      const iterator = answer.body[Symbol.asyncIterator]();
      assert.equal(text((await iterator.next()).value), 'data: 1\n\n');
      cut();
      const error = await rejection(iterator.next());
      assert.deepEqual([error.code, error.message], ['agent_interrupted', sentenceOf('agent_interrupted')]);
      assert.equal(server.requests.length, 1);
    });

    test('keeps the bytes of a cut that nobody had begun to read', async (t) => {
      const { promise: isCut, resolve: onCut } = Promise.withResolvers<void>();
      const server = await serve(t, (response, socket) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('x'.repeat(200_000), () => socket.end());
        socket.once('close', () => onCut());
      });
      const { body } = await create(server.endpoint).invoke(invocation());
      let length = 0;
      const error = await rejection(
        (async () => {
          for await (const chunk of body) {
            if (length === 0) await Promise.race([isCut, pause(50)]);
            length += chunk.byteLength;
          }
        })(),
      );
      assert.deepEqual([error.code, length], ['agent_interrupted', 200_000]);
    });

    test('closes the socket when the call is aborted before the headers', async (t) => {
      const { promise: arrived, resolve: onArrival } = Promise.withResolvers<void>();
      const server = await serve(t, () => onArrival());
      const controller = new AbortController();
      const answer = create(server.endpoint).invoke(invocation(controller.signal));
      const outcome = rejection(answer);
      await arrived;
      controller.abort(new Error('the viewer left'));
      assert.equal((await outcome).code, 'cancelled');
      await server.allClosed();
    });

    test('closes the socket when the call is aborted in the middle of the answer', async (t) => {
      const server = await serve(t, (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      });
      const controller = new AbortController();
      const { body } = await create(server.endpoint).invoke(invocation(controller.signal));
      const iterator = body[Symbol.asyncIterator]();
      await iterator.next();
      const outcome = rejection(iterator.next());
      controller.abort();
      assert.equal((await outcome).code, 'cancelled');
      await server.allClosed();
    });

    test('sends nothing when the call was aborted before it began', async (t) => {
      const server = await serve(t, stream());
      const error = await rejection(create(server.endpoint).invoke(invocation(AbortSignal.abort())));
      assert.equal(error.code, 'cancelled');
      assert.equal(server.requests.length, 0);
    });

    test('is cancelled at once while it waits for its next try', async (t) => {
      const server = await serve(t, refuse(409, 'RetryableConflictException'));
      const controller = new AbortController();
      const runtime = create(server.endpoint, {
        sleep: (_, signal) => {
          controller.abort();
          return Promise.reject(signal.reason as Error);
        },
      });
      const error = await rejection(runtime.invoke(invocation(controller.signal)));
      assert.deepEqual([error.code, server.requests.length], ['cancelled', 1]);
    });

    test('closes the socket when the reader stops early, also while it waits for more', async (t) => {
      const server = await serve(t, (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
      });
      const { body } = await create(server.endpoint).invoke(invocation());
      const iterator = body[Symbol.asyncIterator]();
      await iterator.next();
      const waiting = iterator.next();
      await iterator.return?.();
      assert.deepEqual(await waiting, { done: true, value: undefined });
      await server.allClosed();
    });

    test('stops reading from an agent whose answer nobody takes', async (t) => {
      const { promise: isFull, resolve: onFull } = Promise.withResolvers<void>();
      let sent = 0;
      const server = await serve(t, (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const piece = Buffer.alloc(65_536, 'x');
        const fill = (): void => {
          while (sent < 64 * 1_048_576) {
            sent += piece.length;
            if (!response.write(piece)) {
              const timer = setTimeout(onFull, 200);
              response.once('drain', () => {
                clearTimeout(timer);
                fill();
              });
              return;
            }
          }
          onFull();
        };
        fill();
      });
      const controller = new AbortController();
      await create(server.endpoint).invoke(invocation(controller.signal));
      await isFull;
      controller.abort();
      assert(sent < 32 * 1_048_576, `the server could send ${sent} bytes`);
    });

    test('leaves no listener on the signal, however the call ends', async (t) => {
      const server = await serve(
        t,
        stream('data: 1\n\n'),
        refuse(400, 'ValidationException'),
        (response) => {
          response.writeHead(200);
          response.write('data: 1\n\n');
        },
        (_, socket) => socket.destroy(),
      );
      const runtime = create(server.endpoint);
      const { signal } = new AbortController();
      await readAll(await runtime.invoke(invocation(signal)));
      await rejection(runtime.invoke(invocation(signal)));
      for await (const _ of (await runtime.invoke(invocation(signal))).body) break;
      await rejection(runtime.invoke(invocation(signal)));
      await server.close();
      // Node reports a socket as closed some turns after its data has ended.
      for (let turn = 0; turn < 100 && getEventListeners(signal, 'abort').length > 0; turn += 1) {
        await new Promise(setImmediate);
      }
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    });
  });
}

describe('the signed adapter alone', () => {
  const settings = { agentRuntimeArn, qualifier, region };

  test('uses a fresh socket again, and never one that was idle while a Lambda was frozen', async (t) => {
    const server = await serve(t, stream('data: 1\n\n'));
    let time = Date.parse('2026-11-22T12:00:00Z');
    const runtime = createSignedAgentRuntime({
      settings: { ...settings, endpoint: server.endpoint },
      credentials: () => credentials,
      now: () => time,
    });
    const connections: number[] = [];
    for (const advanceMs of [0, 3_900, 4_001, -1_000, 0]) {
      time += advanceMs;
      await readAll(await runtime.invoke(invocation()));
      connections.push(server.connectionCount());
      await new Promise(setImmediate);
    }
    assert.deepEqual(connections, [1, 1, 2, 3, 3]);
  });

  test('asks for the credentials anew for each try', async (t) => {
    const server = await serve(t, refuse(409), stream());
    let asked = 0;
    const runtime = createSignedAgentRuntime({
      settings: { ...settings, endpoint: server.endpoint },
      credentials: () => {
        asked += 1;
        return Promise.resolve({ ...credentials, accessKeyId: `AKID${asked}` });
      },
      ...instantly(),
    });
    await readAll(await runtime.invoke(invocation()));
    assert.deepEqual(
      server.requests.map(({ headers }) => /Credential=(\w+)/u.exec(String(headers.authorization))?.[1]),
      ['AKID1', 'AKID2'],
    );
  });

  test('hides what went wrong with the credentials', async (t) => {
    const server = await serve(t, stream());
    const runtime = createSignedAgentRuntime({
      settings: { ...settings, endpoint: server.endpoint },
      credentials: () => Promise.reject(new Error('profile acme-prod is broken')),
    });
    const error = await rejection(runtime.invoke(invocation()));
    assert.deepEqual([error.code, error.message], ['internal_error', sentenceOf('internal_error')]);
    assert.match(String(error.cause), /acme-prod/u);
  });

  test('gives up on a connection whose TLS handshake never ends', async (t) => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const delays: number[] = [];
    const runtime = createSignedAgentRuntime({
      settings: { ...settings, endpoint: `https://127.0.0.1:${port}` },
      credentials: () => credentials,
      connectTimeoutMs: 50,
      ...instantly(delays),
    });
    const error = await rejection(runtime.invoke(invocation()));
    assert.deepEqual([error.code, error.upstreamName, delays.length], ['agent_unreachable', 'ETIMEDOUT', 2]);
  });

  for (const endpoint of ['bedrock', 'ftp://example.com', '']) {
    test(`refuses "${endpoint}" as an endpoint before any request`, () => {
      assert.throws(
        () => createSignedAgentRuntime({ settings: { ...settings, endpoint }, credentials: () => credentials }),
        (error: RelayError) => error.code === 'internal_error' && String(error.cause).includes(`"${endpoint}"`),
      );
    });
  }

  test('keeps a path that the endpoint has', async (t) => {
    const server = await serve(t, stream());
    const runtime = createSignedAgentRuntime({
      settings: { ...settings, endpoint: `${server.endpoint}/proxy` },
      credentials: () => credentials,
    });
    await readAll(await runtime.invoke(invocation()));
    const [request] = server.requests;
    assert(request);
    assert.match(request.line, /^POST \/proxy\/runtimes\/arn%3A/u);
    const { sent, computed } = await readSignatures(request, credentials);
    assert.equal(sent, computed);
  });
});

describe('the SDK adapter alone', () => {
  test('refuses a client that would run the agent a second time by itself', async (t) => {
    const server = await serve(t, stream());
    const client = new BedrockAgentCoreClient({
      region,
      endpoint: server.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const runtime = createSdkAgentRuntime({ client, agentRuntimeArn, qualifier });
    const error = await rejection(runtime.invoke(invocation()));
    assert.equal(error.code, 'internal_error');
    assert.match(String(error.cause), /maxAttempts 3; it must be 1/u);
    assert.equal(server.requests.length, 0);
  });

  test('counts the client’s own connection timeout as never having reached the agent', async (t) => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1', 0);
    await once(silent, 'listening');
    t.after(() => silent.close());
    const runtime = createSdkAgentRuntime({
      client: new BedrockAgentCoreClient({
        region,
        // TEST-NET-1 (RFC 5737): no host answers there, and where the network says so at once that is the same error.
        endpoint: 'http://192.0.2.1:9',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
        maxAttempts: 1,
        requestHandler: { connectionTimeout: 50 },
      }),
      agentRuntimeArn,
      qualifier,
      ...instantly(),
    });
    const error = await rejection(runtime.invoke(invocation()));
    assert.equal(error.code, 'agent_unreachable');
  });
});

function invocation(signal: AbortSignal = new AbortController().signal): AgentInvocation {
  return {
    runtimeSessionId: 'session-0123456789-0123456789-0123456789',
    payload: '{"prompt":"héllo 🌍 wörld"}',
    trace: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=a,  other=b',
      amznTraceId: 'Root=1-5759e988-bd862e3fe1be46a994272793',
    },
    signal,
  };
}

async function serve(t: TestContext, ...scripts: readonly AgentScript[]): Promise<AgentCoreServer> {
  const server = await startAgentCoreServer(...scripts);
  t.after(() => server.close());
  return server;
}

/** Retries without waiting, the delays written down, the jitter at its middle. */
function instantly(delays: number[] = []): RetryOptions {
  return {
    random: () => 0.5,
    sleep: (delayMs) => {
      delays.push(delayMs);
      return Promise.resolve();
    },
  };
}

async function readAll({ body }: AgentAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function rejection(promise: Promise<unknown>): Promise<RelayError> {
  const thrown: unknown = await promise.then(
    () => 'it did not reject',
    (reason: unknown) => reason,
  );
  assert(thrown instanceof RelayError, String(thrown));
  return thrown;
}

async function refusedEndpoint(): Promise<string> {
  const server = await startAgentCoreServer();
  await server.close();
  return server.endpoint;
}

function sentenceOf(code: string): string {
  return listErrorKinds().find((kind) => kind.code === code)?.message ?? '';
}

function pick(value: object, names: readonly string[]): Record<string, unknown> {
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}

function text(chunk: Uint8Array | undefined): string {
  return Buffer.from(chunk ?? []).toString('utf8');
}

async function pause(delayMs: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
