import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { recordings } from '../../test/recordings.ts';
import { RelayError } from '../errors.ts';
import { createAgUiPassThrough } from './ag-ui-pass-through.ts';

const eventStream = 'text/event-stream';
const interrupted =
  'data: {"type":"RUN_ERROR","message":"the answer broke off before its end","code":"agent_interrupted"}\n\n';

const begin = (contentType = eventStream) => createAgUiPassThrough().createCopier(contentType, eventStream);

/** Passes chunks on, then a clean end, as the relay does. */
function pass(chunks: Iterable<Uint8Array | string>, contentType?: string, copier = begin(contentType)): string {
  const output: (Uint8Array | string)[] = [];
  try {
    for (const chunk of chunks) output.push(copier.push(Buffer.from(chunk)));
    output.push(copier.isCutShort ? copier.fail(new RelayError('agent_interrupted')) : copier.finish());
  } catch (thrown) {
    output.push(copier.fail(RelayError.from(thrown)));
  }
  return Buffer.concat(output.map((piece) => Buffer.from(piece))).toString('utf8');
}

const message = (event: unknown) => `data: ${JSON.stringify(event)}\n\n`;
const started = message({ type: 'RUN_STARTED', threadId: 't', runId: 'r' });
const text = message({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: '天気 😀' });
const finished = message({ type: 'RUN_FINISHED', threadId: 't', runId: 'r' });
const failed = message({ type: 'RUN_ERROR', message: 'arn:aws:iam::123456789012:role/x', code: 'INTERNAL_ERROR' });
const reported = 'data: {"type":"RUN_ERROR","message":"the agent reported an error","code":"agent_error"}\n\n';

const agUiRecordings = recordings.filter(
  ({ name, contentType }) => name.includes('-ag-ui-') && contentType.startsWith(eventStream),
);

