import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AccessDeniedException, StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import type { InvokeAgentRuntimeCommandInput } from '@aws-sdk/client-bedrock-agentcore';
import { ServiceError } from '../../src/local/aws-service/service-error.ts';
import type { Access } from '../../src/local/iam/service-caller.ts';
import { onlyCaller } from '../service-callers.ts';
import {
  agentRuntimeArn,
  clientOf,
  credentials,
  invocation,
  json,
  post,
  sessionId,
  start,
  textOf,
} from './agentcore-harness.ts';
import { untilStill, untilTrue } from './until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'agentcore-'));
after(() => rmSync(scratch, { recursive: true }));

describe("the agent's answer", () => {
  it("comes through the AWS SDK's own client, as it is produced", async (t) => {
    const { client, lines } = await start(t);
    const release = join(scratch, 'release');
    const output = await client.send(invocation({ prompt: 'two steps', file: release }, { traceId: 'Root=1-2' }));
    const chunks: string[] = [];
    for await (const chunk of output.response as AsyncIterable<Buffer>) {
      chunks.push(chunk.toString());
      writeFileSync(release, '');
    }
    assert.deepEqual(chunks, ['data: 1\n\n', 'data: 2\n\n']);
    const { $metadata, contentType, runtimeSessionId, statusCode, traceId } = output;
    assert.deepEqual(
      { contentType, runtimeSessionId, statusCode, traceId, attempts: $metadata.attempts },
      {
        contentType: 'text/event-stream',
        runtimeSessionId: sessionId,
        statusCode: 200,
        traceId: 'Root=1-2',
        attempts: 1,
      },
    );
    assert.match($metadata.requestId ?? '', /^[0-9a-f-]{36}$/u);
    const [line] = lines;
    assert.deepEqual(
      { ...line, coldStartMs: typeof line?.coldStartMs, firstByteMs: typeof line?.firstByteMs },
      { traceId: 'Root=1-2', runtimeSessionId: sessionId, status: 200, coldStartMs: 'number', firstByteMs: 'number' },
    );
    assert.ok(line !== undefined && line.coldStartMs !== undefined && line.firstByteMs >= line.coldStartMs);
  });

  it("holds the service's headers, none of the agent's own, and the session that the service made", async (t) => {
    const { agentCore } = await start(t);
    const { date: _date, ...headers } = await post(agentCore, { prompt: 'who' });
    const {
      'x-amzn-requestid': requestId,
      'x-amzn-trace-id': traceId,
      'x-amzn-bedrock-agentcore-runtime-session-id': runtimeSessionId,
      ...rest
    } = headers;
    assert.match(`${requestId} ${runtimeSessionId}`, /^[0-9a-f-]{36} [0-9a-f-]{36}$/u);
    assert.match(String(traceId), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/u);
    assert.deepEqual(rest, {
      'content-type': 'application/json',
      'mcp-session-id': 'm-1',
      'transfer-encoding': 'chunked',
      connection: 'keep-alive',
    });
  });

  it('may be empty', async (t) => {
    const { client, lines } = await start(t);
    const output = await client.send(invocation({ prompt: 'empty' }));
    assert.deepEqual([output.statusCode, await textOf(output)], [204, '']);
    assert.deepEqual(
      lines.map(({ status }) => status),
      [204],
    );
  });

  it('is cut, not ended, where the agent dies in the middle; the next one comes from a fresh process', async (t) => {
    const { client } = await start(t);
    const output = await client.send(invocation({ prompt: 'die in the middle' }));
    let read = '';
    await assert.rejects(
      async () => {
        for await (const chunk of output.response as AsyncIterable<Buffer>) {
          read += chunk.toString();
        }
      },
      { code: 'ECONNRESET' },
    );
    assert.equal(read, 'data: 1\n\n');
    const { invocations } = await json(client, { prompt: 'who' });
    assert.equal(invocations, 1);
  });

  it('waits for a slow caller: the agent writes no more than the sockets hold', async (t) => {
    const { client } = await start(t);
    const file = join(scratch, 'flood');
    const output = await client.send(invocation({ prompt: 'flood', file, count: 800 }));
    const iterator = (output.response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    let length = (await iterator.next()).value?.length ?? 0;
    let written = '';
    // It may be read while it is being written.
    const stalledAt = await untilStill(() => (written = readFileSync(file, 'utf8') || written));
    assert.match(stalledAt, /^\d+ waiting$/u);
    assert.ok(Number.parseInt(stalledAt, 10) < 500, `it wrote ${stalledAt} of 800 chunks unread`);
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      length += step.value.length;
    }
    assert.equal(length, 800 * 65_536);
  });

  for (const prompt of ['wait for the caller to leave', 'say nothing until the caller leaves']) {
    it(`ends the agent's connection where the caller leaves: ${prompt}`, async (t) => {
      const { client } = await start(t);
      await json(client, { prompt: 'who' });
      const file = join(scratch, prompt);
      const abort = new AbortController();
      const sent = client.send(invocation({ prompt, file }), { abortSignal: abort.signal });
      if (prompt.startsWith('wait')) {
        const output = await sent;
        (output.response as NodeJS.ReadableStream).on('error', () => undefined);
        abort.abort();
        await untilTrue(() => existsSync(file) && readFileSync(file, 'utf8') === 'false');
      } else {
        const rejected = assert.rejects(sent, { name: 'AbortError' });
        await untilTrue(() => existsSync(file));
        abort.abort();
        await rejected;
        await untilTrue(() => readFileSync(file, 'utf8') === 'left');
      }
    });
  }
});

