import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import { startAgentCoreServer } from '../../test/agentcore/agentcore-server.ts';
import type { AgentCoreServer, AgentScript } from '../../test/agentcore/agentcore-server.ts';
import { readSignatures } from '../../test/agentcore/signature.ts';
import { makeSelfSignedCertificate, noCertificates } from '../../test/self-signed-certificate.ts';
import { RelayError } from '../errors.ts';
import { createEnvironmentSecretReader } from './environment-secret-reader.ts';
import { createSecretReader } from './secret-reader.ts';
import type { SecretReader } from './secret-reader.ts';

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:relay/keys-AbCdEf';
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2VjEA==/+token',
};

/** Stands nowhere but in the secret and in the service's own words: an error that holds it has leaked it. */
const sentinel = 'sha256:5ec4e7';

test('sends the one request that the AWS SDK sends, and gives the text', async (t) => {
  const server = await serve(t, answer({ SecretString: sentinel }));
  assert.equal(await createReader(server).read(), sentinel);
  const { headers, line, body } = server.requests[0] ?? assert.fail('nothing was sent');
  const { authorization, 'x-amz-date': date, ...rest } = headers;
  assert.deepEqual(
    { line, headers: rest, body: body.toString() },
    {
      line: 'POST / HTTP/1.1',
      headers: {
        host: server.endpoint.slice('http://'.length),
        'content-type': 'application/x-amz-json-1.1',
        'content-length': '88',
        'user-agent': 'agentcore-relay',
        'x-amz-content-sha256': '33ce4621d7862359eba79ec09fe97bf4375209fec4cf209dead013266ce49248',
        'x-amz-security-token': credentials.sessionToken,
        'x-amz-target': 'secretsmanager.GetSecretValue',
        connection: 'close',
      },
      body: `{"SecretId":"${secretArn}"}`,
    },
  );
  assert.match(String(authorization), /\/eu-central-1\/secretsmanager\/aws4_request,/u);
  assert.match(String(date), /^\d{8}T\d{6}Z$/u);
});

test('signs so that AWS’s own signer comes to the same signature', async (t) => {
  const server = await serve(t, answer({ SecretString: '' }));
  assert.equal(await createReader(server).read(), '');
  const { sent, computed, signedHeaders } = await readSignatures(
    server.requests[0] ?? assert.fail('nothing was sent'),
    credentials,
  );
  assert.equal(sent, computed);
  for (const required of ['content-type', 'host', 'x-amz-content-sha256', 'x-amz-security-token', 'x-amz-target']) {
    assert.ok(signedHeaders.includes(required), required);
  }
});

test('takes endpoint and credentials from the environment, the more exact name first, and credentials anew', async (t) => {
  const server = await serve(t, answer({ SecretString: 'a' }));
  const environment: Record<string, string> = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDFIRST',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  const reader = createEnvironmentSecretReader(secretArn, environment);
  await reader.read();
  environment['AWS_ACCESS_KEY_ID'] = 'AKIDSECOND';
  await reader.read();
  const { AWS_ENDPOINT_URL_SECRETS_MANAGER, ...general } = environment;
  await createEnvironmentSecretReader(secretArn, { ...general, AWS_ENDPOINT_URL: server.endpoint }).read();
  assert.equal(AWS_ENDPOINT_URL_SECRETS_MANAGER, server.endpoint);
  assert.deepEqual(
    server.requests.map(({ headers }) => /Credential=(\w+)/u.exec(headers.authorization ?? '')?.[1]),
    ['AKIDFIRST', 'AKIDSECOND', 'AKIDSECOND'],
  );
});

test('says which variables are missing, and sends nothing', async (t) => {
  const server = await serve(t, answer({ SecretString: 'a' }));
  const reader = createEnvironmentSecretReader(secretArn, { AWS_ENDPOINT_URL: server.endpoint });
  const error = await rejection(reader.read());
  assert.equal(error.code, 'internal_error');
  assert.match(String(error.cause), /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set/u);
  assert.equal(server.requests.length, 0);
});

for (const [status, errorName, tries] of [
  [400, 'AccessDeniedException', 1],
  [400, 'ResourceNotFoundException', 1],
  [400, 'DecryptionFailure', 1],
  [400, 'InvalidRequestException', 1],
  [400, 'ExpiredTokenException', 1],
  [403, undefined, 1],
  [400, 'ThrottlingException', 2],
  [429, undefined, 2],
  [500, 'InternalServiceError', 2],
  [503, undefined, 2],
] as const) {
  const name = errorName ?? 'without a name';
  test(`asks ${tries === 1 ? 'once' : 'twice'} where it is refused with ${status} ${name}, and tells only the name`, async (t) => {
    const server = await serve(t, refuse(status, errorName));
    const delays: number[] = [];
    const error = await rejection(createReader(server, { delays }).read());
    assert.deepEqual(
      [error.code, error.message, error.upstreamName, error.cause, server.requests.length, delays],
      [
        'identity_unavailable',
        'it cannot be found out at the moment who is calling',
        errorName,
        `Secrets Manager answered ${status} ${name}`,
        tries,
        tries === 1 ? [] : [200],
      ],
    );
  });
}

test('reads the name of an error that something before the service puts into a header', async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(400, { 'x-amzn-errortype': 'UnrecognizedClientException:http://internal.example/' });
    response.end(`<html>${sentinel}</html>`);
  });
  assert.equal((await rejection(createReader(server).read())).upstreamName, 'UnrecognizedClientException');
});

