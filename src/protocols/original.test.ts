import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { answers } from '../../test/recordings.ts';
import { RelayError } from '../errors.ts';
import { original } from './original.ts';
import { scrubbedOriginal } from './scrubbed-original.ts';
import type { ByteCopier } from './protocol.ts';

const eventStream = 'text/event-stream';
const json = 'application/json';
const begin = (contentType = eventStream, sentContentType = contentType): ByteCopier =>
  scrubbedOriginal.createCopier(contentType, sentContentType);

/** Passes chunks on, then a clean end, as the relay does. */
function pass(chunks: Iterable<Uint8Array | string>, copier = begin()): string {
  const output: (Uint8Array | string)[] = [];
  for (const chunk of chunks) output.push(copier.push(Buffer.from(chunk)));
  output.push(copier.isCutShort ? copier.fail(new RelayError('agent_interrupted')) : copier.finish());
  return Buffer.concat(output.map((piece) => Buffer.from(piece))).toString('utf8');
}

const byBytes = (text: string) => Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte));

const arn = 'arn:aws:iam::123456789012:role/agent';
const frame = (data: string, end = '\n') => `data: ${data}${end}${end}`;
const text = frame(
  '{"event": {"contentBlockDelta": {"delta": {"text": "the role is arn:aws:iam::123456789012:role/a"}}}}',
);

/** What agents say of their errors, and what becomes of it. */
const errors: readonly (readonly [what: string, said: string, shown: string])[] = [
  [
    'the error of the Python SDK, with its spaces and escapes',
    frame(`{"error": "AccessDenied\\u00e9: ${arn} may not", "error_type": "RuntimeError", "n": 1.0}`),
    frame('{"error": "AccessDeniedé: [arn] may not", "error_type": "RuntimeError", "n": 1.0}'),
  ],
  [
    'the error of the TypeScript SDK',
    `event: error\n${frame(`{"error":"${arn}"}`)}`,
    `event: error\n${frame('{"error":"[arn]"}')}`,
  ],
  ['an error without JSON', `event: error\n${frame(`no role ${arn}`)}`, `event: error\n${frame('no role [arn]')}`],
  ['an error that is a string', `event:error\nid: 7\n${frame(`"${arn}"`)}`, `event:error\nid: 7\n${frame('"[arn]"')}`],
  ['an error without a space after the colon', `data:{"error":"${arn}"}\n\n`, 'data: {"error":"[arn]"}\n\n'],
  [
    'an error in several lines',
    `: note\nid: 1\ndata: {\ndata:   "error":\ndata:   "${arn}"\nevent: x\ndata: }\n\n`,
    ': note\nid: 1\ndata: {\ndata:   "error":\ndata:   "[arn]"\ndata: }\nevent: x\n\n',
  ],
  ['an error with CRLF', frame(`{"error":"${arn}"}`, '\r\n'), frame('{"error":"[arn]"}', '\r\n')],
  ['an error with CR', frame(`{"error":"${arn}"}`, '\r'), frame('{"error":"[arn]"}', '\r')],
  [
    'an error without JSON and with CRLF',
    `event: error\r\n${frame(`no role ${arn}`, '\r\n')}`,
    `event: error\r\n${frame('no role [arn]', '\r\n')}`,
  ],
  [
    'an error after lines that end in several ways',
    `data: x\r\n\n${frame(`{"error":"${arn}"}`, '\r')}\ndata: y\r\r\n${frame(`{"error":"${arn}"}`)}`,
    `data: x\r\n\n${frame('{"error":"[arn]"}', '\r')}\ndata: y\r\r\n${frame('{"error":"[arn]"}')}`,
  ],
  [
    'the error of an exception without text',
    frame(`{"error":"","error_type":"${arn}"}`),
    frame('{"error":"","error_type":"[arn]"}'),
  ],
  [
    'the error of a subagent',
    frame(`{"type": "SUBAGENT_ERROR", "message": "${arn}"}`),
    frame('{"type": "SUBAGENT_ERROR", "message": "[arn]"}'),
  ],
  [
    'an error in depth',
    frame(`{"error":{"message":["${arn}"],"${arn}":1}}`),
    frame('{"error":{"message":["[arn]"],"[arn]":1}}'),
  ],
  [
    'an error that names its kind first',
    frame(`{"error_type":"x","error":"${arn}"}`),
    frame('{"error_type":"x","error":"[arn]"}'),
  ],
  [
    'why Strands stops',
    frame(`{"force_stop": true, "force_stop_reason": "${arn}"}`),
    frame('{"force_stop": true, "force_stop_reason": "[arn]"}'),
  ],
  [
    'the error of a hook of Strands',
    frame(`{"type":"afterModelCallEvent","attemptCount":1,"error":{"message":"${arn}"}}`),
    frame('{"type":"afterModelCallEvent","attemptCount":1,"error":{"message":"[arn]"}}'),
  ],
  [
    'an exception of ConverseStream',
    frame(`{"event": {"modelStreamErrorException": {"message": "${arn}"}}}`),
    frame('{"event": {"modelStreamErrorException": {"message": "[arn]"}}}'),
  ],
  [
    'the error of AG-UI',
    frame(`{"type":"RUN_ERROR","message":"${arn}","code":"X"}`),
    frame('{"type":"RUN_ERROR","message":"[arn]","code":"X"}'),
  ],
  [
    'a stack trace, and the quotes around it',
    frame(
      String.raw`{"error":"no \"x\"\n    at run (/var/task/index.js:1:2)\n    at y","stack":"Error: no\n    at a (b.js:1:2)"}`,
    ),
    frame(String.raw`{"error":"no \"x\"","stack":"Error: no"}`),
  ],
  ['an error that is no JSON after all', frame(`{"error": ${arn} }`), frame('{"error": [arn] }')],
];