describe('the request that the agent gets', () => {
  it("has the service's headers and the payload, nothing of the signature", async (t) => {
    const { client } = await start(t, { headerAllowlist: ['X-Custom'] });
    client.middlewareStack.add(
      (next) => (values) => {
        (values.request as { headers: Record<string, string> }).headers['x-custom'] = 'allowed';
        (values.request as { headers: Record<string, string> }).headers['x-other'] = 'not allowed';
        return next(values);
      },
      { step: 'build' },
    );
    const payload = { prompt: 'request', text: 'h\u00e9' };
    const seen = await json(client, payload, {
      runtimeUserId: 'u1',
      traceParent: '00-p',
      baggage: 'k=v',
      traceId: 'Root=1-2',
    });
    const {
      host,
      connection,
      'x-amzn-bedrock-agentcore-runtime-request-id': requestId,
      ...headers
    } = seen['headers'] as Record<string, string>;
    assert.match(`${host} ${connection} ${requestId}`, /^127\.0\.0\.1:\d+ close [0-9a-f-]{36}$/u);
    assert.deepEqual(
      { ...seen, headers },
      {
        method: 'POST',
        url: '/invocations',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream, application/json',
          'content-length': String(Buffer.byteLength(JSON.stringify(payload))),
          'x-amzn-bedrock-agentcore-runtime-session-id': sessionId,
          'x-amzn-bedrock-agentcore-runtime-user-id': 'u1',
          'x-amzn-trace-id': 'Root=1-2',
          traceparent: '00-p',
          baggage: 'k=v',
          'x-custom': 'allowed',
        },
        body: JSON.stringify(payload),
      },
    );
  });

  it('has no header of more than 4 KB, though the list has it: the developer is told', async (t) => {
    const { client, notes } = await start(t, { headerAllowlist: ['x-custom', 'x-large'] });
    client.middlewareStack.add(
      (next) => (values) => {
        const { headers } = values.request as { headers: Record<string, string> };
        headers['x-custom'] = 'a'.repeat(4096);
        headers['x-large'] = 'a'.repeat(4097);
        return next(values);
      },
      { step: 'build' },
    );
    const { headers } = (await json(client, { prompt: 'request' })) as { headers: Record<string, string> };
    assert.deepEqual(
      [headers['x-custom']?.length, headers['x-large'], notes],
      [4096, undefined, ['AgentCore does not pass header x-large on: its value has more than 4096 bytes']],
    );
  });

  it("comes to a process with the template's variables and the model's, nothing else of the developer's", async (t) => {
    process.env['DEVELOPERS_OWN_SECRET'] = 'secret';
    process.env['OPENAI_MODEL'] = 'llama';
    process.env['OPENAI_BASE_URL'] = 'http://overridden';
    t.after(() => {
      for (const name of ['DEVELOPERS_OWN_SECRET', 'OPENAI_MODEL', 'OPENAI_BASE_URL']) {
        delete process.env[name];
      }
    });
    const { client } = await start(t, {}, { environment: { OWN: 'value', OPENAI_BASE_URL: 'http://template' } });
    // PATH is needed to run at all; the others are a shell's own.
    const {
      PATH: _path,
      PWD: _pwd,
      SHLVL: _level,
      _: _last,
      PORT,
      ...variables
    } = await json(client, { prompt: 'environment' });
    assert.match(String(PORT), /^\d+$/u);
    assert.deepEqual(variables, {
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_REGION: 'eu-west-1',
      HOST: '127.0.0.1',
      OPENAI_BASE_URL: 'http://template',
      OPENAI_MODEL: 'llama',
      OWN: 'value',
    });
  });
});

