import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkRun } from '../../test/check-run.ts';
import { messagesOf, readData, readFrames } from '../../test/read-frames.ts';
import { recordings } from '../../test/recordings.ts';
import { parseJson } from '../json.ts';
import { agUi } from './ag-ui.ts';
import { converse } from './converse.ts';
import { strandsTypescript } from './strands-typescript.ts';

/** What a run of these events gives between `step-start` and its ending. */
const contentOf = (frames: readonly unknown[]) => readFrames([started, ...frames, finished]).events.slice(2, -2);

const textsOf = (frames: readonly unknown[]) =>
  contentOf(frames).flatMap((event) => (event.type === 'text-delta' ? [[event.id, event.text]] : []));

const started = { type: 'RUN_STARTED', threadId: 't', runId: 'r' };
const finished = { type: 'RUN_FINISHED', threadId: 't', runId: 'r' };
const text = (delta: string, messageId = 'm') => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta });
const textEnd = (messageId = 'm') => ({ type: 'TEXT_MESSAGE_END', messageId });
const reasoning = (delta: string, messageId = 'r') => ({ type: 'REASONING_MESSAGE_CONTENT', messageId, delta });
const encrypted = (entityId: string, encryptedValue = 'c2ln') => ({
  type: 'REASONING_ENCRYPTED_VALUE',
  subtype: 'message',
  entityId,
  encryptedValue,
});
const toolCall = (toolCallId = 'c') => [
  { type: 'TOOL_CALL_START', toolCallId, toolCallName: 'clock', parentMessageId: 'm' },
  { type: 'TOOL_CALL_END', toolCallId },
];
const toolResult = (content: unknown, toolCallId = 'c') => ({
  type: 'TOOL_CALL_RESULT',
  messageId: 'x',
  toolCallId,
  content,
});

const streams = recordings.filter(({ contentType }) => contentType.startsWith('text/event-stream'));
const ownNames = streams.map(({ name }) => name).filter((name) => name.includes('-ag-ui-'));

