import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { buildAgent, framesOf, invoke, kindsOf, node22, runAgent, textOf } from './running-agent.ts';
import type { BuiltAgent } from './running-agent.ts';

let built: BuiltAgent;
before(async () => {
  built = await buildAgent();
});
after(async () => await built[Symbol.asyncDispose]());

/** What the managed runtime gives the agent, with Bedrock somewhere else. */
function environmentOf(url: string): Readonly<Record<string, string>> {
  return {
    BEDROCK_MODEL_ID: 'global.amazon.nova-2-lite-v1:0',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url,
  };
}

test('streams from Bedrock with the model that it is given', async () => {
  const requests: unknown[] = [];
  await using bedrock = await serve((request, response) => {
    requests.push({
      path: request.url,
      scope: /Credential=([^,]+)/u.exec(request.headers.authorization ?? '')?.[1]?.slice(-34),
    });
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    for (const [type, payload] of [
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Guten' } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: ' Tag 🎉' } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      ['messageStop', { stopReason: 'end_turn' }],
      ['metadata', { usage: { inputTokens: 9, outputTokens: 2, totalTokens: 11 }, metrics: { latencyMs: 412 } }],
    ] as const) {
      response.write(eventMessage(type, payload));
    }
    response.end();
  });
  await using agent = await runAgent({ file: built.file, node: node22, env: environmentOf(bedrock.url) });
  const frames = await framesOf(await invoke(agent, { payload: { prompt: 'Guten Tag' } }));
  assert.deepEqual(requests, [
    { path: '/model/global.amazon.nova-2-lite-v1%3A0/converse-stream', scope: '/eu-central-1/bedrock/aws4_request' },
  ]);
  assert.equal(textOf(frames), 'Guten Tag 🎉');
  assert.deepEqual(kindsOf(frames), [
    'modelMessageStartEvent',
    'textDelta',
    'modelContentBlockStopEvent',
    'modelMessageStopEvent',
    'modelMetadataEvent',
  ]);
});

test('does not show whom Bedrock refuses', async () => {
  const message =
    'User: arn:aws:sts::123456789012:assumed-role/agent/session is not authorized to perform: bedrock:InvokeModel';
  await using bedrock = await serve((_request, response) => {
    response
      .writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' })
      .end(JSON.stringify({ message }));
  });
  await using agent = await runAgent({ file: built.file, node: node22, env: environmentOf(bedrock.url) });
  const frames = await framesOf(await invoke(agent, { payload: { prompt: 'hello' } }));
  assert.deepEqual(frames, [{ name: 'error', data: { error: 'the model failed before the answer was complete' } }]);
  await agent.printed(/not authorized to perform: bedrock:InvokeModel/u);
});

/** A server that speaks HTTP/2, as the AWS SDK does with Bedrock. */
async function serve(
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response));
  });
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

/** One message of `application/vnd.amazon.eventstream` (Smithy, Amazon event stream specification). */
function eventMessage(type: string, payload: object): Buffer {
  const fields = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' };
  const headers = Buffer.concat(
    Object.entries(fields).map(([name, value]) => {
      const valueLength = Buffer.alloc(2);
      valueLength.writeUInt16BE(value.length);
      const stringType = 7;
      return Buffer.concat([
        Buffer.of(name.length),
        Buffer.from(name),
        Buffer.of(stringType),
        valueLength,
        Buffer.from(value),
      ]);
    }),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const lengths = Buffer.concat([uint32(16 + headers.length + body.length), uint32(headers.length)]);
  const message = Buffer.concat([lengths, uint32(crc32(lengths)), headers, body]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
