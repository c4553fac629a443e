import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Protocol } from '../src/protocols/protocol.ts';
import { createByteTranslation, createEventTranslation } from '../src/relay/translate.ts';
import { loadedProtocols } from './loaded-protocols.ts';
import { answers } from './recordings.ts';
import type { Recording } from './recordings.ts';

const golden = new URL('golden/', import.meta.url);
const isUpdate = process.env['UPDATE_GOLDEN'] !== undefined;

function createTranslation(protocol: Protocol, contentType: string) {
  return protocol.kind === 'bytes'
    ? createByteTranslation(protocol.createCopier(contentType, contentType))
    : createEventTranslation({
        writer: protocol.createWriter({
          requestId: 'request-0001',
          conversationId: 'conversation-0000000000000000000001',
          startedAtMs: 1_800_000_000_000,
        }),
        contentType,
        maxMessageBytes: 1_000_000,
        maxDocumentBytes: 1_000_000,
      });
}

function translate(protocol: Protocol, contentType: string, chunks: Iterable<Uint8Array>): string {
  const translation = createTranslation(protocol, contentType);
  const output: Uint8Array[] = [];
  for (const chunk of chunks) if (!translation.ended) output.push(Buffer.from(translation.push(chunk)));
  if (!translation.ended) output.push(Buffer.from(translation.finish()));
  assert.equal(translation.ended, true);
  return Buffer.concat(output).toString('utf8');
}

/** Cuts at the given positions, taken modulo the length. */
function cut(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const sorted = positions.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...sorted].map((position, index) => bytes.subarray(position, sorted[index] ?? bytes.length));
}

const stride = 61;
const wholes = new Map<string, string>();

function translateWhole(protocol: Protocol, { name, contentType, bytes }: Recording): string {
  const key = `${name}.${protocol.name}`;
  const text = wholes.get(key) ?? translate(protocol, contentType, [bytes]);
  wholes.set(key, text);
  return text;
}

for (const protocol of loadedProtocols) {
  describe(`${protocol.name} of recorded answers`, () => {
    it('is what the golden files say', () => {
      if (isUpdate) mkdirSync(golden, { recursive: true });
      for (const recording of answers) {
        const text = translateWhole(protocol, recording);
        const file = new URL(`${recording.name}.${protocol.name}.txt`, golden);
        if (protocol.kind === 'bytes') {
          // Its golden file is the recording itself.
          assert.equal(text, Buffer.from(recording.bytes).toString('utf8'), recording.name);
        } else if (isUpdate) {
          writeFileSync(file, text);
        } else {
          assert.equal(text, readFileSync(file, 'utf8'), recording.name);
        }
      }
    });

    it('is the same wherever the bytes are cut', () => {
      for (const recording of answers) {
        const { name, contentType, bytes } = recording;
        const whole = translateWhole(protocol, recording);
        // Cuts 61 bytes apart, begun at every offset: every position is cut once, at 1/130 of the price of one by one.
        for (let offset = 1; offset <= stride; offset++) {
          const positions = Array.from({ length: bytes.length / stride }, (_, index) => offset + index * stride);
          const text = translate(protocol, contentType, cut(bytes, positions));
          if (text !== whole) assert.equal(text, whole, `${name} cut every ${stride} bytes from ${offset}`);
        }
        const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
        assert.equal(translate(protocol, contentType, single), whole, `${name} byte by byte`);
      }
    });

    it('is the same in random pieces', () => {
      fc.assert(
        fc.property(fc.constantFrom(...answers), fc.array(fc.nat(), { maxLength: 30 }), (recording, positions) => {
          const text = translate(protocol, recording.contentType, cut(recording.bytes, positions));
          assert.equal(text, translateWhole(protocol, recording), recording.name);
        }),
        { numRuns: 200 },
      );
    });

    it('ends by itself wherever the answer breaks off', () => {
      for (const { contentType, bytes } of answers) {
        for (let length = 0; length < bytes.length; length += 41) {
          translate(protocol, contentType, [bytes.subarray(0, length)]);
        }
      }
    });
  });
}

describe('a translation of anything', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const names = ['event', 'type', 'data', 'message', 'error', 'delta', 'contentBlockDelta', 'metadata', 'result'];
  const frame = fc.oneof(
    json,
    fc.record(Object.fromEntries(names.map((name) => [name, json])), { requiredKeys: [] }),
    fc.record({ event: fc.dictionary(fc.constantFrom('messageStart', 'contentBlockDelta', 'messageStop'), json) }),
    fc.record({
      type: fc.constantFrom('modelStreamUpdateEvent', 'multiagent_node_stream', 'toolResultEvent'),
      event: json,
    }),
  );

  it('neither throws nor hangs on frames that no agent sends', () => {
    const protocols = loadedProtocols.filter(({ kind }) => kind === 'events');
    fc.assert(
      fc.property(fc.constantFrom(...protocols), fc.array(frame, { maxLength: 12 }), (protocol, frames) => {
        const text = frames.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('');
        translate(protocol, 'text/event-stream', [Buffer.from(text)]);
      }),
      { numRuns: 1000 },
    );
  });

  it('neither throws nor hangs on arbitrary bytes of any type', () => {
    const types = ['text/event-stream', 'application/json', 'text/plain', ''];
    fc.assert(
      fc.property(
        fc.constantFrom(...loadedProtocols),
        fc.constantFrom(...types),
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }),
        (protocol, contentType, chunks) => void translate(protocol, contentType, chunks),
      ),
      { numRuns: 1000 },
    );
  });

  it('survives nesting that would exhaust a recursive reader', () => {
    const depth = 20_000;
    const open = '{"type":"multiagent_node_stream","node_id":"n","event":';
    const text = `data: ${open.repeat(depth)}{"data":"x"}${'}'.repeat(depth)}\n\n`;
    for (const protocol of loadedProtocols) translate(protocol, 'text/event-stream', [Buffer.from(text)]);
  });

  it('stops at a message over the bound instead of holding it', () => {
    const [, transformed] = loadedProtocols;
    assert.ok(transformed);
    const translation = createTranslation(transformed, 'text/event-stream');
    let output = '';
    for (let count = 0; count < 40 && !translation.ended; count++) {
      output += String(translation.push(Buffer.from('data: ').fill('x', 6)));
      output += String(translation.push(Buffer.alloc(65_536, 'x')));
    }
    assert.deepEqual([translation.ended, translation.error?.code], [true, 'agent_answer_too_large']);
    assert.equal(
      output,
      '\n----------\n{"error":{"code":"agent_answer_too_large","message":"the agent sent a message that is too large to relay"}}',
    );
  });
});
