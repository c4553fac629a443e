import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLeakDetector } from './leak-detector.ts';
import type { Leak, LeakDetector } from './leak-detector.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const accountId = '314159265358';
const runtime = 'demo/agent+x';
const secrets = { 'the account id': accountId, 'the runtime': runtime };

describe('the leak detector finds', () => {
  let detector: LeakDetector;
  before(() => {
    detector = createLeakDetector();
  });
  after(() => detector.close());

  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const cases: Readonly<Record<string, readonly [(response: ServerResponse) => void, Partial<Leak>]>> = {
    'a secret in a body': [
      (response) => response.end(`{"message":"account ${accountId}"}`),
      { what: 'the account id', form: 'text', part: 'body' },
    ],
    'a secret in a header': [
      (response) => response.setHeader('x-upstream', accountId).end('ok'),
      { what: 'the account id', form: 'text', part: 'head' },
    ],
    'a secret in the status line': [
      (response) => response.writeHead(500, `account ${accountId}`).end('ok'),
      { what: 'the account id', form: 'text', part: 'head' },
    ],
    'a secret that is sent byte by byte, each in a chunk of its own': [
      (response) => {
        for (const letter of `x${accountId}y`) response.write(letter);
        response.end();
      },
      { what: 'the account id', form: 'text', part: 'body' },
    ],
    'a secret that begins in the last byte of a long chunk': [
      (response) => {
        response.write(Buffer.from(`${'x'.repeat(200_000)}${accountId.slice(0, 1)}`));
        response.end(accountId.slice(1));
      },
      { what: 'the account id', form: 'text', part: 'body' },
    ],
    'a secret in a trailer': [
      (response) => {
        response.writeHead(200, { trailer: 'x-late' });
        response.addTrailers({ 'x-late': accountId });
        response.end('ok');
      },
      { what: 'the account id', form: 'text', part: 'body' },
    ],
    'percent encoding': [
      (response) => response.end(encodeURIComponent(runtime)),
      { what: 'the runtime', form: 'percent encoding' },
    ],
    'JSON whose slashes are escaped': [
      (response) => response.end(String.raw`"demo\/agent+x"`),
      { what: 'the runtime', form: 'escaped JSON' },
    ],
    'hexadecimal in capitals': [
      (response) => response.end(Buffer.from(runtime).toString('hex').toUpperCase()),
      { what: 'the runtime', form: 'hexadecimal' },
    ],
    'base64 from the beginning': [(response) => response.end(base64(`${accountId} is it`)), { form: 'base64' }],
    'base64 one byte later': [(response) => response.end(base64(`-${accountId} is it`)), { form: 'base64' }],
    'base64 two bytes later': [(response) => response.end(base64(`--${accountId}`)), { form: 'base64' }],
    'base64 for URLs': [
      (response) => response.end(Buffer.from(`-${runtime}??>`).toString('base64url')),
      { what: 'the runtime', form: 'base64' },
    ],
    'an ARN of whatever account': [
      (response) => response.end('arn:aws:iam::1:role/x'),
      { what: 'an ARN', form: 'text' },
    ],
    'a stack trace': [
      (response) => response.end('Error: no\n    at handler (file:///var/task/index.mjs:12:3)'),
      { what: 'a stack trace' },
    ],
    'a key': [(response) => response.end(`"relay_${'a'.repeat(43)}"`), { what: 'a key' }],
  };
  for (const [name, [answer, expected]] of Object.entries(cases)) {
    test(name, async () => {
      const [leak, ...others] = await leaksOf(detector, (_, response) => answer(response));
      assert.ok(leak !== undefined, 'nothing was found');
      assert.deepEqual(others, []);
      assert.deepEqual({ ...leak, ...expected }, leak);
      assert.equal(leak.request, 'GET /chat?x=1');
    });
  }

  test('nothing where there is nothing', async () => {
    const before = detector.countBytes();
    assert.deepEqual(await leaksOf(detector, (_, response) => response.end('314159265359 demo agent')), []);
    assert.ok(detector.countBytes() > before);
  });

  test('nothing that the agent may say itself, but that in a header, and only until it is asked', async () => {
    const answer = (_: IncomingMessage, response: ServerResponse): void => {
      response.setHeader('x-upstream', accountId).end(`account ${accountId}`);
    };
    detector.allowInBodies('the account id');
    const [inHead, ...others] = await leaksOf(detector, answer);
    assert.deepEqual([inHead?.part, others], ['head', []]);
    assert.equal((await leaksOf(detector, answer)).length, 2);
  });

  test('nothing on a server that it is not told of, or no more', async () => {
    const server = await listen((_, response) => response.end(accountId));
    await fetch(server.url).then((response) => response.text());
    detector.watch(server.url, secrets)();
    await fetch(server.url).then((response) => response.text());
    await server.close();
    assert.deepEqual(detector.take(), []);
  });
});

test('a leak fails the test in which a viewer saw it, and no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leaking-'));
  const file = join(folder, 'leaking.test.ts');
  writeFileSync(
    file,
    `import { test } from 'node:test';
     import { allowInBodies, sentinels, startWatchedNodeHttpServer } from ${JSON.stringify(join(root, 'test/watched-servers.ts'))};
     const server = await startWatchedNodeHttpServer({
       port: 0,
       relay: async ({ query }) => ({
         status: 200,
         headers: {},
         body: (async function* () { yield Buffer.from(query === 'bad' ? sentinels['the name of the role'] : 'fine'); })(),
       }),
     });
     const view = (query) => fetch(server.url + '/?' + query).then((response) => response.text());
     test('good', () => view('good'));
     test('bad', () => view('bad'));
     test('allowed', () => { allowInBodies('the name of the role'); return view('bad'); });
     test('bad again', () => view('bad'));
     test.after(() => server.close(0));`,
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], {
    encoding: 'utf8',
    env,
  });
  rmSync(folder, { recursive: true });
  const results = [...stdout.matchAll(/^ *((?:not )?ok) \d+ - (good|bad|allowed|bad again)$/gmu)];
  assert.deepEqual(
    results.map(([, result, name]) => [name, result]),
    [
      ['good', 'ok'],
      ['bad', 'not ok'],
      ['allowed', 'ok'],
      ['bad again', 'not ok'],
    ],
  );
  assert.match(stdout, /- the name of the role \(text\), in the body of the answer to GET \/\?bad/u);
  assert.equal(status, 1);
});

test('no test starts what viewers talk to but by way of the detector', () => {
  const starts = /\b(?:startLocalChain|startNodeHttpServer|startServer|createNodeHttpHandler)\(/u;
  const cwd = join(root, 'test');
  const files = globSync('**/*.ts', { cwd, exclude: (name) => name === 'node_modules' });
  assert.deepEqual(
    files.filter((file) => starts.test(readFileSync(join(cwd, file), 'utf8'))),
    ['watched-servers.ts'],
  );
});

async function leaksOf(
  detector: LeakDetector,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<readonly Leak[]> {
  const server = await listen(answer);
  const stop = detector.watch(server.url, secrets);
  await fetch(`${server.url}/chat?x=1`).then((response) => response.text());
  stop();
  await server.close();
  return detector.take();
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(answer);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
