import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { toHarEntry } from './har.ts';
import { createHarFile } from './har-file.ts';
import type { RequestLine } from './request-line.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'har-file-'));
after(() => rmSync(folder, { recursive: true }));

const line: RequestLine = {
  at: 1_795_000_000_000,
  requestId: 'id==',
  method: 'POST',
  path: '/relay_0123456789abcdefghij/x',
  status: 200,
  bytes: 30,
  ending: 'cut',
  cacheResult: 'Miss from cloudfront',
  hops: {},
  faults: ['cut-after=1'],
  trace: [
    {
      hop: 'viewer',
      startMs: 0.123456,
      requestHeaders: [{ name: 'Authorization', value: 'Bearer hunter2' }],
      requestBytes: 7,
      headMs: 12.3456,
      status: 200,
      responseHeaders: [
        { name: 'Content-Type', value: 'text/event-stream' },
        { name: 'Location', value: '/a?b=hunter2' },
      ],
      coldStartMs: undefined,
      chunks: [{ atMs: 13.00001, bytes: 30 }],
      chunkCount: 1,
      responseBytes: 30,
      endMs: undefined,
      outcome: 'cut',
    },
  ],
  firstByteMs: 13,
  totalMs: 20,
};

test('makes a file that only its owner reads', () => {
  const file = path.join(folder, 'mode.har');
  createHarFile(file, assert.fail).close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('is a whole archive at any time, and replaces what the file held', () => {
  const file = path.join(folder, 'grows.har');
  writeFileSync(file, 'x'.repeat(100_000));
  const faults: string[] = [];
  const har = createHarFile(file, (sentence) => faults.push(sentence));
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const expected = (entries: readonly unknown[]): unknown => ({
    log: { version: '1.2', creator: { name: 'agentcore-relay', version }, pages: [], entries },
  });
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), expected([]));
  for (let count = 1; count <= 3; count += 1) {
    har.add(toHarEntry({ ...line, requestId: '\u00e9'.repeat(count) }, 'http://a'));
    const { log } = JSON.parse(readFileSync(file, 'utf8')) as { log: { entries: { _requestId: string }[] } };
    assert.deepEqual(
      log.entries.map((entry) => entry._requestId.length),
      [1, 2, 3].slice(0, count),
    );
  }
  har.close();
  har.close();
  har.add(toHarEntry(line, 'http://a'));
  assert.deepEqual(faults, []);
});

test('says in a sentence that it cannot be written', () => {
  assert.throws(() => createHarFile(path.join(folder, 'no', 'such.har'), () => undefined), {
    name: 'LocalChainError',
    message: /^the trace ".*such\.har" cannot be written: ENOENT/u,
  });
});

test(
  'says once that the disk takes no more, and leaves a whole archive',
  { skip: process.platform === 'win32' },
  () => {
    const file = path.join(folder, 'full.har');
    const program = `
    import { createHarFile } from ${JSON.stringify(import.meta.resolve('./har-file.ts'))};
    process.on('SIGXFSZ', () => undefined);
    const har = createHarFile(process.argv[1], (sentence) => process.stdout.write(sentence + '\\n'));
    for (let count = 0; count < 40; count += 1) har.add({ _note: 'x'.repeat(100) });`;
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 4; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', program, file],
      { encoding: 'utf8' },
    );
    assert.deepEqual([stdout, stderr], [`the trace "${file}" cannot be written: EFBIG: file too large, write\n`, '']);
    const { log } = JSON.parse(readFileSync(file, 'utf8')) as { log: { entries: unknown[] } };
    assert.ok(log.entries.length > 5 && log.entries.length < 40, `${log.entries.length} entries`);
  },
);

test('has of a request its times, its sizes and its headers, and no secret', () => {
  assert.deepEqual(toHarEntry(line, 'http://127.0.0.1:1'), {
    startedDateTime: '2026-11-18T11:06:40.000Z',
    time: 20,
    request: {
      method: 'POST',
      url: 'http://127.0.0.1:1/(masked)/x',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [{ name: 'Authorization', value: 'Bearer (masked)' }],
      queryString: [],
      headersSize: -1,
      bodySize: 7,
    },
    response: {
      status: 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [
        { name: 'Content-Type', value: 'text/event-stream' },
        { name: 'Location', value: '/a?b=(masked)' },
      ],
      content: { size: 30, mimeType: 'text/event-stream' },
      redirectURL: '/a?b=(masked)',
      headersSize: -1,
      bodySize: 30,
    },
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: 12.346, receive: 7.654 },
    serverIPAddress: '127.0.0.1',
    _resourceType: 'fetch',
    _requestId: 'id==',
    _cacheResult: 'Miss from cloudfront',
    _ending: 'cut',
    _faults: ['cut-after=1'],
    _hops: [
      {
        hop: 'viewer',
        startMs: 0.123,
        requestHeaders: [{ name: 'Authorization', value: 'Bearer (masked)' }],
        requestBytes: 7,
        headMs: 12.346,
        status: 200,
        responseHeaders: [
          { name: 'Content-Type', value: 'text/event-stream' },
          { name: 'Location', value: '/a?b=(masked)' },
        ],
        coldStartMs: undefined,
        chunks: [{ atMs: 13, bytes: 30 }],
        chunkCount: 1,
        responseBytes: 30,
        endMs: undefined,
        outcome: 'cut',
      },
    ],
  });
});

test('counts all of it as waiting where nothing came', () => {
  const nothing: RequestLine = { ...line, trace: [], firstByteMs: undefined, totalMs: 5 };
  const { timings, time, request, response } = toHarEntry(nothing, 'http://a');
  assert.deepEqual(
    [timings.wait, timings.receive, time, request.bodySize, response.content.mimeType, response.redirectURL],
    [5, 0, 5, -1, 'x-unknown', ''],
  );
});
