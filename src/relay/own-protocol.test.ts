import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadedProtocols } from '../../test/loaded-protocols.ts';
import {
  createScriptedRelay,
  readText,
  runtimeSessionOf,
  sessionId,
  start,
  stop,
  textFrame,
} from '../../test/scripted-relay.ts';
import { RelayError } from '../errors.ts';
import type { AgentCall, EventFormat, EventProtocol } from '../protocols/protocol.ts';
import { readJsonBody } from '../protocols/request-body.ts';

/** The text in one piece, or word by word where the request says `live`. */
const whole: EventFormat = {
  kind: 'events',
  isWhole: true,
  headers: { 'content-type': 'text/plain' },
  hasKeepAlive: false,
  createWriter() {
    let text = '';
    return {
      write(event) {
        if (event.type === 'text-delta') text += event.text;
        return event.type === 'run-end' ? `<${text}>` : '';
      },
      keepAlive: () => '',
    };
  },
};

const letter: EventProtocol = {
  kind: 'events',
  name: 'letter',
  headers: { 'content-type': 'text/x-words' },
  hasKeepAlive: true,
  endpoint: {
    path: '/letter',
    methods: ['POST'],
    read(request) {
      const { call, live } = readJsonBody(request) as { readonly call: AgentCall; readonly live?: boolean };
      return { ...call, format: live === true ? undefined : whole };
    },
  },
  createWriter: ({ requestId, conversationId, startedAtMs }) => ({
    write(event) {
      if (event.type === 'run-start') return `${requestId} ${conversationId} ${startedAtMs}\n`;
      return event.type === 'text-delta' ? event.text : '';
    },
    keepAlive: () => '.',
  }),
  renderError: ({ status, code, message }) => ({
    status: status === 503 ? 409 : undefined,
    headers: { 'content-type': 'text/x-error' },
    body: `${code}: ${message}`,
  }),
  answerDirectly: ({ method, path }) =>
    method === 'GET' && path === '/letter/about' ? { status: 200, headers: { 'x-about': '1' }, body: 'ok' } : undefined,
};

const protocols = [...loadedProtocols, letter];

const createLetterRelay = () => {
  const scripted = createScriptedRelay({ protocols });
  const post = (call: AgentCall, live = false) => scripted.send({ path: '/letter', json: { call, live } });
  return { ...scripted, post };
};

describe('an answer in one piece', () => {
  it('goes out when it is whole, with the headers of the format that was asked for', async () => {
    const { agent, clock, post } = createLetterRelay();
    agent.answer();
    let isSent = false;
    const posting = post({ prompt: 'hi' }).finally(() => (isSent = true));
    agent.say(start + textFrame('Hel'));
    await clock.advance(100_000);
    assert.equal(isSent, false);
    agent.say(textFrame('lo') + stop);
    agent.end();
    const response = await posting;
    assert.deepEqual(
      [response.status, response.headers['content-type'], await readText(response), clock.pendingTimers],
      [200, 'text/plain', '<Hello>', 0],
    );
  });

  const failures: readonly [string, (agent: ReturnType<typeof createLetterRelay>['agent']) => void, string][] = [
    ['AgentCore throttles', (agent) => agent.refuse(new RelayError('agent_throttled')), '429 agent_throttled'],
    ['AgentCore is not there', (agent) => agent.refuse(new RelayError('agent_unreachable')), '409 agent_unreachable'],
    [
      'the agent says an error in the middle',
      (agent) => {
        agent.answer();
        agent.say(`${start}${textFrame('Hel')}event: error\ndata: {"error":"arn:aws:secret"}\n\n`);
        agent.end();
      },
      '502 agent_error',
    ],
    [
      'the connection is cut',
      (agent) => {
        agent.answer();
        agent.say(start + textFrame('Hel'));
        agent.end(new RelayError('agent_interrupted'));
      },
      '502 agent_interrupted',
    ],
    [
      'the agent ends in the middle',
      (agent) => {
        agent.answer();
        agent.say(start + textFrame('Hel'));
        agent.end();
      },
      '502 agent_interrupted',
    ],
  ];
  for (const [name, fail, expected] of failures) {
    it(`has a true status, and one line in the log, where ${name}`, async () => {
      const { agent, entries, post } = createLetterRelay();
      fail(agent);
      const response = await post({ prompt: 'hi' });
      const body = await readText(response);
      assert.equal(`${response.status} ${body.split(':')[0]}`, expected);
      assert.doesNotMatch(body, /arn:aws|Hel/u);
      assert.deepEqual(
        entries.map(({ message, status, errorCode }) => [message, `${String(status)} ${String(errorCode)}`]),
        [['request', expected]],
      );
    });
  }

  it('is given up in time for CloudFront, whether the agent has begun or not', async () => {
    for (const begin of [true, false]) {
      const { agent, clock, post } = createLetterRelay();
      if (begin) agent.answer();
      const posting = post({ prompt: 'hi' });
      if (begin) agent.say(start + textFrame('Hel'));
      await clock.advance(110_000);
      const response = await posting;
      assert.deepEqual(
        [response.status, await readText(response), agent.invocations[0]?.signal.aborted, clock.pendingTimers],
        begin
          ? [504, 'deadline_exceeded: the time for this answer is over', true, 0]
          : [504, 'agent_timeout: the agent did not answer in time', true, 0],
      );
    }
  });
});