describe('the answer of an agent that speaks ag-ui', () => {
  it('passes byte by byte as it came, but for its error, from every agent that was recorded', () => {
    assert.notEqual(agUiRecordings.length, 0);
    for (const { name, bytes } of agUiRecordings) {
      const expected = Buffer.from(bytes)
        .toString('utf8')
        .replace(/data: \{"type":"RUN_ERROR".*\n\n$/u, reported);
      assert.equal(pass([bytes]), expected, name);
      assert.equal(pass(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected, name);
    }
  });

  it('goes out without a copy where it comes message by message', () => {
    const chunk = Buffer.from(started + text);
    assert.equal(begin().push(chunk), chunk);
  });

  it('gets an error where it ends without an ending', () => {
    assert.equal(pass([]), interrupted);
    assert.equal(pass([started, text]), started + text + interrupted);
  });

  it('gets an error instead of a message whose end is missing', () => {
    const whole = started + text;
    for (let length = 0; length < whole.length; length++) {
      const expected = length < started.length ? interrupted : started + interrupted;
      assert.equal(pass([Buffer.from(whole).subarray(0, length)]), expected, String(length));
    }
  });

  it('gets no second ending', () => {
    assert.equal(pass([started, finished]), started + finished);
    const copier = begin();
    copier.push(Buffer.from(started + finished));
    assert.equal(copier.fail(new RelayError('agent_silent')), '');
    assert.equal(pass([started + finished + failed]), started + finished);
  });

  it('says its own error in the words of the relay, wherever it is cut', () => {
    const frame = message({ error: 'arn:aws:iam::123456789012:role/x', error_type: 'ClientError', message: 'secret' });
    for (const error of [failed, frame, 'event: error\r\n' + failed.replaceAll('\n', '\r\n')]) {
      const whole = Buffer.from(started + text + error + text);
      for (let cut = 0; cut <= whole.length; cut++) {
        assert.equal(pass([whole.subarray(0, cut), whole.subarray(cut)]), started + text + reported, `${error} ${cut}`);
      }
    }
    const long = message({ type: 'RUN_ERROR', message: 'x'.repeat(200_000) });
    assert.equal(pass([started, long.slice(0, 70_000), long.slice(70_000)]), started + reported);
  });

  it('is over only with its last run', () => {
    assert.equal(pass([started, finished, started, text]), started + finished + started + text + interrupted);
    assert.equal(pass([started, finished, started, finished]), started + finished + started + finished);
  });

  it('gets the error that ended it, in the words of the relay', () => {
    const copier = begin();
    copier.push(Buffer.from(started));
    assert.equal(
      copier.fail(new RelayError('deadline_exceeded', { cause: new Error('arn:aws:…') })),
      'data: {"type":"RUN_ERROR","message":"the time for this answer is over","code":"deadline_exceeded"}\n\n',
    );
  });

  it('is kept alive by comments, also while a message is held back', () => {
    const copier = begin();
    assert.equal(copier.keepAlive(), ': keep-alive\n\n');
    assert.equal(copier.push(Buffer.from(started + text.slice(0, 20))).toString(), started);
    assert.equal(copier.keepAlive(), ': keep-alive\n\n');
    assert.equal(copier.push(Buffer.from(text.slice(20))).toString(), text);
  });

  it('is not held back without bound: a long message goes out as it comes', () => {
    const long = message({ type: 'TOOL_CALL_RESULT', messageId: 'm', toolCallId: 't', content: 'x'.repeat(200_000) });
    const copier = begin();
    let sent = '';
    let mostHeld = 0;
    for (let start = 0; start < long.length; start += 1400) {
      const chunk = long.slice(start, start + 1400);
      sent += copier.push(Buffer.from(chunk)).toString();
      mostHeld = Math.max(mostHeld, start + chunk.length - sent.length);
    }
    assert.equal(sent, long);
    assert.equal(mostHeld <= 65_536, true, String(mostHeld));

    const cut = begin();
    assert.equal(cut.push(Buffer.from(long.slice(0, 70_000))).length, 70_000);
    assert.equal(cut.keepAlive(), '');
    assert.equal(cut.push(Buffer.from(long.slice(70_000, 70_010))).length, 10);
    assert.equal(cut.isCutShort, true);
    assert.equal(cut.fail(new RelayError('agent_interrupted')), `\n\n${interrupted}`);
  });

  it('is understood wherever its types stand, and whatever else is called like them', () => {
    const endings = [
      'data:{"threadId":"t","runId":"r","result":{"type":"TEXT"},"type" : "RUN_FINISHED"}\n\n',
      'data: {"type":"RUN_FINISHED",\ndata: "threadId":"t"}\n\n',
      'event: RUN\r\nid: 1\r\ndata: {"type":"RUN_FINISHED"}\r\n\r\n',
      ': comment\ndata: {"message":"a \\"type\\":\\\\","type":"RUN_FINISHED"}\n\n',
      `data: {"${'x'.repeat(300)}":[["type","RUN"]],"type":"RUN_FINISHED"}\n\n`,
    ];
    for (const ending of endings) assert.equal(pass([started, ending]), started + ending);
    const others = [
      'data: {"type":"CUSTOM","value":{"type":"RUN_FINISHED"}}\n\n',
      'data: {"value":{"type":"RUN_FINISHED"},"type":"CUSTOM"}\n\n',
      'data: {"delta":"\\",\\"type\\":\\"RUN_FINISHED","type":"TEXT_MESSAGE_CONTENT"}\n\n',
      'data: {"delta":"type","name":"RUN_FINISHED"}\n\n',
      'data: {"\\"type":"RUN_FINISHED"}\n\n',
      'data: {"\\\\":"\\\\","type\\\\":"RUN_FINISHED"}\n\n',
      'data: {"a":"type","RUN_FINISHED":1}\n\n',
      'data: ["type","RUN_FINISHED"]\n\n',
      'data: [{"type":"RUN_FINISHED"}]\n\n',
      'date: {"type":"RUN_FINISHED"}\n\n',
      ': {"type":"RUN_FINISHED"}\n\n',
      'data: {"type":"RUN_FINISHED_TOO"}\n\n',
      'data: "type":"RUN_FINISHED"\n\n',
      'data: [DONE]\n\n',
    ];
    for (const other of others) assert.equal(pass([started, other]), started + other + interrupted, other);
  });

  it('gets an ending where it has none, and nothing where it has one, whatever it holds and wherever it is cut', () => {
    const type = fc.constantFrom('RUN_STARTED', 'RUN_FINISHED', 'RUN_ERROR', 'CUSTOM', 'TEXT_MESSAGE_CONTENT');
    const value = fc.jsonValue({ maxDepth: 3 });
    const event = fc
      .tuple(fc.array(fc.tuple(fc.string(), value), { maxLength: 3 }), type, fc.array(fc.tuple(fc.string(), value)))
      .map(([before, type, after]) => Object.fromEntries([...before, ['type', type], ...after, ['type', type]]));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (events, cuts) => {
        const bytes = Buffer.from(events.map((event) => message(event)).join(''));
        const positions = cuts.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b);
        const chunks = [0, ...positions].map((start, index) => bytes.subarray(start, positions[index]));
        const errorAt = events.findIndex(({ type }) => type === 'RUN_ERROR');
        const passed = errorAt === -1 ? events : events.slice(0, errorAt);
        const last = passed.findLast(({ type }) => type === 'RUN_STARTED' || type === 'RUN_FINISHED');
        const ending = errorAt === -1 ? interrupted : reported;
        const isOver = last !== undefined && last['type'] === 'RUN_FINISHED';
        assert.equal(pass(chunks), passed.map((event) => message(event)).join('') + (isOver ? '' : ending));
      }),
      { numRuns: 500 },
    );
  });

  it('neither throws nor hangs on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (chunks) => {
        assert.equal(pass(chunks).endsWith(interrupted), true);
      }),
    );
  });

  it('becomes an error where it is no event stream, whatever it says', () => {
    const refused =
      'data: {"type":"RUN_ERROR","message":"the agent did not answer with an event stream","code":"agent_error"}\n\n';
    assert.equal(pass(['{"error":"arn:aws:…"}', 'more'], 'application/json'), refused);
    assert.equal(pass([started + finished], 'text/plain'), refused);
    assert.equal(pass([], ''), interrupted);
    assert.equal(begin('application/json').keepAlive(), ': keep-alive\n\n');
  });

  it('is an event stream to the viewer whatever the agent calls it', () => {
    const { contentType, lateContentType, hasKeepAlive } = createAgUiPassThrough();
    assert.deepEqual(
      [contentType, lateContentType, hasKeepAlive('application/json')],
      [eventStream, eventStream, true],
    );
  });

  const runtimeSessionId = '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
  const conversationId = 'conversation-0123456789-0123456789';
  const context = { requestId: 'r', conversationId, runtimeSessionId, startedAtMs: 0 };
  /** What an agent says that was given an id as the conversation's. */
  const answerOf = (threadId: string) =>
    [
      { type: 'RUN_STARTED', threadId, runId: 'r' },
      {
        type: 'STATE_SNAPSHOT',
        snapshot: { [threadId]: `${threadId}${threadId}`, at: [runtimeSessionId.slice(0, 40)] },
      },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: `${threadId}-m`, delta: '天気 😀' },
      { type: 'RUN_FINISHED', threadId, runId: 'r' },
    ]
      .map(message)
      .join('');

  it('names the conversation as the client does, wherever the agent names it and wherever that is cut', () => {
    const bytes = Buffer.from(answerOf(runtimeSessionId));
    for (const [threadId, shown] of [
      [undefined, conversationId],
      ['t', 't'],
      ['a"b\\\n\r\u2028\ud800\0天', 'a"b\\\n\r\u2028\ud800\0天'],
    ] as const) {
      const copy = () => createAgUiPassThrough(threadId).createCopier(eventStream, eventStream, context);
      assert.equal(pass([bytes], eventStream, copy()), answerOf(shown));
      const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
      assert.equal(pass(single, eventStream, copy()), answerOf(shown));
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.equal(pass([bytes.subarray(0, cut), bytes.subarray(cut)], eventStream, copy()), answerOf(shown));
      }
    }
  });

  it('is left as it is where the agent was given the client’s own id', () => {
    const asGiven = { ...context, runtimeSessionId: conversationId };
    const copier = createAgUiPassThrough('t').createCopier(eventStream, eventStream, asGiven);
    assert.equal(pass([answerOf(conversationId)], eventStream, copier), answerOf(conversationId));
  });

  it('shows nothing of an id in which it breaks off', () => {
    const copier = createAgUiPassThrough('t').createCopier(eventStream, eventStream, context);
    const half = `data: {"type":"CUSTOM","value":"${runtimeSessionId.slice(0, 30)}`;
    assert.equal(pass([started, half], eventStream, copier), started + interrupted);
  });
});
