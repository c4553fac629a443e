/** What a CloudFront Function may require, compared with Node's own, which AWS says that it behaves like. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import querystring from 'node:querystring';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';
import { createViewerFunction } from './viewer-function.ts';

const event = { request: {} } as ViewerFunctionEvent;
/** Takes its work from the event, so that one function serves all tests. */
const viewerFunction = createViewerFunction(
  'f',
  `var crypto = require('crypto'), querystring = require('querystring'), Again = require('buffer').Buffer;
  var work = {
    bytes: function (b) { return {
      hex: b.toString('hex'), base64: b.toString('base64'), base64url: b.toString('base64url'), utf8: b.toString(),
      part: b.toString('hex', 1, 3), sub: b.subarray(1).toString('hex'), json: b.toJSON(), length: b.length,
      int8: b.readInt8(0), uint8: b.readUInt8(1), int16: b.readInt16LE(2), uint16: b.readUInt16BE(2),
      int32: b.readInt32BE(0), uint32: b.readUInt32LE(1), float: b.readFloatLE(0), double: b.readDoubleBE(0),
      int: b.readIntBE(1, 6), uint: b.readUIntLE(0, 6), int3: b.readIntLE(2, 3),
      index: b.indexOf(b.subarray(2, 4)), last: b.lastIndexOf(b[0]), includes: b.includes('a'), none: b.indexOf('zz'),
      compare: b.compare(Buffer.from('abc')), equals: b.equals(Again.from(b)), is: Buffer.isBuffer(b) && !Buffer.isBuffer([]),
      swapped: Buffer.from(b).swap16().toString('hex') + Buffer.from(b).swap32().toString('hex') + Buffer.from(b).swap64().toString('hex'),
      concat: Buffer.concat([b, b], 9).toString('hex'),
    }; },
    texts: function (text) { return {
      lengths: [Buffer.byteLength(text), Buffer.from(text).length], utf8: Buffer.from(text).toString('hex'),
      hex: Buffer.from(text, 'hex').toString('hex'), base64: Buffer.from(text, 'base64').toString('hex'),
      filled: Buffer.alloc(7, text).toString('hex'), encoder: Array.prototype.slice.call(new TextEncoder().encode(text)),
      into: new TextEncoder().encodeInto(text, new Uint8Array(4)),
      hashes: ['md5', 'sha1', 'sha256'].map(function (name) { return crypto.createHash(name).update(text).update('x').digest('hex'); }),
      mac: crypto.createHmac('sha256', text).update(text).digest('base64'), raw: crypto.createHash('md5').update(text).digest().toString('hex'),
      parsed: querystring.parse(text), again: querystring.stringify(querystring.parse(text)),
    }; },
    written: function (value) {
      var b = Buffer.alloc(40);
      var offsets = [b.writeInt8(value % 100, 0), b.writeUInt16LE(Math.abs(value) % 65536, 1), b.writeInt32BE(value, 3), b.writeDoubleLE(value, 7),
        b.writeFloatBE(value, 15), b.writeIntBE(value, 19, 6), b.writeUIntLE(Math.abs(value), 25, 5), b.write('héllo', 30)];
      return { hex: b.toString('hex'), offsets: offsets };
    },
  };
  function handler(event) { return work[event.kind](event.kind === 'bytes' ? Buffer.from(event.value) : event.value); }`,
);
after(() => viewerFunction.close());

test('reads and compares bytes as Node does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 16 }), async (array) => {
      const value = [...array].slice(0, array.length - (array.length % 8));
      const b = Buffer.from(value);
      assert.deepEqual(await run('bytes', value), {
        hex: b.toString('hex'),
        base64: b.toString('base64'),
        base64url: b.toString('base64url'),
        utf8: b.toString(),
        part: b.toString('hex', 1, 3),
        sub: b.subarray(1).toString('hex'),
        json: b.toJSON(),
        length: b.length,
        int8: b.readInt8(0),
        uint8: b.readUInt8(1),
        int16: b.readInt16LE(2),
        uint16: b.readUInt16BE(2),
        int32: b.readInt32BE(0),
        uint32: b.readUInt32LE(1),
        float: throughJson(b.readFloatLE(0)),
        double: throughJson(b.readDoubleBE(0)),
        int: b.readIntBE(1, 6),
        uint: b.readUIntLE(0, 6),
        int3: b.readIntLE(2, 3),
        index: b.indexOf(b.subarray(2, 4)),
        last: b.lastIndexOf(b[0] ?? 0),
        includes: b.includes('a'),
        none: b.indexOf('zz'),
        compare: b.compare(Buffer.from('abc')),
        equals: true,
        is: true,
        swapped: ['swap16', 'swap32', 'swap64']
          .map((swap) => Buffer.from(b)[swap as 'swap16']().toString('hex'))
          .join(''),
        concat: Buffer.concat([b, b], 9).toString('hex'),
      });
    }),
    { numRuns: 50 },
  );
});

