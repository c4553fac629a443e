import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildResult } from 'esbuild';
import { originEventsBundle } from '../../scripts/lambda-bundles.ts';
import type { handler as originEvents } from './origin-events.ts';

let bundle: BuildResult<{ metafile: true; write: false }>;
let handler: typeof originEvents;

before(async () => {
  const absWorkingDir = fileURLToPath(new URL('../..', import.meta.url));
  bundle = await build({ ...originEventsBundle, absWorkingDir, outfile: 'index.mjs', write: false, metafile: true });
  const code = Buffer.from(bundle.outputFiles[0]?.contents ?? []).toString('base64');
  ({ handler } = (await import(`data:text/javascript;base64,${code}`)) as { readonly handler: typeof originEvents });
});

test('hashes a body on its way to the origin and renames a challenge on its way back, by the type of the event', async () => {
  const request = {
    method: 'POST',
    headers: {},
    body: { inputTruncated: false, encoding: 'base64', data: '' },
  } as const;
  const value = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const signed = { 'x-amz-content-sha256': [{ key: 'x-amz-content-sha256', value }] };
  for (const config of [{ requestId: 'r1' }, { eventType: 'origin-request', requestId: 'r1' } as const]) {
    const answer = await handler({ Records: [{ cf: { config, request: structuredClone(request) } }] });
    assert.deepEqual(answer, { ...request, headers: signed });
  }
  const response = { status: '401', headers: { 'x-amzn-remapped-www-authenticate': [{ value: 'Bearer' }] } };
  const config = { eventType: 'origin-response', requestId: 'r1' } as const;
  // CloudFront shows the request there too, and ignores what a function makes of it.
  assert.deepEqual(await handler({ Records: [{ cf: { config, request, response } }] }), {
    status: '401',
    headers: { 'www-authenticate': [{ key: 'WWW-Authenticate', value: 'Bearer' }] },
  });
});

test('stays below 5 kB as a bundle, with node:crypto as its only import', () => {
  const outputs = Object.values(bundle.metafile.outputs);
  assert.deepEqual(
    outputs.flatMap(({ imports }) => imports.map(({ path }) => path)),
    ['node:crypto'],
  );
  assert.deepEqual(Object.keys(bundle.metafile.inputs).toSorted(), [
    'src/edge/body-hash.ts',
    'src/edge/challenge.ts',
    'src/edge/origin-events.ts',
  ]);
  assert.ok((bundle.outputFiles[0]?.contents.length ?? Infinity) < 5_000);
});
