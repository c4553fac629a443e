/** The package's own functions at the edge, as they are deployed, in front of a relay that shows what reaches it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { originEventsBundle } from '../../scripts/lambda-bundles.ts';
import { viewerRequestBundle } from '../../scripts/viewer-request-bundle.ts';
import { createFunctionUrlHandler } from '../../src/hosts/function-url.ts';
import type { FunctionUrlEvent } from '../../src/hosts/lambda-types.ts';
import { readCredentials } from '../../src/identity/credentials.ts';
import type { LocalChain } from '../../src/local.ts';
import type { RelayRequest } from '../../src/relay/relay-request.ts';
import { awslambda, context, createResponseStream } from '../hosts/awslambda.ts';
import { allowInBodies, startWatchedChain } from '../watched-servers.ts';
import { shownWithEvent, synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';

const absWorkingDir = fileURLToPath(new URL('../..', import.meta.url));

let edgeDirectory: string;
let assembly: FixtureAssembly;
let chain: LocalChain;

before(async () => {
  edgeDirectory = mkdtempSync(path.join(tmpdir(), 'local-edge-'));
  await Promise.all([
    build({ absWorkingDir, ...originEventsBundle, outfile: `${edgeDirectory}/body-hash/index.mjs` }),
    build({ absWorkingDir, ...viewerRequestBundle, outfile: `${edgeDirectory}/viewer-request/index.js` }),
  ]);
  assembly = synthesizeFixture(edgeDirectory);
  chain = await startWatchedChain({ assembly: assembly.directory, port: 0 });
});
after(async () => {
  await chain.close();
  assembly.remove();
  rmSync(edgeDirectory, { recursive: true });
});

test('the functions at the edge bring the relay what the viewer sent as its credentials and as its host', async () => {
  const event = await reach({ host: 'chat.localhost', authorization: 'Bearer own' });
  assert.deepEqual(edgeHeadersOf(event), {
    'x-relay-authorization': 'Bearer own',
    'x-relay-host': 'chat.localhost',
  });
  const { headers } = await asRelay(event);
  assert.deepEqual([headers['authorization'], headers['host']], ['Bearer own', 'chat.localhost']);
});

test('they bring it nothing that a viewer forged in their name, however it is spelled or often it is said', async () => {
  const forged = {
    host: 'chat.localhost',
    'X-Relay-Authorization': ['Bearer forged', 'Bearer forged too'],
    'x-relay-host': 'forged.example',
    'X-RELAY-USER': 'admin',
  };
  const event = await reach(forged);
  assert.deepEqual(edgeHeadersOf(event), { 'x-relay-host': 'chat.localhost' });
  const { headers } = await asRelay(event);
  assert.deepEqual([headers['authorization'], headers['host']], [undefined, 'chat.localhost']);
  assert.ok(!JSON.stringify(event).includes('forged'), 'something of it arrived');
  const own = await asRelay(await reach({ ...forged, authorization: 'Bearer own' }));
  assert.equal(own.headers['authorization'], 'Bearer own');
});

test('they do not choose one of several credentials, which the relay then refuses', async () => {
  const { headers } = await asRelay(await reach({ Authorization: ['Bearer one', 'Bearer two'] }));
  assert.equal(headers['authorization'], 'Bearer one,Bearer two');
  assert.equal(readCredentials(headers)?.kind, 'malformed');
});

test('they leave credentials under the name that needs no help where they are', async () => {
  const { headers } = await asRelay(await reach({ 'x-api-key': 'relay_key' }));
  assert.deepEqual(readCredentials(headers), { kind: 'api-key', key: 'relay_key' });
});

test('they bring the viewer the challenge of a 401 under its own name, and the body with it', async () => {
  const viewer = await view({ 'x-fixture-relay': 'refuse' }, 'refused');
  assert.deepEqual(
    [
      viewer.statusCode,
      viewer.headers['www-authenticate'],
      viewer.headers['x-amzn-remapped-www-authenticate'],
      await text(viewer),
    ],
    [401, 'Bearer', undefined, 'refused'],
  );
});

/** The event that reaches the relay. */
async function reach(headers: OutgoingHttpHeaders): Promise<FunctionUrlEvent> {
  allowInBodies(...shownWithEvent);
  return JSON.parse(await text(await view(headers))) as FunctionUrlEvent;
}

async function view(headers: OutgoingHttpHeaders, body?: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(chain.url);
  const request = httpRequest({ hostname, port, method: body === undefined ? 'GET' : 'POST', headers, agent: false });
  request.end(body);
  const [viewer] = (await once(request, 'response')) as [IncomingMessage];
  return viewer;
}

function edgeHeadersOf({ headers = {} }: FunctionUrlEvent): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-relay-')));
}

/** What the relay's host makes of the event. */
async function asRelay(event: FunctionUrlEvent): Promise<RelayRequest> {
  const { promise, resolve } = Promise.withResolvers<RelayRequest>();
  const handler = createFunctionUrlHandler({
    awslambda,
    relay: async (request) => {
      resolve(request);
      return { status: 200, headers: {}, body: (async function* () {})() };
    },
  });
  await handler(event, createResponseStream().sink, context);
  return promise;
}
