import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { build } from 'esbuild';
import { viewerRequestBundle } from '../../scripts/viewer-request-bundle.ts';
import type { ViewerHeader } from './viewer-request.ts';

let script: string;

before(async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { outputFiles } = await build({
    absWorkingDir: root,
    ...viewerRequestBundle,
    outfile: 'index.js',
    write: false,
  });
  script = outputFiles[0]?.text ?? '';
});

test("moves the viewer's credentials to where origin access control does not overwrite them", () => {
  assert.deepEqual(runAtTheEdge({ authorization: { value: 'Bearer abc' }, host: { value: 'd1.cloudfront.net' } }), {
    host: { value: 'd1.cloudfront.net' },
    'x-relay-authorization': { value: 'Bearer abc' },
    'x-relay-host': { value: 'd1.cloudfront.net' },
  });
});

test('drops credentials that a viewer put under the moved name', () => {
  const forged = { value: 'Bearer forged', multiValue: [{ value: 'Bearer forged' }, { value: 'Bearer forged too' }] };
  assert.deepEqual(runAtTheEdge({ 'x-relay-authorization': forged }), {});
});

test('says which host the viewer asked, and not which one it says it asked', () => {
  const headers = { 'x-relay-host': { value: 'forged.example' }, host: { value: 'chat.example' } };
  assert.deepEqual(runAtTheEdge(headers), {
    host: { value: 'chat.example' },
    'x-relay-host': { value: 'chat.example' },
  });
  assert.deepEqual(runAtTheEdge({ 'x-relay-host': { value: 'forged.example' } }), {});
});

test('drops every header of the name that the edge speaks under to the relay, and no other', () => {
  const value = { value: 'forged' };
  const kept = { 'x-relay': value, 'x-relayed-by': value, 'my-x-relay-user': value, x_relay_user: value };
  assert.deepEqual(runAtTheEdge({ 'x-relay-user': value, 'x-relay-': value, ...kept }), kept);
});

test("does not let a forged header replace or join the viewer's own credentials", () => {
  const headers = { 'x-relay-authorization': { value: 'Bearer forged' }, authorization: { value: 'Bearer own' } };
  assert.deepEqual(runAtTheEdge(headers), { 'x-relay-authorization': { value: 'Bearer own' } });
});

test('does not choose one of several credentials', () => {
  const several = { value: 'Bearer one', multiValue: [{ value: 'Bearer one' }, { value: 'Bearer two' }] };
  assert.deepEqual(runAtTheEdge({ authorization: several }), { 'x-relay-authorization': several });
});

test('moves empty credentials too, so that they are refused and not taken for none', () => {
  assert.deepEqual(runAtTheEdge({ authorization: { value: '' } }), { 'x-relay-authorization': { value: '' } });
});

test('asks nobody behind the edge to compress a stream', () => {
  const accepts = { value: 'gzip', multiValue: [{ value: 'gzip' }, { value: 'br' }] };
  assert.deepEqual(runAtTheEdge({ 'accept-encoding': accepts, accept: { value: '*/*' } }), {
    accept: { value: '*/*' },
  });
});

test('leaves the rest of the request as it was', () => {
  const request = {
    method: 'GET',
    uri: '/a%20b',
    querystring: { prompt: { value: 'hi', multiValue: [{ value: 'hi' }, { value: 'ho' }] } },
    headers: {},
    cookies: { session: { value: 'x', attributes: 'Path=/' } },
  };
  assert.deepEqual(run(request), request);
});

test('is a plain script whose only global is the function that CloudFront calls', () => {
  assert.doesNotMatch(script, /\b(?:import|export|require|module)\b/u);
  const globals = vm.createContext(Object.create(null));
  vm.runInContext(script, globals);
  assert.deepEqual(Object.keys(globals), ['handler']);
  assert.ok(Buffer.byteLength(script) < 10_240, 'CloudFront takes functions of at most 10 KB');
});

function runAtTheEdge(headers: Record<string, ViewerHeader>): unknown {
  const { headers: after } = run({ method: 'POST', uri: '/', querystring: {}, headers, cookies: {} });
  return after;
}

/** As CloudFront does: a fresh global object without Node's globals, and the event by value. */
function run(request: object): { readonly headers?: unknown } {
  const event = {
    version: '1.0',
    context: { distributionId: 'E1', eventType: 'viewer-request', requestId: 'r1' },
    viewer: { ip: '203.0.113.1' },
    request,
  };
  const answer: unknown = vm.runInContext(
    `${script}\nJSON.stringify(handler(${JSON.stringify(event)}))`,
    vm.createContext(Object.create(null)),
  );
  return JSON.parse(String(answer));
}