describe('ag-ui', () => {
  it('tells a whole run', () => {
    const { events, unknownFrames, dialect } = readFrames([
      started,
      { type: 'REASONING_START', messageId: 'r' },
      { type: 'REASONING_MESSAGE_START', messageId: 'r', role: 'reasoning' },
      reasoning('Hm'),
      { type: 'REASONING_MESSAGE_END', messageId: 'r' },
      { type: 'REASONING_END', messageId: 'r' },
      { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
      text('Let me look.'),
      textEnd(),
      { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'clock', parentMessageId: 'm' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: '{"zone"' },
      { type: 'TOOL_CALL_ARGS', toolCallId: 'c', delta: ':"UTC"}' },
      { type: 'TOOL_CALL_END', toolCallId: 'c' },
      toolResult('noon'),
      { type: 'TEXT_MESSAGE_START', messageId: 'n' },
      text('It is noon.', 'n'),
      textEnd('n'),
      { ...finished, outcome: { type: 'success' }, usage: [{ inputTokens: 9, outputTokens: 4, totalTokens: 13 }] },
    ]);
    assert.deepEqual([unknownFrames, dialect], [0, 'ag-ui']);
    const usage = { inputTokens: 9, outputTokens: 4, totalTokens: 13 };
    assert.deepEqual(events, [
      { type: 'run-start' },
      { type: 'step-start' },
      { type: 'reasoning-start', id: 'reasoning-1' },
      { type: 'reasoning-delta', id: 'reasoning-1', text: 'Hm' },
      { type: 'reasoning-end', id: 'reasoning-1' },
      { type: 'text-start', id: 'text-2' },
      { type: 'text-delta', id: 'text-2', text: 'Let me look.' },
      { type: 'text-end', id: 'text-2' },
      { type: 'tool-start', id: 'c', name: 'clock' },
      { type: 'tool-delta', id: 'c', input: '{"zone"' },
      { type: 'tool-delta', id: 'c', input: ':"UTC"}' },
      { type: 'tool-end', id: 'c' },
      { type: 'tool-result', id: 'c', isError: false, content: 'noon' },
      { type: 'step-end', stopReason: 'tool-use' },
      { type: 'step-start' },
      { type: 'text-start', id: 'text-3' },
      { type: 'text-delta', id: 'text-3', text: 'It is noon.' },
      { type: 'text-end', id: 'text-3' },
      { type: 'step-end', stopReason: 'end-turn' },
      { type: 'usage', usage },
      { type: 'run-end', stopReason: 'end-turn', usage },
    ]);
  });

  it('is told the same by the same agent as over its own stream', () => {
    const content = (name: string) =>
      readData(messagesOf(name)).events.filter(({ type }) =>
        /^(?:text|tool|reasoning)-(?:delta|start|end)$/u.test(type),
      );
    assert.deepEqual(content('python-ag-ui-tool'), content('python-tool'));
    assert.deepEqual(content('typescript-ag-ui-tool'), content('typescript-tool'));
    assert.deepEqual(content('python-ag-ui-graph'), content('python-graph'));
  });

  describe('messages', () => {
    it('opens a message anew that goes on after its end', () => {
      assert.deepEqual(textsOf([text('a'), textEnd(), text('b'), textEnd()]), [
        ['text-1', 'a'],
        ['text-2', 'b'],
      ]);
    });

    it('keeps apart messages that are open at the same time', () => {
      assert.deepEqual(textsOf([text('a', '1'), text('b', '2'), text('c', '1'), textEnd('1'), text('d', '2')]), [
        ['text-1', 'a'],
        ['text-2', 'b'],
        ['text-1', 'c'],
        ['text-2', 'd'],
      ]);
    });

    it('takes nothing that was empty for an answer', () => {
      const snapshot = { type: 'MESSAGES_SNAPSHOT', messages: [{ role: 'assistant', content: 'Noon.' }] };
      assert.deepEqual(textsOf([text(''), snapshot]), [['text-1', 'Noon.']]);
    });

    it('says nothing of a message that stays empty', () => {
      const start = { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' };
      assert.deepEqual(contentOf([start, text(''), textEnd()]), []);
    });

    it('closes what never ends when the run does', () => {
      assert.deepEqual(contentOf([text('a'), reasoning('b'), toolCall()[0]]).slice(-3), [
        { type: 'text-end', id: 'text-1' },
        { type: 'reasoning-end', id: 'reasoning-2' },
        { type: 'tool-end', id: 'c' },
      ]);
    });

    it("takes no one else's words for the agent's", () => {
      for (const role of ['user', 'system', 'developer']) {
        const echo = [{ type: 'TEXT_MESSAGE_START', messageId: 'u', role }, text('secret', 'u'), textEnd('u')];
        const chunks = [
          { type: 'TEXT_MESSAGE_CHUNK', messageId: 'v', role, delta: 'sec' },
          { type: 'TEXT_MESSAGE_CHUNK', delta: 'ret' },
        ];
        assert.deepEqual(textsOf([...echo, ...chunks, text('Hi')]), [['text-1', 'Hi']]);
      }
    });

    it('tells the citations of a real agent', () => {
      assert.deepEqual(
        readData(messagesOf('python-ag-ui-citation')).events.filter(({ type }) => type === 'citation'),
        [
          {
            type: 'citation',
            citation: {
              title: 'Weather of Tōkyō',
              url: 'https://example.com/weather',
              text: 'Rain until the evening',
            },
          },
        ],
      );
    });

    it('tells each citation once, though every list repeats those before', () => {
      const cited = (...titles: string[]) => ({ citations: titles.map((title) => ({ title })) });
      const citations = contentOf([
        { ...text('a'), metadata: cited('One') },
        { ...text('b'), metadata: cited('One', 'Two') },
        { ...textEnd(), metadata: cited('One', 'Two', 'Three') },
        { ...text('c', 'n'), metadata: cited('One') },
      ]).flatMap((event) => (event.type === 'citation' ? [event.citation.title] : []));
      assert.deepEqual(citations, ['One', 'Two', 'Three', 'One']);
    });

    it('takes the answer from the last snapshot where nothing was streamed', () => {
      const user = { id: '1', role: 'user', content: 'now?' };
      const earlier = [
        { id: 'a', role: 'user', content: 'hello' },
        { id: 'b', role: 'assistant', content: 'earlier' },
      ];
      const answer = [
        { id: '2', role: 'assistant', content: '', toolCalls: [] },
        { id: '3', role: 'tool', toolCallId: 'c', content: 'noon' },
        { id: '4', role: 'assistant', content: 'Noon.' },
        { id: '5', role: 'assistant', content: 'Or so.' },
      ];
      const snapshot = (...messages: unknown[]) => ({ type: 'MESSAGES_SNAPSHOT', messages });
      const snapshots = [snapshot(...earlier, user), snapshot(...earlier, user, ...answer)];
      assert.deepEqual(textsOf(snapshots), [['text-1', 'Noon.\n\nOr so.']]);
      assert.deepEqual(textsOf([...snapshots, text('Streamed')]), [['text-1', 'Streamed']]);
      assert.deepEqual(textsOf([snapshot(...earlier, user)]), []);
    });
  });

  describe('chunks', () => {
    it('are what starts, contents and ends are', () => {
      assert.deepEqual(readData(messagesOf('typescript-ag-ui-chunks')), readData(messagesOf('typescript-ag-ui-tool')));
    });

    it('that name nothing go on with what was before', () => {
      const frames = [
        { type: 'REASONING_MESSAGE_CHUNK', messageId: 'r', delta: 'H' },
        { type: 'REASONING_MESSAGE_CHUNK', delta: 'm' },
        { type: 'TEXT_MESSAGE_CHUNK', messageId: 'm', role: 'assistant', delta: 'a' },
        { type: 'RAW', event: {} },
        { type: 'TEXT_MESSAGE_CHUNK', delta: 'b' },
        { type: 'TOOL_CALL_CHUNK', toolCallId: 'c', toolCallName: 'clock' },
        { type: 'TOOL_CALL_CHUNK', delta: '{}' },
        // A result, or another kind of the same id, ends what no event of its own does.
        { type: 'TEXT_MESSAGE_CHUNK', messageId: 'n', delta: 'c' },
        { type: 'REASONING_MESSAGE_CHUNK', messageId: 'n', delta: 'd' },
        toolResult('noon'),
      ];
      assert.deepEqual(contentOf(frames), [
        { type: 'reasoning-start', id: 'reasoning-1' },
        { type: 'reasoning-delta', id: 'reasoning-1', text: 'H' },
        { type: 'reasoning-delta', id: 'reasoning-1', text: 'm' },
        { type: 'reasoning-end', id: 'reasoning-1' },
        { type: 'text-start', id: 'text-2' },
        { type: 'text-delta', id: 'text-2', text: 'a' },
        { type: 'text-delta', id: 'text-2', text: 'b' },
        { type: 'text-end', id: 'text-2' },
        { type: 'tool-start', id: 'c', name: 'clock' },
        { type: 'tool-delta', id: 'c', input: '{}' },
        { type: 'tool-end', id: 'c' },
        { type: 'text-start', id: 'text-3' },
        { type: 'text-delta', id: 'text-3', text: 'c' },
        { type: 'text-end', id: 'text-3' },
        { type: 'reasoning-start', id: 'reasoning-4' },
        { type: 'reasoning-delta', id: 'reasoning-4', text: 'd' },
        { type: 'reasoning-end', id: 'reasoning-4' },
        { type: 'tool-result', id: 'c', isError: false, content: 'noon' },
      ]);
    });

    it('of two subagents that speak at the same time stay apart', () => {
      const chunk = (subagentRunId: string, delta: string, messageId?: string) => ({
        type: 'TEXT_MESSAGE_CHUNK',
        subagentRunId,
        messageId,
        delta,
      });
      assert.deepEqual(textsOf([chunk('s', 'a', '1'), chunk('t', 'b', '2'), chunk('s', 'c'), chunk('t', 'd')]), [
        ['text-1', 'a'],
        ['text-2', 'b'],
        ['text-1', 'c'],
        ['text-2', 'd'],
      ]);
    });

    it('are unknown where there is nothing to go on with', () => {
      const chunks = ['TEXT_MESSAGE_CHUNK', 'REASONING_MESSAGE_CHUNK', 'TOOL_CALL_CHUNK'].map((type) => ({
        type,
        delta: 'x',
      }));
      assert.equal(readFrames([started, ...chunks, finished]).unknownFrames, 3);
      assert.deepEqual(contentOf(chunks), []);
      const [textChunk, , toolChunk] = chunks;
      const over = [
        { ...textChunk, messageId: 'm' },
        toolChunk,
        { ...textChunk, messageId: 'm' },
        text('y', 'n'),
        textChunk,
      ];
      assert.equal(readFrames([started, ...over, finished]).unknownFrames, 2);
    });
  });

  describe('reasoning', () => {
    const end = [
      { type: 'REASONING_MESSAGE_END', messageId: 'r' },
      { type: 'REASONING_END', messageId: 'r' },
    ];

    it('has a signature, before its end or after', () => {
      const expected = [
        { type: 'reasoning-start', id: 'reasoning-1' },
        { type: 'reasoning-delta', id: 'reasoning-1', text: 'Hm' },
        { type: 'reasoning-signature', id: 'reasoning-1', signature: 'c2ln' },
        { type: 'reasoning-end', id: 'reasoning-1' },
        { type: 'text-start', id: 'text-2' },
        { type: 'text-delta', id: 'text-2', text: 'Hi' },
        { type: 'text-end', id: 'text-2' },
      ];
      for (const place of [0, 1, 2]) {
        const frames = [reasoning('Hm'), ...end.slice(0, place), encrypted('r'), ...end.slice(place), text('Hi')];
        assert.deepEqual(contentOf(frames), expected);
      }
    });

    it('that is not shown is redacted', () => {
      const start = { type: 'REASONING_START', messageId: 'r' };
      assert.deepEqual(contentOf([start, encrypted('r'), ...end, text('Hi')]).slice(0, 3), [
        { type: 'reasoning-start', id: 'reasoning-1' },
        { type: 'reasoning-redacted', id: 'reasoning-1', data: 'c2ln' },
        { type: 'reasoning-end', id: 'reasoning-1' },
      ]);
    });

    it('that is redacted may be so in pieces, and ends before other reasoning begins', () => {
      const start = { type: 'REASONING_START', messageId: 'r' };
      assert.deepEqual(contentOf([start, encrypted('r'), encrypted('r', 'bW9yZQ=='), ...end, reasoning('Hm', 's')]), [
        { type: 'reasoning-start', id: 'reasoning-1' },
        { type: 'reasoning-redacted', id: 'reasoning-1', data: 'c2ln' },
        { type: 'reasoning-redacted', id: 'reasoning-1', data: 'bW9yZQ==' },
        { type: 'reasoning-end', id: 'reasoning-1' },
        { type: 'reasoning-start', id: 'reasoning-2' },
        { type: 'reasoning-delta', id: 'reasoning-2', text: 'Hm' },
        { type: 'reasoning-end', id: 'reasoning-2' },
      ]);
    });

    it('is not what is encrypted of a text, a tool call, a result, or too late', () => {
      const late = [{ type: 'REASONING_START', messageId: 'r' }, reasoning('Hm'), ...end, text('Hi'), encrypted('r')];
      const others = [
        encrypted('m'),
        { ...encrypted('c'), subtype: 'tool-call' },
        ...toolCall(),
        toolResult('noon'),
        encrypted('x'),
      ];
      const { events, unknownFrames } = readFrames([started, ...late, ...others, finished]);
      assert.equal(unknownFrames, 0);
      assert.deepEqual(
        events.filter(({ type }) => /^reasoning-(?:signature|redacted)$/u.test(type)),
        [],
      );
    });

    it('was called thinking, and had no ids', () => {
      const frames = [
        { type: 'THINKING_START', title: 'Thinking' },
        { type: 'THINKING_TEXT_MESSAGE_START' },
        { type: 'THINKING_TEXT_MESSAGE_CONTENT', delta: 'Hm' },
        { type: 'THINKING_TEXT_MESSAGE_END' },
        { type: 'THINKING_END' },
        text('Hi'),
        { type: 'THINKING_TEXT_MESSAGE_CONTENT', delta: 'Oh' },
      ];
      assert.equal(readFrames([started, ...frames, finished]).unknownFrames, 0);
      assert.deepEqual(
        contentOf(frames).flatMap((event) => (event.type === 'reasoning-delta' ? [[event.id, event.text]] : [])),
        [
          ['reasoning-1', 'Hm'],
          ['reasoning-3', 'Oh'],
        ],
      );
    });
  });

  describe('tools', () => {
    it('give back text as it is, also where it is JSON, and the text of parts', () => {
      const image = { type: 'image', source: { type: 'url', value: 'https://example.com/sun.png' } };
      const cases: readonly [unknown, unknown][] = [
        ['noon', 'noon'],
        ['{"hour":12}', '{"hour":12}'],
        ['', ''],
        [
          [
            { type: 'text', text: 'high' },
            { type: 'text', text: 'noon' },
          ],
          'high\nnoon',
        ],
        [[image], [image]],
      ];
      for (const [content, expected] of cases) {
        const result = contentOf([...toolCall(), toolResult(content)]).at(-1);
        assert.deepEqual(result, { type: 'tool-result', id: 'c', isError: false, content: expected });
      }
    });

    it('that are called side by side belong to one call of the model', () => {
      const events = contentOf([
        ...toolCall('1'),
        ...toolCall('2'),
        toolResult('a', '1'),
        toolResult('b', '2'),
        text('x'),
      ]);
      assert.deepEqual(
        events.map(({ type }) => type),
        [
          'tool-start',
          'tool-end',
          'tool-start',
          'tool-end',
          'tool-result',
          'tool-result',
          'step-end',
          'step-start',
          'text-start',
          'text-delta',
          'text-end',
        ],
      );
    });

    it('may have a result before their end', () => {
      const [call] = toolCall();
      const steps = contentOf([call, toolResult('noon'), text('a')]).filter(({ type }) => type.startsWith('step'));
      assert.deepEqual(steps, [{ type: 'step-end', stopReason: 'tool-use' }, { type: 'step-start' }]);
    });

    it('do not cut short what another subagent is saying', () => {
      const events = contentOf([...toolCall(), text('a'), toolResult('noon'), text('b', 'n'), text('c')]);
      assert.equal(
        events.some(({ type }) => type === 'step-start'),
        false,
      );
    });

    it('may answer without a call', () => {
      assert.deepEqual(readFrames([toolResult('noon'), finished]).events.slice(2, 5), [
        { type: 'tool-start', id: 'c', name: 'unknown' },
        { type: 'tool-end', id: 'c' },
        { type: 'tool-result', id: 'c', isError: false, content: 'noon' },
      ]);
    });
  });

  it('parts the calls of the model at the nodes of a graph, where they say something', () => {
    const node = (stepName: string, ...frames: readonly unknown[]) => [
      { type: 'STEP_STARTED', stepName },
      ...frames,
      { type: 'STEP_FINISHED', stepName },
    ];
    const graph = [
      ...node('chat', ...toolCall()),
      ...node('tools', toolResult('noon')),
      ...node('chat', text('a'), textEnd()),
      ...node('silent'),
      ...node('write', text('b'), textEnd()),
    ];
    assert.deepEqual(
      readFrames([started, ...graph, finished]).events.filter(({ type }) => type.startsWith('step')),
      [
        { type: 'step-start' },
        { type: 'step-end', stopReason: 'tool-use' },
        { type: 'step-start' },
        { type: 'step-end', stopReason: 'end-turn' },
        { type: 'step-start' },
        { type: 'step-end', stopReason: 'end-turn' },
      ],
    );
  });

  describe("what is nobody's content", () => {
    const notes = [
      'MESSAGES_SNAPSHOT',
      'STATE_SNAPSHOT',
      'STATE_DELTA',
      'ACTIVITY_SNAPSHOT',
      'ACTIVITY_DELTA',
      'STEP_STARTED',
      'STEP_FINISHED',
      'SUBAGENT_STARTED',
      'SUBAGENT_FINISHED',
      'SUBAGENT_ERROR',
      'CUSTOM',
      'RAW',
    ].map((type) => ({ type, name: 'x', message: 'x', event: { data: 'x' }, delta: 'x', text: 'x', result: 'x' }));

    it('is passed over, and is no unknown frame', () => {
      const { events, unknownFrames } = readFrames([started, ...notes, finished]);
      assert.equal(unknownFrames, 0);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['run-start', 'step-start', 'step-end', 'run-end'],
      );
    });

    it('is not taken for AG-UI before a run has begun', () => {
      for (const note of notes) {
        const reader = agUi.createReader(() => assert.fail('nothing is said'));
        assert.equal(reader.read({ data: JSON.stringify(note), value: note }), false, note.type);
      }
    });

    it('counts as unknown where AG-UI has no such event, or it lacks what it must have', () => {
      const unknown = [
        { type: 'RUN_PAUSED' },
        { type: 'text_message_content', messageId: 'm', delta: 'x' },
        { type: 'TEXT_MESSAGE_CONTENT', delta: 'x' },
        { type: 'TOOL_CALL_ARGS', delta: 'x' },
        { type: 'TOOL_CALL_RESULT', content: 'x' },
        { type: 'REASONING_MESSAGE_CONTENT', delta: 'x' },
        { type: 'REASONING_ENCRYPTED_VALUE', entityId: 'x' },
        { type: 7 },
        { threadId: 't' },
        'TEXT_MESSAGE_CONTENT',
        [],
      ];
      assert.equal(readFrames([started, ...unknown, finished]).unknownFrames, unknown.length);
      assert.deepEqual(contentOf(unknown), []);
    });
  });

  it('claims no frame of another dialect, and no other claims one of its own', () => {
    const claims = (dialect: typeof agUi, name: string) => {
      const reader = dialect.createReader(() => undefined);
      return messagesOf(name).filter((data) => reader.read({ data, value: parseJson(data) })).length;
    };
    for (const { name } of streams) {
      if (ownNames.includes(name)) {
        assert.equal(claims(agUi, name), messagesOf(name).length, name);
        for (const other of [converse, strandsTypescript]) assert.equal(claims(other, name), 0, name);
      } else {
        assert.equal(claims(agUi, name), 0, name);
      }
    }
  });

  it('makes a well-formed run of any events in any order, and throws at none', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 60 }), (frames) => checkRun(readFrames(frames).events)),
      { numRuns: 2000 },
    );
  });
});

