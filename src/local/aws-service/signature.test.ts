import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import aws4 from 'aws4';
import { ServiceError } from './service-error.ts';
import { signRequest, verifySignature } from './signature.ts';
import type { SignableRequest, Verification } from './signature.ts';

const nowMs = Date.UTC(2026, 10, 22, 12, 15, 47);
const credentials = { accessKeyId: 'AKIDLOCAL0000000', secretAccessKey: 'local-secret', sessionToken: 'token/+=' };
const runtime = encodeURIComponent('arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/demo-0123456789');
const request: SignableRequest = {
  method: 'POST',
  target: `/runtimes/${runtime}/invocations?qualifier=my%20end%2Apoint&accountId=123456789012`,
  headers: {
    host: '127.0.0.1:8080',
    'content-type': 'application/json',
    'x-amzn-bedrock-agentcore-runtime-session-id': 's'.repeat(33),
    'x-amzn-trace-id': 'Root=1-2',
    baggage: ' a=b,   c=d ',
  },
  body: Buffer.from('{"prompt":"h\u00e9"}'),
};
const verification: Verification = {
  region: 'eu-west-1',
  secretAccessKeyOf: (id) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined),
  nowMs,
};

describe('a signature', () => {
  it('of this module is taken', () => {
    const headers = signRequest(request, credentials, 'eu-west-1', nowMs);
    assert.equal(verifySignature({ ...request, headers }, verification), credentials.accessKeyId);
    assert.equal(headers['x-amz-security-token'], 'token/+=');
  });

  it("of the AWS SDK's signer is taken, and is this module's own", async () => {
    const { 'x-amzn-trace-id': _traceId, ...signable } = request.headers;
    const [path = ''] = request.target.split('?');
    const signer = new SignatureV4({
      service: 'bedrock-agentcore',
      region: 'eu-west-1',
      credentials,
      sha256: NodeSha256,
    });
    const signed = await signer.sign(
      {
        protocol: 'http:',
        hostname: '127.0.0.1',
        port: 8080,
        method: 'POST',
        path,
        query: { qualifier: 'my end*point', accountId: '123456789012' },
        headers: signable,
        body: request.body,
      },
      { signingDate: new Date(nowMs) },
    );
    assert.equal(
      verifySignature({ ...request, headers: lower(signed.headers) }, verification),
      credentials.accessKeyId,
    );
    const own = signRequest({ ...request, headers: signable }, credentials, 'eu-west-1', nowMs);
    assert.equal(own['authorization'], signed.headers['authorization']);
  });

  it("of a path with dots and empty segments, and of a query with repeated and like names, is the AWS SDK's", async () => {
    const signer = new SignatureV4({ service: 'lambda', region: 'eu-west-1', credentials, sha256: NodeSha256 });
    const path = '/a//./b/../c%2Fd é/';
    const query = { a1: '1', a: ['2', '10', ''], 'a-b': "x!'()*", '': 'none' };
    const headers = { host: 'h', 'x-amz-meta': '1' };
    const signed = await signer.sign(
      { protocol: 'https:', hostname: 'h', method: 'POST', path, query, headers, body: request.body },
      { signingDate: new Date(nowMs) },
    );
    const target = `${path}?a1=1&a=2&a=10&a=&a-b=x!'()*&=none`;
    const own = signRequest({ ...request, target, headers }, credentials, 'eu-west-1', nowMs, { service: 'lambda' });
    assert.equal(own['authorization'], signed.headers['authorization']);
  });

  it('of aws4 is taken', () => {
    const signed = aws4.sign(
      {
        service: 'bedrock-agentcore',
        region: 'eu-west-1',
        method: 'POST',
        hostname: '127.0.0.1:8080',
        path: `/runtimes/${runtime}/invocations?qualifier=DEFAULT`,
        headers: {
          host: '127.0.0.1:8080',
          'x-amz-date': '20261122T121547Z',
          'x-amz-content-sha256': createHash('sha256').update(request.body).digest('hex'),
        },
      },
      credentials,
    );
    const target = `/runtimes/${runtime}/invocations?qualifier=DEFAULT`;
    const headers = lower(signed.headers ?? {});
    assert.equal(verifySignature({ ...request, target, headers }, verification), credentials.accessKeyId);
  });

  const signed = signRequest(request, credentials, 'eu-west-1', nowMs);
  const authorization = signed['authorization'] ?? '';
  const refused: Readonly<Record<string, readonly [string, Partial<SignableRequest>, Partial<Verification>?]>> = {
    'another body': ['InvalidSignatureException', { body: Buffer.from('{"prompt":"other"}') }],
    'another path': ['InvalidSignatureException', { target: request.target.replace('demo', 'dem0') }],
    'another qualifier': ['InvalidSignatureException', { target: request.target.replace('end', 'END') }],
    'another session': ['InvalidSignatureException', { headers: { ...signed, baggage: 'other' } }],
    'a header of AWS that is not signed': ['InvalidSignatureException', { headers: { ...signed, 'x-amz-other': '1' } }],
    'another secret': ['InvalidSignatureException', {}, { secretAccessKeyOf: () => 'other' }],
    'another region': ['InvalidSignatureException', {}, { region: 'us-east-1' }],
    'another service': [
      'InvalidSignatureException',
      withAuthorization(authorization.replace('bedrock-agentcore/', 'lambda/')),
    ],
    'a time that is over': ['InvalidSignatureException', {}, { nowMs: nowMs + 301_000 }],
    'a time to come': ['InvalidSignatureException', {}, { nowMs: nowMs - 301_000 }],
    'an unknown key': ['UnrecognizedClientException', {}, { secretAccessKeyOf: () => undefined }],
    'no signature': ['MissingAuthenticationTokenException', { headers: request.headers }],
    'a bearer token': ['IncompleteSignatureException', withAuthorization('Bearer abc')],
    'a scope of four parts': [
      'IncompleteSignatureException',
      withAuthorization(authorization.replace('/aws4_request', '')),
    ],
  };
  for (const [name, [errorName, requestChanges, verificationChanges]] of Object.entries(refused)) {
    it(`is refused with 403 for ${name}`, () => {
      assert.throws(
        () =>
          verifySignature(
            { ...request, headers: signed, ...requestChanges },
            { ...verification, ...verificationChanges },
          ),
        (error) => error instanceof ServiceError && error.status === 403 && error.errorName === errorName,
      );
    });
  }

  it('is said to be late in the words of the service', () => {
    assert.throws(() => verifySignature({ ...request, headers: signed }, { ...verification, nowMs: nowMs + 301_000 }), {
      message: 'Signature expired: 20261122T121547Z is now earlier than 20261122T121548Z (20261122T122048Z - 5 min.)',
    });
  });

  function withAuthorization(value: string): Partial<SignableRequest> {
    return { headers: { ...signed, authorization: value } };
  }
});

function lower(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** What the AWS SDK's signer asks of a hash. */
class NodeSha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') {
    return Buffer.from(data);
  }
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
