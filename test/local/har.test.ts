import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as z from 'zod';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';
import { startCli } from './run-cli.ts';

let assembly: FixtureAssembly;
let projectDirectory: string;
before(() => {
  assembly = synthesizeFixture();
  projectDirectory = mkdtempSync(path.join(tmpdir(), 'local-har-'));
});
after(() => {
  assembly.remove();
  rmSync(projectDirectory, { recursive: true, force: true });
});

/** An object of HAR: members of the specification, and others only with an underscore before them. */
function harObject<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$loose> {
  return z
    .looseObject(shape)
    .refine((value) => Object.keys(value).every((name) => name in shape || name.startsWith('_')), {
      error: 'a member is neither of HAR nor ours',
    });
}

const comment = z.string().optional();
const pair = harObject({ name: z.string(), value: z.string(), comment });
const cookie = harObject({
  name: z.string(),
  value: z.string(),
  path: z.string().optional(),
  domain: z.string().optional(),
  expires: z.iso.datetime({ offset: true }).optional(),
  httpOnly: z.boolean().optional(),
  secure: z.boolean().optional(),
  comment,
});
/** Bytes, or -1 where they are not known. */
const size = z.int().min(-1);
/** Milliseconds, or -1 where there is no such phase. */
const phase = z.number().min(-1);
const duration = z.number().min(0);

/** HTTP Archive 1.2, as its specification has it (W3C Web Performance Working Group, editor's draft of 14 August 2012). */
const harSchema = z.strictObject({
  log: harObject({
    version: z.literal('1.2'),
    creator: harObject({ name: z.string(), version: z.string(), comment }),
    browser: harObject({ name: z.string(), version: z.string(), comment }).optional(),
    pages: z.array(z.never()).optional(),
    entries: z.array(
      harObject({
        pageref: z.never().optional(),
        startedDateTime: z.iso.datetime({ offset: true }),
        time: duration,
        request: harObject({
          method: z.string(),
          url: z.url(),
          httpVersion: z.string(),
          cookies: z.array(cookie),
          headers: z.array(pair),
          queryString: z.array(pair),
          postData: z.never().optional(),
          headersSize: size,
          bodySize: size,
          comment,
        }),
        response: harObject({
          status: z.int(),
          statusText: z.string(),
          httpVersion: z.string(),
          cookies: z.array(cookie),
          headers: z.array(pair),
          content: harObject({
            size: z.int().min(0),
            compression: z.int().optional(),
            mimeType: z.string(),
            text: z.never().optional(),
            encoding: z.never().optional(),
            comment,
          }),
          redirectURL: z.string(),
          headersSize: size,
          bodySize: size,
          comment,
        }),
        cache: harObject({ beforeRequest: z.null().optional(), afterRequest: z.null().optional(), comment }),
        timings: harObject({
          blocked: phase.optional(),
          dns: phase.optional(),
          connect: phase.optional(),
          send: duration,
          wait: duration,
          receive: duration,
          ssl: phase.optional(),
          comment,
        }),
        serverIPAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
        connection: z.string().optional(),
        comment,
        _hops: z.array(
          z.strictObject({
            hop: z.enum(['viewer-function', 'edge-request', 'edge-response', 'function-url', 'agentcore', 'viewer']),
            startMs: duration,
            requestHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            requestBytes: z.int().min(0),
            headMs: duration.optional(),
            status: z.int().optional(),
            responseHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })),
            coldStartMs: duration.optional(),
            chunks: z.array(z.strictObject({ atMs: duration, bytes: z.int().min(0) })),
            chunkCount: z.int().min(0),
            responseBytes: z.int().min(0),
            endMs: duration.optional(),
            outcome: z.enum(['complete', 'cut', 'viewer-left', 'failed']).optional(),
          }),
        ),
      }),
    ),
  }),
});

type Har = z.infer<typeof harSchema>;

test('writes an HTTP Archive that is whole after each request and after a kill, and holds no secret', async () => {
  const line = ['local', '--assembly', assembly.directory, '--port', '0', '--trace', 'trace.har'];
  await using running = startCli(projectDirectory, line);
  const [url] = await running.stdout.until(/http:\/\/127\.0\.0\.1:\d+/u);
  await running.stdout.until(/Ctrl-C ends it/u);
  assert.deepEqual(readHar().log.entries, []);
  for (const [path, body, headers] of [
    ['/one?prompt=hunter2', 'my name is hunter2', { authorization: 'Bearer hunter2', cookie: 'sid=hunter2' }],
    ['/two', 'abcd', { authorization: 'Basic aHVudGVyMg==', 'x-api-key': 'hunter2', 'x-my-token': 'hunter2' }],
    ['/three', 'abcd', { 'x-fixture-relay': 'throw', referer: 'https://a.example/?q=hunter2' }],
  ] as const) {
    const response = await fetch(`${url}${path}`, { method: 'POST', body, headers });
    await response.arrayBuffer();
    await running.stdout.until(new RegExp(`POST ${path.replace(/\?.*/u, '')} \\d+ `, 'u'));
    const last = readHar().log.entries.at(-1);
    assert.deepEqual(
      [last?.['_requestId'], last?.request.url, last?.response.status],
      [response.headers.get('x-amz-cf-id'), `${url}${path.replace(/\?.*/u, '')}`, response.status],
    );
  }
  running.child.kill('SIGKILL');
  await running.ended;
  const { log } = readHar();
  assert.deepEqual(
    log.entries.map(({ response, time, timings }) => [
      response.status,
      Math.round(timings.send + timings.wait + timings.receive) === Math.round(time),
    ]),
    [
      [200, true],
      [200, true],
      [502, true],
    ],
  );
  const [first] = log.entries;
  assert.deepEqual(
    first?._hops.map(({ hop, status, outcome }) => [hop, status, outcome]),
    [
      ['viewer', 200, 'complete'],
      ['viewer-function', undefined, 'complete'],
      ['edge-request', undefined, 'complete'],
      ['function-url', 200, 'complete'],
      ['edge-response', 200, 'complete'],
    ],
  );
  const [viewer] = first?._hops ?? [];
  assert.deepEqual(
    [viewer?.requestBytes, viewer?.responseBytes, viewer?.chunks.reduce((sum, { bytes }) => sum + bytes, 0)],
    [first?.request.bodySize, first?.response.content.size, first?.response.bodySize],
  );
  const text = readFileSync(path.join(projectDirectory, 'trace.har'), 'utf8');
  for (const secret of ['hunter2', 'aHVudGVyMg', 'local-cloudfront-session-token', 'ASIALOCAL', 'a=1; Path']) {
    assert.ok(!text.includes(secret), `${secret} is in the file`);
  }
});

function readHar(): Har {
  return harSchema.parse(JSON.parse(readFileSync(path.join(projectDirectory, 'trace.har'), 'utf8')));
}