test('encodes, hashes and parses texts as Node does', async () => {
  const ofUnits = (...units: readonly string[]) =>
    fc.string({ unit: fc.constantFrom(...units), minLength: 1, maxLength: 20 });
  const shared = [...Array.from('ab01=&+ -_'), '%20', '%C3%A9', '&a=', 'a=1'];
  // Of an escape that is wrong beside a character over U+00FF Node makes another character; nobody relies on that.
  const texts = fc.oneof(ofUnits(...shared, 'é', '€', '\u{1F600}'), ofUnits(...shared, '%', '%ff'));
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      assert.deepEqual(await run('texts', text), {
        lengths: [Buffer.byteLength(text), Buffer.from(text).length],
        utf8: Buffer.from(text).toString('hex'),
        hex: Buffer.from(text, 'hex').toString('hex'),
        base64: Buffer.from(text, 'base64').toString('hex'),
        filled: Buffer.alloc(7, text).toString('hex'),
        encoder: [...new TextEncoder().encode(text)],
        into: new TextEncoder().encodeInto(text, new Uint8Array(4)),
        hashes: ['md5', 'sha1', 'sha256'].map((name) => createHash(name).update(text).update('x').digest('hex')),
        mac: createHmac('sha256', text).update(text).digest('base64'),
        raw: createHash('md5').update(text).digest().toString('hex'),
        parsed: { ...querystring.parse(text) },
        again: querystring.stringify(querystring.parse(text)),
      });
    }),
    { numRuns: 100 },
  );
});

test('takes parameters whose names every object has for those of the query', async () => {
  const text = '__proto__=1&constructor=2&toString=3&toString=4';
  const { parsed, again } = (await run('texts', text)) as { parsed: object; again: string };
  assert.deepEqual([Object.entries(parsed), again], [Object.entries(querystring.parse(text)), text]);
});

test('writes numbers and texts as Node does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (value) => {
      const b = Buffer.alloc(40);
      const offsets = [
        b.writeInt8(value % 100, 0),
        b.writeUInt16LE(Math.abs(value) % 65_536, 1),
        b.writeInt32BE(value, 3),
        b.writeDoubleLE(value, 7),
        b.writeFloatBE(value, 15),
        b.writeIntBE(value, 19, 6),
        b.writeUIntLE(Math.abs(value), 25, 5),
        b.write('héllo', 30),
      ];
      assert.deepEqual(await run('written', value), { hex: b.toString('hex'), offsets });
    }),
    { numRuns: 30 },
  );
});

test('refuses what the runtime does not have: other modules, algorithms and encodings, a second digest', async () => {
  const failures = [];
  for (const body of [
    'require("fs")',
    'require("__proto__")',
    'require("crypto").createHash("sha512")',
    'Buffer.from("a", "latin1")',
    'var h = require("crypto").createHash("md5"); h.digest(); h.digest()',
    'new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]))',
  ]) {
    const own = createViewerFunction('g', `function handler() { ${body}; return {}; }`);
    failures.push((await own.run(event)).failure);
    await own.close();
  }
  assert.deepEqual(failures, [
    'Error: Cannot find module "fs"',
    'Error: Cannot find module "__proto__"',
    'TypeError: not supported algorithm: "sha512"',
    'TypeError: "latin1" encoding is not supported',
    'Error: Digest already called',
    'TypeError: The encoded data was not valid for encoding utf-8',
  ]);
});

async function run(kind: string, value: unknown): Promise<unknown> {
  const { result, failure } = await viewerFunction.run({ ...event, kind, value } as unknown as ViewerFunctionEvent);
  assert.equal(failure, undefined);
  return result;
}

/** A result passes through JSON, which has no infinities. */
function throughJson(value: number): unknown {
  return JSON.parse(JSON.stringify(value));
}
