import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { describeRequest } from './console.ts';
import type { RequestLine } from './request-line.ts';

const line: RequestLine = {
  at: 0,
  requestId: 'id==',
  method: 'POST',
  path: '/',
  status: 200,
  bytes: 1842,
  ending: 'complete',
  cacheResult: 'Miss from cloudfront',
  hops: { edgeFunctionMs: 2, functionMs: 437, agentMs: 433, agentInitMs: 409 },
  faults: [],
  trace: [],
  firstByteMs: 443,
  totalMs: 466,
};

/** The line without its time and its colours. */
const describe = (changes: Partial<RequestLine> = {}): string =>
  stripVTControlCharacters(describeRequest({ ...line, ...changes })).replace(/^[\d:]{8} /u, '');

test('says of a request how it ended, which faults met it and what CloudFront made of it, where that is worth a word', () => {
  const usual = 'POST / 200 1,842 B  edge 2.0 · relay 437 · agent 433 (cold 409) · first byte 443 · total 466 ms';
  assert.equal(describe(), `${usual}\n`);
  assert.equal(
    describe({ ending: 'cut', faults: ['relay-cut-after=20', 'split=1'] }),
    `${usual}  cut by the origin, with relay-cut-after=20, split=1\n`,
  );
  assert.equal(
    describe({ ending: 'viewer-left', cacheResult: 'LambdaExecutionError from cloudfront' }),
    `${usual}  the viewer left, LambdaExecutionError\n`,
  );
});