describe('a failure before the answer', () => {
  it('of the agent is 424 and holds nothing of what it said', async (t) => {
    const { client, lines } = await start(t);
    await assert.rejects(client.send(invocation({ prompt: 'fail' })), {
      name: 'RuntimeClientError',
      message: 'Received error (500) from runtime. Please check your CloudWatch logs for more information.',
    });
    assert.deepEqual(
      lines.map(({ status }) => status),
      [424],
    );
  });

  for (const prompt of ['reset', 'crash']) {
    it(`by ${prompt} is 424, and the next invocation is served`, async (t) => {
      const { client } = await start(t);
      await assert.rejects(client.send(invocation({ prompt })), { name: 'RuntimeClientError' });
      assert.equal(typeof (await json(client, { prompt: 'who' }))['pid'], 'number');
    });
  }

  it('at the start is 424 at once, and is in the log', async (t) => {
    const { client, log } = await start(t, {}, { environment: { FAIL_AT_START: 'yes' } });
    await assert.rejects(client.send(invocation({ prompt: 'who' })), {
      name: 'RuntimeClientError',
      message: /^An error occurred when starting the runtime\./u,
    });
    assert.deepEqual(log, [{ runtimeSessionId: sessionId, stream: 'stderr', text: 'the agent cannot start' }]);
  });

  it('to become healthy in time is 424', async (t) => {
    const { client } = await start(t, { startTimeoutMs: 300 }, { environment: { NEVER_HEALTHY: 'yes' } });
    await assert.rejects(client.send(invocation({ prompt: 'who' })), {
      name: 'RuntimeClientError',
      message: 'Runtime initialization time exceeded. Please make sure that initialization completes in 0.3s.',
    });
  });

  const refusals: readonly (readonly [string, Partial<InvokeAgentRuntimeCommandInput>, object])[] = [
    [
      'another runtime',
      { agentRuntimeArn: agentRuntimeArn.replace('demo', 'other') },
      { name: 'ResourceNotFoundException', status: 404 },
    ],
    ['another endpoint', { qualifier: 'other' }, { name: 'ResourceNotFoundException', status: 404 }],
    [
      'a session id of 32 characters',
      { runtimeSessionId: 's'.repeat(32) },
      { name: 'ValidationException', status: 400, reason: 'FieldValidationFailed' },
    ],
    [
      'a session id of 257 characters',
      { runtimeSessionId: 's'.repeat(257) },
      { name: 'ValidationException', status: 400, reason: 'FieldValidationFailed' },
    ],
    [
      'an account id of letters',
      { agentRuntimeArn: 'demo-0123456789', accountId: 'abc' },
      { name: 'ValidationException', status: 400, reason: 'FieldValidationFailed' },
    ],
    [
      'an id without an account',
      { agentRuntimeArn: 'demo-0123456789' },
      { name: 'ResourceNotFoundException', status: 404 },
    ],
    [
      'a traceparent of 129 characters',
      { traceParent: 't'.repeat(129) },
      { name: 'ValidationException', status: 400, reason: 'FieldValidationFailed' },
    ],
  ];
  for (const [name, changes, expected] of refusals) {
    it(`is the service's own for ${name}`, async (t) => {
      const { client } = await start(t, { qualifiers: ['DEFAULT'] });
      await assert.rejects(client.send(invocation({ prompt: 'who' }, changes)), (error: Record<string, unknown>) => {
        const { name, reason, $metadata } = error;
        const status = ($metadata as { readonly httpStatusCode: number }).httpStatusCode;
        assert.deepEqual({ name, status, ...(reason === undefined ? {} : { reason }) }, expected);
        return true;
      });
    });
  }

  it('takes the runtime by its id and account, too', async (t) => {
    const { client } = await start(t);
    const byId = { agentRuntimeArn: 'demo-0123456789', accountId: '123456789012' };
    assert.equal((await json(client, { prompt: 'who' }, byId))['invocations'], 1);
    await assert.rejects(client.send(invocation({ prompt: 'who' }, { ...byId, accountId: '210987654321' })), {
      name: 'ResourceNotFoundException',
    });
  });

  it('is 403 for a wrong secret, an unknown key, and a session token that is wrong or missing', async (t) => {
    const temporary = { ...credentials, sessionToken: 'token' };
    const { agentCore } = await start(t, { callerOf: onlyCaller(temporary) });
    const names: string[] = [];
    for (const identity of [
      { ...temporary, secretAccessKey: 'wrong' },
      { ...temporary, accessKeyId: 'AKIDOTHER0000000' },
      { ...temporary, sessionToken: 'another' },
      credentials,
    ]) {
      await clientOf(agentCore, identity)
        .send(invocation({ prompt: 'who' }))
        .catch((error: Error) => names.push(error.name));
    }
    assert.deepEqual(names, ['InvalidSignatureException', ...Array(3).fill('UnrecognizedClientException')]);
  });

  it('asks for permission to the runtime and to the endpoint, and for a second one in the name of a user', async (t) => {
    const asked: Access[] = [];
    const { client } = await start(t, { callerOf: onlyCaller(credentials, (access) => asked.push(access)) });
    await client.send(invocation({ prompt: 'who' }, { qualifier: 'live', runtimeUserId: 'ada' }));
    await client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId }));
    await client.send(invocation({ prompt: 'who' }, { agentRuntimeArn: 'demo-0123456789', accountId: '123456789012' }));
    const [context] = asked.map((access) => access.context);
    assert.deepEqual(context, {
      'bedrock-agentcore:userid': 'ada',
      'bedrock-agentcore:runtimeSessionId': sessionId,
    });
    const both = (action: string, qualifier: string): readonly (readonly string[])[] => [
      [`bedrock-agentcore:${action}`, agentRuntimeArn],
      [`bedrock-agentcore:${action}`, `${agentRuntimeArn}/runtime-endpoint/${qualifier}`],
    ];
    assert.deepEqual(
      asked.map(({ action, resource }) => [action, resource]),
      [
        ...both('InvokeAgentRuntime', 'live'),
        ...both('InvokeAgentRuntimeForUser', 'live'),
        ...both('StopRuntimeSession', 'DEFAULT'),
        ...both('InvokeAgentRuntime', 'DEFAULT'),
      ],
    );
  });

  it('is AccessDeniedException in the words of IAM, before anything is said of what exists', async (t) => {
    const message = 'User: x is not authorized';
    const { client, lines } = await start(t, {
      callerOf: onlyCaller(credentials, () => {
        throw new ServiceError(403, 'AccessDeniedException', message);
      }),
    });
    for (const changes of [{}, { agentRuntimeArn: agentRuntimeArn.replace('demo', 'other') }]) {
      await assert.rejects(client.send(invocation({ prompt: 'who' }, changes)), (error) => {
        assert.ok(error instanceof AccessDeniedException);
        assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 403]);
        return true;
      });
    }
    assert.deepEqual(lines, []);
  });

  it('is 403 without a signature and 404 for an operation that is not here', async (t) => {
    const { agentCore } = await start(t);
    const path = `/runtimes/${encodeURIComponent(agentRuntimeArn)}`;
    const unsigned = await fetch(`${agentCore.endpoint}${path}/invocations`, { method: 'POST', body: '{}' });
    const unknown = await fetch(`${agentCore.endpoint}${path}/commands`, { method: 'POST', body: '{}' });
    assert.deepEqual(
      [unsigned.status, unsigned.headers.get('x-amzn-errortype'), await unsigned.json()],
      [403, 'MissingAuthenticationTokenException', { message: 'Missing Authentication Token' }],
    );
    assert.deepEqual([unknown.status, unknown.headers.get('x-amzn-errortype')], [404, 'UnknownOperationException']);
  });

  it('is 400 for a payload that is declared larger than the service takes, before it is sent', async (t) => {
    const { agentCore } = await start(t);
    const outgoing = httpRequest(`${agentCore.endpoint}/runtimes/x/invocations`, {
      method: 'POST',
      headers: { 'content-length': 100_000_001 },
    });
    outgoing.flushHeaders();
    const status = await new Promise((resolve, reject) => {
      outgoing.on('response', (incoming) => resolve(incoming.statusCode));
      outgoing.on('error', reject);
    });
    outgoing.destroy();
    assert.equal(status, 400);
  });
});
