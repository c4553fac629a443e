import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** A key pair of an issuer. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  /** What the key set has of it. */
  readonly jwk: Readonly<JWK>;
}

/** Makes a key pair. */
export async function createSigningKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An OpenID Connect issuer on this machine, as far as a relay sees one. */
export interface Issuer extends AsyncDisposable {
  /** Its `iss`. */
  readonly url: string;
  /** The paths that were asked for, in their order. */
  readonly requests: string[];
  /** What is answered, by path; what is not here is answered with 404. */
  readonly answers: Map<string, RequestListener>;
  /** Changes the key set. */
  publish(...keys: SigningKey[]): void;
}

/** Paths of an issuer's two documents. */
export const issuerPaths = { discovery: '/.well-known/openid-configuration', keys: '/keys' } as const;

/** Answers with a JSON document. */
export function answerJson(document: unknown): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document));
  };
}

/** Starts an issuer with these keys. */
export async function startIssuer(...keys: SigningKey[]): Promise<Issuer> {
  const requests: string[] = [];
  const answers = new Map<string, RequestListener>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const publish = (...published: SigningKey[]) =>
    void answers.set(issuerPaths.keys, answerJson({ keys: published.map(({ jwk }) => jwk) }));
  answers.set(issuerPaths.discovery, answerJson({ issuer: url, jwks_uri: `${url}${issuerPaths.keys}` }));
  publish(...keys);
  return {
    url,
    requests,
    answers,
    publish,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Signs a token with a key, under its name. A claim or a header that is undefined is left out. */
export async function signToken(
  { kid, alg, privateKey }: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}