for (const [what, script] of [
  ['throttled', refuse(400, 'com.amazonaws.secretsmanager#ThrottlingException')],
  ['cut before the answer', (_, socket) => socket.resetAndDestroy()],
  [
    'cut in the middle of the answer',
    (response, socket) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"SecretString":"', () => socket.destroy());
    },
  ],
] as const satisfies readonly (readonly [string, AgentScript])[]) {
  test(`has the text from the second try where the first one is ${what}`, async (t) => {
    const server = await serve(t, script, answer({ SecretString: 'second' }));
    assert.equal(await createReader(server).read(), 'second');
    assert.equal(server.requests.length, 2);
  });
}

for (const [what, script] of [
  ['does not answer', () => undefined],
  [
    'stops in the middle of its answer',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.write(`{"SecretString":"${sentinel}`);
    },
  ],
] as const satisfies readonly (readonly [string, AgentScript])[]) {
  test(`gives up where the service ${what}`, async (t) => {
    const server = await serve(t, script);
    const error = await rejection(createReader(server, { timeoutMs: 50 }).read());
    assert.deepEqual(
      [error.code, error.upstreamName, error.cause, server.requests.length],
      ['identity_unavailable', 'TimeoutError', 'Secrets Manager gave no answer within 50 ms', 2],
    );
    await server.allClosed();
  });
}

for (const [what, cause, script] of [
  ['a binary secret', 'the secret is binary; it must be text', answer({ SecretBinary: sentinel })],
  ['no secret', 'the answer holds no secret', answer({ Name: sentinel })],
  ['a secret that is no text', 'the answer holds no secret', answer({ SecretString: { a: sentinel } })],
  ['something that is no JSON', 'the answer holds no secret', (response) => response.end(sentinel)],
  [
    'more than a secret can be',
    'the answer holds no secret',
    (response) => {
      response.on('error', () => undefined);
      response.write(`{"SecretString":"${sentinel}`);
      response.write('x'.repeat(600_000));
    },
  ],
] as const satisfies readonly (readonly [string, string, AgentScript])[]) {
  test(`tells nothing of ${what}`, async (t) => {
    const server = await serve(t, script);
    const error = await rejection(createReader(server).read());
    assert.deepEqual(
      [error.code, error.cause, server.requests.length],
      ['identity_unavailable', `Secrets Manager: ${cause}`, 1],
    );
    await server.allClosed();
  });
}

test('takes the largest secret, in the longest form that JSON has for it', async (t) => {
  const secret = '\u0001'.repeat(65_536);
  const server = await serve(t, answer({ SecretString: secret }));
  assert.equal(await createReader(server).read(), secret);
});

test('puts characters together that a chunk border cuts', async (t) => {
  const server = await serve(t, (response) => {
    const bytes = Buffer.from('{"SecretString":"größe 🌍"}');
    response.write(bytes.subarray(0, 27), () => setImmediate(() => response.end(bytes.subarray(27))));
  });
  assert.equal(await createReader(server).read(), 'größe 🌍');
});

test('says that nobody listens', async (t) => {
  const server = await serve(t);
  await server.close();
  const error = await rejection(createReader(server).read());
  assert.deepEqual(
    [error.code, error.upstreamName, error.cause],
    ['identity_unavailable', 'ECONNREFUSED', 'Secrets Manager cannot be reached: ECONNREFUSED'],
  );
});

test('sends nothing to a server whose certificate is not trusted', { skip: noCertificates }, async (t) => {
  const { key, certificate } = makeSelfSignedCertificate();
  let requestCount = 0;
  const server = createServer({ key, cert: certificate }, () => {
    requestCount += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const error = await rejection(createReader({ endpoint }).read());
  assert.deepEqual([error.code, error.upstreamName], ['identity_unavailable', 'DEPTH_ZERO_SELF_SIGNED_CERT']);
  assert.equal(requestCount, 0);
});

interface ReaderOptions {
  readonly delays?: number[];
  readonly timeoutMs?: number;
}

function createReader({ endpoint }: Pick<AgentCoreServer, 'endpoint'>, options: ReaderOptions = {}): SecretReader {
  return createSecretReader({
    secretArn,
    endpoint,
    credentials: () => credentials,
    timeoutMs: options.timeoutMs,
    random: () => 0.5,
    sleep: (delayMs) => {
      options.delays?.push(delayMs);
      return Promise.resolve();
    },
  });
}

async function serve(t: TestContext, ...scripts: readonly AgentScript[]): Promise<AgentCoreServer> {
  const server = await startAgentCoreServer(...scripts);
  t.after(() => server.close());
  return server;
}

function answer(body: unknown): AgentScript {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  };
}

/** An error as Secrets Manager writes it: AWS JSON 1.1, the name in the body only. */
function refuse(status: number, errorName?: string): AgentScript {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: errorName, Message: `User: arn:aws:iam::1:role/x ${sentinel}` }));
  };
}

/** The error of a read, in which nothing of the secret and of the service's own words may be. */
async function rejection(reading: Promise<unknown>): Promise<RelayError> {
  try {
    await reading;
  } catch (thrown) {
    assert.ok(thrown instanceof RelayError, String(thrown));
    assert.doesNotMatch(inspect(thrown, { depth: 9, showHidden: true }), /5ec4e7|arn:aws:iam/u);
    return thrown;
  }
  return assert.fail('it was read');
}