const id = fc.constantFrom('1', '2', '__proto__');
const parts = ['START', 'CONTENT', 'END', 'CHUNK'];
const types = [
  'RUN_STARTED',
  'RUN_FINISHED',
  'STEP_STARTED',
  'STEP_FINISHED',
  'CUSTOM',
  'RAW',
  'MESSAGES_SNAPSHOT',
  ...parts.flatMap((part) => [`TEXT_MESSAGE_${part}`, `REASONING_MESSAGE_${part}`, `THINKING_TEXT_MESSAGE_${part}`]),
  ...['START', 'ARGS', 'END', 'CHUNK', 'RESULT'].map((part) => `TOOL_CALL_${part}`),
  'REASONING_START',
  'REASONING_END',
  'REASONING_ENCRYPTED_VALUE',
  'THINKING_START',
  'THINKING_END',
];
const member = <Value>(known: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 8, arbitrary: known }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
const anyFrame = fc.record(
  {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...types) },
      { weight: 1, arbitrary: fc.constantFrom('RUN_ERROR', 'SOMETHING_NEW') },
    ),
    messageId: member(id),
    toolCallId: member(id),
    toolCallName: member(fc.constantFrom('', 'clock')),
    entityId: member(id),
    encryptedValue: member(fc.constant('c2ln')),
    subagentRunId: member(id),
    role: member(fc.constantFrom('assistant', 'user', 'reasoning')),
    delta: member(fc.constantFrom('', 'x', '天気')),
    content: member(fc.constant('noon')),
    metadata: member(fc.record({ citations: member(fc.constant([{ title: 'One' }])) })),
    outcome: member(fc.record({ type: fc.constantFrom('success', 'interrupt', 'cancelled') })),
    usage: member(fc.constant([{ inputTokens: 9, cachedInputTokens: 4 }])),
    messages: member(fc.constant([{ role: 'assistant', content: 'Hi' }])),
    name: member(fc.constantFrom('AgentStopped', 'on_interrupt')),
    value: member(fc.record({ stop_reason: fc.constant('max_tokens') })),
  },
  { requiredKeys: ['type'] },
);