/** What is no error, though it holds what would be scrubbed. */
const others: readonly string[] = [
  text,
  frame(`"${arn}"`),
  frame(arn),
  frame(
    `{"message": {"role": "user", "content": [{"toolResult": {"status": "error", "content": [{"text": "${arn}"}]}}]}}`,
  ),
  frame(`{"text":"${arn}","error":null}`),
  frame(`{"error":null,"text":"${arn}"}`),
  frame(`{"error":"","text":"${arn}"}`),
  frame(`{"errors":"${arn}"}`),
  frame(`{"type":"modelStreamUpdateEvent","event":{"delta":{"text":"${arn}"}}}`),
  frame(`{"type":"afterModelCallEvent","stopData":{"message":"${arn}"}}`),
  frame(`{"type":"RUN_ERRORS","message":"${arn}"}`),
  frame(`{"type":1,"error":"${arn}"}`),
  frame(`{"event":"${arn}","error":"${arn}"}`),
  frame(`{"event":{"exception":"${arn}"}}`),
  frame(`["${arn}"]`),
  frame(`{${' '.repeat(2000)}"error":"${arn}"}`),
  `event: errors\n${frame(`{"text":"${arn}"}`)}`,
  `event: message\n${frame(`{"text":"${arn}"}`)}`,
  `: event: error ${arn}\n\n`,
  `id: ${arn}\nretry: 10\n\n`,
  'event: error\n\n',
  'data\n\n',
  'data:\n\n',
  '\n\n\r\r\r\n',
  'data: {"error": "nothing to hide"}\r\n\r\n',
];

