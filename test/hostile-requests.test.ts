import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../src/protocols/protocol.ts';
import { defaultLimits } from '../src/settings.ts';
import { loadedProtocols } from './loaded-protocols.ts';

const { maxBodyBytes, maxPromptLength } = defaultLimits;
const endpoints = new Map(loadedProtocols.map(({ name, endpoint }) => [name, endpoint]));

function findEndpoint(name: string): Endpoint {
  return endpoints.get(name) ?? assert.fail(name);
}

function read(endpoint: Endpoint, body: string, agentProtocol: 'HTTP' | 'AGUI' = 'HTTP') {
  const request = { method: 'POST', query: new URLSearchParams(), headers: {}, body: Buffer.from(body) };
  return endpoint.read(request, { maxPromptLength, agentProtocol });
}

/** A body of the largest size, with as many of these parts as it holds in a message before the last. */
interface FullBody {
  readonly name: string;
  readonly text: string;
  readonly unsupported: string;
  fill(parts: string): string;
}

const fullBodies: readonly FullBody[] = [
  {
    name: 'ui-message',
    text: '{"type":"text","text":"a"}',
    unsupported: '{"type":"file","url":""}',
    fill: (parts) =>
      `{"messages":[{"role":"user","parts":[${parts}]},{"role":"user","parts":[{"type":"text","text":"hi"}]}]}`,
  },
  {
    name: 'ag-ui',
    text: '{"type":"text","text":"a"}',
    unsupported: '{"type":"x"}',
    fill: (parts) =>
      `{"threadId":"t","runId":"r","messages":[{"role":"user","content":[${parts}]},{"role":"user","content":"hi"}]}`,
  },
  {
    name: 'openai-chat',
    text: '{"type":"text","text":"a"}',
    unsupported: '{"type":"file"}',
    fill: (parts) => `{"messages":[{"role":"user","content":[${parts}]},{"role":"user","content":"hi"}]}`,
  },
  {
    name: 'openai-responses',
    text: '{"type":"input_text","text":"a"}',
    unsupported: '{}',
    fill: (parts) => `{"input":[{"role":"user","content":[${parts}]},{"role":"user","content":"hi"}]}`,
  },
];

describe('a request of the largest size', () => {
  for (const { name, text, unsupported, fill } of fullBodies) {
    it(`costs no more for what is left out of it than for text: ${name}`, () => {
      const endpoint = findEndpoint(name);
      const timeOf = (part: string) => {
        const count = Math.floor((maxBodyBytes - 200) / (part.length + 1));
        const body = fill(Array.from({ length: count }, () => part).join(','));
        const times = Array.from({ length: 3 }, () => {
          const startedAt = performance.now();
          assert.equal(read(endpoint, body).prompt, 'hi');
          return performance.now() - startedAt;
        });
        return Math.min(...times) / count;
      };
      // An error for each of them took ten times as long, and up to two seconds.
      assert.ok(timeOf(unsupported) < 5 * timeOf(text));
    });
  }

  it('is refused where it is nested so deep that it could not be written again', () => {
    const deep = '['.repeat(maxBodyBytes / 2);
    const message = 'the body must not be nested more than 500 deep';
    for (const endpoint of new Set(endpoints.values())) {
      assert.throws(() => read(endpoint, `{"state":${deep}`), { code: 'invalid_request', message }, endpoint.path);
    }
    const nested = (depth: number) => `{"prompt":"[[[\\"[[[","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const prompts = findEndpoint('original');
    assert.equal(read(prompts, nested(499)).prompt, '[[["[[[');
    assert.throws(() => read(prompts, nested(500)), { code: 'invalid_request', message });
  });
});

it('names the type of a part in a sentence, whatever it is', () => {
  const message = '"messages[0].content[0]" is of a type that the agent cannot be given: an object';
  const body = '{"threadId":"t","runId":"r","messages":[{"role":"user","content":[{"type":{"toString":1}}]}]}';
  assert.throws(() => read(findEndpoint('ag-ui'), body), { code: 'unsupported_content', message });
});
