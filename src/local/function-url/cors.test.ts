import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OriginRequest } from '../cloudfront/messages.ts';
import type { CorsRules } from '../template/deployment.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';

const page = 'https://app.example';

const cors: CorsRules = {
  allowCredentials: true,
  allowHeaders: ['content-type', 'x-own'],
  allowMethods: ['POST', 'GET'],
  allowOrigins: [page],
  exposeHeaders: ['x-shown'],
  maxAgeSeconds: 300,
};

const nothing: CorsRules = {
  allowCredentials: false,
  allowHeaders: [],
  allowMethods: [],
  allowOrigins: ['*'],
  exposeHeaders: [],
  maxAgeSeconds: undefined,
};

describe('a preflight', () => {
  it('is OPTIONS with an origin and the method that it asks for, and nothing else is', () => {
    const preflight = ask('OPTIONS', { Origin: page, 'Access-Control-Request-Method': 'POST' });
    const others = [
      { ...preflight, method: 'POST' },
      ask('OPTIONS', { Origin: page }),
      ask('OPTIONS', { 'Access-Control-Request-Method': 'POST' }),
    ];
    assert.deepEqual([isPreflight(preflight), ...others.map(isPreflight)], [true, false, false, false]);
  });

  it('is told all that the configuration allows', () => {
    assert.deepEqual(lines(preflightHeaders(cors, ask('OPTIONS', { Origin: page }))), [
      `Access-Control-Allow-Origin: ${page}`,
      'Vary: Origin',
      'Access-Control-Allow-Credentials: true',
      'Access-Control-Allow-Methods: POST,GET',
      'Access-Control-Allow-Headers: content-type,x-own',
      'Access-Control-Max-Age: 300',
    ]);
  });

  it('is told nothing where its page is of an origin that is not named', () => {
    assert.deepEqual(preflightHeaders(cors, ask('OPTIONS', { Origin: 'https://other.example' })), []);
  });
});

describe('any other request', () => {
  it('is told which origin may read the answer, and which of its headers', () => {
    assert.deepEqual(lines(corsHeaders(cors, ask('POST', { Origin: page }))), [
      `Access-Control-Allow-Origin: ${page}`,
      'Vary: Origin',
      'Access-Control-Allow-Credentials: true',
      'Access-Control-Expose-Headers: x-shown',
    ]);
  });

  it('is told its own origin where every one is allowed, and nothing without one', () => {
    assert.deepEqual(lines(corsHeaders(nothing, ask('POST', { Origin: page }))), [
      `Access-Control-Allow-Origin: ${page}`,
      'Vary: Origin',
    ]);
    assert.deepEqual(corsHeaders(nothing, ask('POST', {})), []);
  });
});

function ask(method: string, headers: Record<string, string>): OriginRequest {
  const list = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { method, uri: '/', querystring: '', headers: list, body: new Uint8Array() };
}

function lines(headers: readonly { readonly name: string; readonly value: string }[]): readonly string[] {
  return headers.map(({ name, value }) => `${name}: ${value}`);
}
