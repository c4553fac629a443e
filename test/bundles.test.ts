import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const read = (file: string) => readFileSync(new URL(`../dist/functions/${file}`, import.meta.url));

/** What each deployed file may weigh, in bytes; CloudFront's own limit for a function is 10 KB. */
const budgets: Readonly<Record<string, number>> = {
  'relay/index.mjs': 150_000,
  'body-hash/index.mjs': 5_000,
  'viewer-request/index.js': 5_000,
  'agent/main.mjs': 5_000_000,
};

describe('the deployed bundles', () => {
  for (const [file, maxBytes] of Object.entries(budgets)) {
    it(`stay within their budget: ${file}, ${maxBytes.toLocaleString('en')} bytes`, () => {
      const { byteLength } = read(file);
      assert.ok(byteLength > 0 && byteLength <= maxBytes, `${byteLength} bytes`);
    });
  }

  it('hold no AWS SDK in the relay, whose start it would slow by a third', () => {
    assert.doesNotMatch(read('relay/index.mjs').toString('utf8'), /@smithy|aws-sdk-js|BedrockAgentCoreClient/u);
  });

  it("import no node:http into the relay, which would load the whole of Node's fetch with it", () => {
    assert.doesNotMatch(read('relay/index.mjs').toString('utf8'), /from"node:https?"/u);
  });

  it('export a handler under the name that the stack deploys', () => {
    for (const file of ['relay/index.mjs', 'body-hash/index.mjs']) {
      assert.match(read(file).toString('utf8'), /export\{[^}]*\bas handler\b[^}]*\}/u, file);
    }
    assert.match(read('viewer-request/index.js').toString('utf8'), /^function handler\(/mu);
  });
});