describe("a protocol's own request", () => {
  it('gives its writer the ids, the time and the conversation', async () => {
    const { agent, post } = createLetterRelay();
    agent.answer();
    agent.say(start + textFrame('Hi') + stop);
    agent.end();
    const response = await post({ prompt: 'hi', conversationId: sessionId }, true);
    assert.equal(await readText(response), `made-${'1'.padStart(32, '0')} ${sessionId} 1000000\nHi`);
  });

  it('is written by another protocol where it says so, whatever format it asks for', async () => {
    const { agent, post } = createLetterRelay();
    agent.answer();
    agent.say(start + textFrame('Hi') + stop);
    agent.end();
    const response = await post({ prompt: 'hi', output: 'transformed', conversationId: sessionId });
    assert.equal(await readText(response), `Hi\n{"runtimeSessionId":"${sessionId}"}`);
  });

  it('may call its conversation anything: AgentCore gets an id that it takes', async () => {
    const { agent, post } = createLetterRelay();
    agent.answer();
    agent.end();
    const conversationId = 'chat\r\nx: y 日本 0123456789';
    const response = await post({ prompt: 'hi', conversationId }, true);
    await readText(response);
    const ownId = response.headers['x-runtime-session-id'] ?? '';
    assert.match(ownId, /^[0-9a-f]{64}$/u);
    assert.equal(agent.invocations[0]?.runtimeSessionId, runtimeSessionOf(ownId));
  });

  it('brings the history and the instructions to the agent', async () => {
    const { agent, post } = createLetterRelay();
    agent.answer();
    agent.end();
    const messages = [
      { role: 'user', content: 'My name is Ada.' },
      { role: 'assistant', content: 'Hello, Ada.' },
    ] as const;
    await readText(await post({ prompt: 'And?', messages, system: 'Be brief.' }, true));
    assert.deepEqual(JSON.parse(agent.invocations[0]?.payload ?? ''), {
      prompt: 'And?',
      messages,
      system: 'Be brief.',
    });
  });

  it('becomes a RunAgentInput for an agent that speaks AG-UI', async () => {
    const { agent, send } = createScriptedRelay({ protocols, agentProtocol: 'AGUI' });
    agent.answer();
    agent.end();
    const call = { prompt: 'And?', messages: [{ role: 'assistant', content: 'Hello.' }], system: 'Be brief.' };
    const response = await send({
      path: '/letter',
      json: { call: { ...call, conversationId: sessionId }, live: true },
    });
    await readText(response);
    const runId = response.headers['x-request-id'] ?? '';
    assert.deepEqual(JSON.parse(agent.invocations[0]?.payload ?? ''), {
      threadId: runtimeSessionOf(sessionId),
      runId,
      state: {},
      messages: [
        { id: `${runId}-0`, role: 'system', content: 'Be brief.' },
        { id: `${runId}-1`, role: 'assistant', content: 'Hello.' },
        { id: `${runId}-2`, role: 'user', content: 'And?' },
      ],
      tools: [],
      context: [],
      forwardedProps: {},
    });
  });

  it('becomes whatever the agent takes, where the user says so, and fails with a status where that throws', async () => {
    for (const isBroken of [false, true]) {
      const { agent, send } = createScriptedRelay({
        createInput({ prompt }, { conversationId }) {
          if (isBroken) throw new Error('secret detail');
          return { inputText: prompt, in: conversationId };
        },
      });
      agent.answer();
      agent.end();
      const response = await send({ json: { prompt: 'hi', runtimeSessionId: sessionId } });
      assert.deepEqual(
        [response.status, agent.invocations.map(({ payload }): unknown => JSON.parse(payload))],
        isBroken ? [500, []] : [200, [{ inputText: 'hi', in: sessionId }]],
      );
      assert.doesNotMatch(await readText(response), /secret/u);
    }
  });
});

describe('a path that needs no agent', () => {
  it('is answered by the protocol that knows it, also to HEAD without a body, and by nobody else', async () => {
    const { agent, send } = createLetterRelay();
    const about = await send({ method: 'GET', path: '/letter/about' });
    assert.deepEqual([about.status, about.headers['x-about'], await readText(about)], [200, '1', 'ok']);
    const other = await send({ method: 'POST', path: '/letter/about' });
    assert.equal(other.status, 404);
    assert.equal(agent.invocations.length, 0);
  });
});

describe('a filter', () => {
  it('begins anew with every answer and may say more than it was told', async () => {
    async function* speak() {
      yield Buffer.from(start + textFrame('a') + textFrame('b') + stop);
    }
    const { send } = createScriptedRelay({
      agentRuntime: { invoke: async () => ({ contentType: 'text/event-stream', body: speak() }) },
      createFilter: () => {
        let count = 0;
        return (event) => {
          if (event.type !== 'text-delta') return event;
          count += 1;
          return [{ ...event, text: `${count}:` }, event];
        };
      },
    });
    for (const _ of [1, 2]) {
      const json = { prompt: 'hi', runtimeSessionId: sessionId, response: 'transformed' };
      assert.equal(await readText(await send({ json })), `1:a2:b\n{"runtimeSessionId":"${sessionId}"}`);
    }
  });
});