describe('original with scrubbed errors', () => {
  for (const [what, said, shown] of errors) {
    it(`scrubs ${what}, wherever it is cut`, () => {
      const whole = text + said + text;
      const expected = text + shown + text;
      assert.equal(pass([whole]), expected);
      assert.equal(pass(byBytes(whole)), expected);
      const bytes = Buffer.from(whole);
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.equal(pass([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
      }
    });
  }

  for (const other of others) {
    it(`leaves ${JSON.stringify(other.slice(0, 60))} as it is, wherever it is cut`, () => {
      const bytes = Buffer.from(text + other + text);
      assert.equal(pass(byBytes(bytes.toString())), bytes.toString());
      for (let cut = 0; cut <= bytes.length; cut += bytes.length > 1000 ? 97 : 1) {
        assert.equal(pass([bytes.subarray(0, cut), bytes.subarray(cut)]), bytes.toString(), `cut at ${cut}`);
      }
    });
  }

  it('leaves every recording as it is, but for what its errors show', () => {
    let changed = 0;
    for (const { name, bytes, contentType } of answers) {
      const whole = Buffer.from(bytes).toString('utf8');
      const expected = whole.replaceAll(arn, '[arn]');
      if (expected !== whole) changed += 1;
      assert.equal(pass([bytes], begin(contentType)), expected, name);
      assert.equal(pass(byBytes(whole), begin(contentType)), expected, name);
    }
    assert.notEqual(changed, 0);
  });

  it('sends each byte of a text as soon as it is no beginning of an error', () => {
    const copier = begin();
    const sent = byBytes(text).map((byte) => Buffer.from(copier.push(byte)).toString());
    const firstAt = sent.findIndex((piece) => piece !== '');
    assert.equal(sent[firstAt], 'data: {"event": {"contentBlockDelta"');
    assert.deepEqual(
      sent.slice(firstAt + 1),
      byBytes(text)
        .slice(firstAt + 1)
        .map((byte) => Buffer.from(byte).toString()),
    );
  });

  it('sends a chunk without a copy where nothing of it is an error', () => {
    const chunk = new Uint8Array(Buffer.from(text.repeat(3)));
    const sent = begin().push(chunk);
    assert.ok(typeof sent !== 'string');
    assert.equal(sent.buffer, chunk.buffer);
  });

  it('gives the same however the bytes are cut', () => {
    const piece = fc.constantFrom(
      ...errors.map(([, said]) => said),
      ...others,
      '\r',
      '\n',
      ':',
      'data: ',
      '{"error":',
      'event: error',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 8 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
          (a, b) => a - b,
        );
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        assert.equal(pass(chunks), pass([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it('survives arbitrary bytes, and loses none that are no error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
        const copier = begin();
        const sent = chunks.map((chunk) => Buffer.from(copier.push(Buffer.from(chunk))));
        const whole = Buffer.concat(chunks);
        const passed = Buffer.concat(sent);
        assert.ok(whole.subarray(0, passed.length).equals(passed));
        assert.equal(passed.toString() + copier.finish(), whole.toString());
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the connection alive while an error is held back, not within a message', () => {
    const copier = begin();
    assert.equal(copier.push(Buffer.from(`${text}data: {"error":"`)).toString(), text);
    assert.equal(copier.keepAlive(), ': keep-alive\n\n');
    copier.push(Buffer.from('x"}\n\nid: 1\n'));
    assert.equal(copier.keepAlive(), '');
  });

  it('shows nothing of an error that breaks off', () => {
    const broken =
      'event: error\ndata: {"error":{"code":"agent_interrupted","message":"the answer broke off before its end"}}\n\n';
    const error = `data: {"error":"${arn}`;
    assert.equal(pass([text, error]), text + broken);
    const copier = begin();
    copier.push(Buffer.from(`event: error\n${error}"}\n`));
    assert.equal(copier.fail(new RelayError('agent_interrupted')), broken);
  });

  it('shows an error whose blank line is missing at a clean end, as it does without scrubbing', () => {
    assert.equal(pass([`data: {"error":"${arn}"}\n`]), 'data: {"error":"[arn]"}\n');
  });

  it('ends the answer at an error that is too large to be held back', () => {
    const copier = begin();
    const tooLarge = (thrown: unknown) => thrown instanceof RelayError && thrown.code === 'agent_answer_too_large';
    assert.throws(() => {
      copier.push(Buffer.from('data: {"error":"'));
      for (let megabytes = 0; megabytes < 2; megabytes++) copier.push(Buffer.alloc(1_000_000, 'x'));
    }, tooLarge);
    assert.match(copier.fail(new RelayError('agent_answer_too_large')), /^event: error\ndata: \{"error"/u);
    assert.throws(() => begin(json).push(Buffer.from(`{"error":"${'x'.repeat(1_100_000)}"}`)), tooLarge);
  });

  it('lets what may tell of an error go on where it is too large to be held back', () => {
    const long = frame(`{"type":"afterModelCallEvent","stopData":"${'x'.repeat(1_100_000)}"}`);
    assert.equal(pass([long.slice(0, 500_000), long.slice(500_000), text]), long + text);
  });

  it('scrubs a document that is an error, and no other', () => {
    const error = `{"error": "${arn}", "error_type": "x"}`;
    const answer = `{"result": "${arn}"}`;
    for (const [document, shown] of [
      [error, '{"error": "[arn]", "error_type": "x"}'],
      [answer, answer],
      [`{"error":null,"text":"${arn}"}`, `{"error":null,"text":"${arn}"}`],
      [`[${answer}]`, `[${answer}]`],
      ['{', '{'],
      ['', ''],
    ] as const) {
      assert.equal(pass([document], begin(json)), shown);
      assert.equal(pass(byBytes(document), begin(json)), shown);
      const wrapped = shown === '' ? '' : frame(shown);
      assert.equal(pass(byBytes(document), begin(json, eventStream)), wrapped);
    }
    const copier = begin(json);
    assert.equal(copier.push(Buffer.from(answer.slice(0, 5))).toString(), answer.slice(0, 5));
    assert.equal(begin(json).push(Buffer.from('{"error": "')).length, 0);
  });
});

describe('original', () => {
  it('leaves errors as they are where nobody asked for anything else', () => {
    for (const [, said] of errors) {
      assert.equal(pass([said], original.createCopier(eventStream, eventStream)), said);
    }
    const chunk = Buffer.from(text);
    assert.equal(original.createCopier(eventStream, eventStream).push(chunk), chunk);
  });
});
