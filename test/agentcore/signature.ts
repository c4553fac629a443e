import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Credentials } from '../../src/agentcore/environment-credentials.ts';
import type { ReceivedRequest } from './agentcore-server.ts';

class Sha256 {
  readonly #hash: { update(data: Uint8Array | string): unknown; digest(): Buffer };

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBytes(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    throw new Error('not needed for signing');
  }
}

/** The signature that AWS's own implementation computes for what was received, beside the one that was sent. */
export async function readSignatures(
  request: ReceivedRequest,
  credentials: Credentials,
): Promise<{ readonly sent: string; readonly computed: string; readonly signedHeaders: readonly string[] }> {
  const authorization = request.headers.authorization ?? '';
  const scope = /Credential=[^/]+\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request/u.exec(authorization) ?? [];
  const signedHeaders = (/SignedHeaders=([^,]+)/u.exec(authorization)?.[1] ?? '').split(';');
  const url = new URL(request.line.split(' ')[1] ?? '', 'http://host');
  const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
  const signer = new SignatureV4({
    service: scope[3] ?? '',
    region: scope[2] ?? '',
    credentials: { accessKeyId, secretAccessKey, sessionToken },
    sha256: Sha256,
  });
  const date = String(request.headers['x-amz-date']);
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'http:',
      hostname: 'host',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signedHeaders.map((name) => [name, String(request.headers[name])])),
      body: request.body,
    },
    { signingDate: new Date(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/u, '$1-$2-$3T$4:$5:$6Z')) },
  );
  return {
    sent: /Signature=([0-9a-f]+)/u.exec(authorization)?.[1] ?? 'none',
    computed: /Signature=([0-9a-f]+)/u.exec(signed.headers['authorization'] ?? '')?.[1] ?? 'none either',
    signedHeaders,
  };
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
