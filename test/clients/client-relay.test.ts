import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RelayErrorCode } from '../../src/errors.ts';
import type { AgentEvent } from '../../src/events/agent-event.ts';
import { parseJson } from '../../src/json.ts';
import { ndjson } from '../../src/protocols/ndjson.ts';
import { transformed } from '../../src/protocols/transformed.ts';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { expectAnswer, expectModelCall, keepAlivesPerSilence, say, scenarios, upstreamSecret } from './scenarios.ts';
import type { ExpectedAnswer, ExpectedModelCall, ExpectedToolCall, ScenarioName } from './scenarios.ts';

const names = Object.keys(scenarios) as readonly ScenarioName[];
const protocols = [ndjson, transformed];

function post(relay: ClientRelay, fields: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal) {
  return fetch(relay.origin, {
    method: 'POST',
    body: JSON.stringify({ prompt: 'hi', ...fields }),
    ...(signal === undefined ? {} : { signal }),
  });
}

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

interface ModelCallSoFar extends Writable<Omit<ExpectedModelCall, 'toolCalls'>> {
  readonly toolCalls: Writable<ExpectedToolCall>[];
}

/** Reads an answer in the relay's own vocabulary as what a client must understand of it. */
function readAnswer(status: number, body: string): ExpectedAnswer {
  if (status !== 200) {
    const { code, message } = (JSON.parse(body) as { error: { code: RelayErrorCode; message: string } }).error;
    return expectAnswer([], { ending: { type: 'refusal', status, code, message } });
  }
  const events = body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AgentEvent);
  const ending = events.pop();
  assert.equal(events.shift()?.type, 'run-start');
  const modelCalls = readModelCalls(events);
  if (ending?.type === 'run-end') {
    const { type, stopReason, usage } = ending;
    return expectAnswer(modelCalls, { usage, ending: { type, stopReason } });
  }
  assert.equal(ending?.type, 'error');
  const { type, code, message } = ending;
  return expectAnswer(modelCalls, { ending: { type, code: code as RelayErrorCode, message } });
}

function readModelCalls(events: readonly AgentEvent[]): readonly ExpectedModelCall[] {
  const modelCalls: ModelCallSoFar[] = [];
  const current = () => modelCalls.at(-1) ?? assert.fail('no model call has begun');
  const findToolCall = (id: string) =>
    modelCalls.flatMap(({ toolCalls }) => toolCalls).find((call) => call.id === id) ??
    assert.fail(`no tool call ${id}`);
  for (const event of events) {
    switch (event.type) {
      case 'step-start':
        modelCalls.push({ ...expectModelCall({}), toolCalls: [] });
        break;
      case 'text-delta':
        current().text += event.text;
        break;
      case 'reasoning-delta':
        current().reasoning += event.text;
        break;
      case 'reasoning-signature':
        current().signature = event.signature;
        break;
      case 'tool-start': {
        const { id, name } = event;
        current().toolCalls.push({ id, name, inputText: '', input: undefined, result: undefined, isError: false });
        break;
      }
      case 'tool-delta':
        findToolCall(event.id).inputText += event.input;
        break;
      case 'tool-end':
        findToolCall(event.id).input = parseJson(findToolCall(event.id).inputText);
        break;
      case 'tool-result':
        Object.assign(findToolCall(event.id), { result: event.content, isError: event.isError });
        break;
      case 'citation':
        current().citations = [...current().citations, event.citation];
        break;
      case 'step-end':
        current().stopReason = event.stopReason;
        break;
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'usage':
        break;
      default:
        assert.fail(`unexpected in the middle: ${event.type}`);
    }
  }
  return modelCalls;
}

describe('a scenario', () => {
  for (const scenario of names.filter((name) => name !== 'endless')) {
    for (const split of [undefined, 1]) {
      const manner = split === undefined ? 'message by message' : 'byte by byte';
      it(`is what it says of itself, ${manner}: ${scenario}`, async () => {
        await using relay = await startClientRelay({ scenario, split, protocols });
        const response = await post(relay, { response: 'ndjson' });
        const body = await response.text();
        assert.deepEqual(readAnswer(response.status, body), relay.expected);
        assert.equal(body, relay.exchange.body);
        assert.equal(body.includes(upstreamSecret), false);
        assert.equal(relay.invocations.length, 1);
      });
    }
  }

  it('comes anew in every run of the agent', async () => {
    await using relay = await startClientRelay({ scenario: 'tools', protocols });
    const bodies: string[] = [];
    for (const prompt of ['one', 'two']) bodies.push(await (await post(relay, { prompt, response: 'ndjson' })).text());
    assert.deepEqual(
      relay.invocations.map(({ prompt, payload, runtimeSessionId }) => ({ prompt, payload, runtimeSessionId })),
      [
        {
          prompt: 'one',
          payload: { prompt: 'one' },
          runtimeSessionId: runtimeSessionOf('00000000-0000-4000-8000-000000000002'),
        },
        {
          prompt: 'two',
          payload: { prompt: 'two' },
          runtimeSessionId: runtimeSessionOf('00000000-0000-4000-8000-000000000004'),
        },
      ],
    );
    assert.deepEqual(
      bodies.map((body) => readAnswer(200, body)),
      [relay.expected, relay.expected],
    );
    assert.throws(() => relay.exchange, /there were 2 exchanges, not one/u);
  });

  it('may be written out', async () => {
    const expected = expectAnswer([expectModelCall({ text: 'plain', stopReason: 'end-turn' })]);
    const scenario = { contentType: 'text/plain', steps: say('pl', 'ain'), expected };
    await using relay = await startClientRelay({ scenario, protocols });
    const response = await post(relay, { response: 'ndjson' });
    assert.deepEqual(readAnswer(response.status, await response.text()), expected);
  });
});

describe('silence', () => {
  it('is bridged by as many keep-alives as it has room for, in the middle of the text', async () => {
    await using relay = await startClientRelay({ scenario: 'silent', protocols });
    const lines = (await (await post(relay, { response: 'ndjson' })).text()).split('\n');
    assert.deepEqual(
      relay.exchange.keepAlives,
      Array.from({ length: keepAlivesPerSilence }, () => '\n'),
    );
    assert.deepEqual(
      lines.slice(3, 8).map((line) => parseJson(line)),
      [
        { type: 'text-delta', id: 'text-1', text: 'Let me see.' },
        ...relay.exchange.keepAlives.map(() => undefined),
        { type: 'text-delta', id: 'text-1', text: ' Here it is.' },
      ],
    );
  });

  it('stays one where the format has no keep-alive', async () => {
    await using relay = await startClientRelay({ scenario: 'silent', protocols });
    assert.match(await (await post(relay, { response: 'transformed' })).text(), /^Let me see\. Here it is\.\n/u);
    assert.deepEqual(relay.exchange.keepAlives, []);
  });

  it('lasts as long as the limits of the relay say', async () => {
    await using relay = await startClientRelay({ scenario: 'silent', protocols, limits: { keepAliveMs: 40 } });
    await (await post(relay, { response: 'ndjson' })).text();
    assert.equal(relay.exchange.keepAlives.length, keepAlivesPerSilence);
  });

  for (const scenario of ['slow-start', 'late-failed'] as const) {
    it(`before the agent begins ends with the status and a keep-alive: ${scenario}`, async () => {
      await using relay = await startClientRelay({ scenario, protocols });
      const body = await (await post(relay, { response: 'ndjson' })).text();
      assert.deepEqual(relay.exchange.keepAlives, ['\n']);
      assert.match(body, /^\n\{"type":"run-start"/u);
    });
  }
});

describe('the tap', () => {
  it('holds the request as the client sent it and the response as it went out', async () => {
    await using relay = await startClientRelay({ scenario: 'refused-throttled', protocols });
    const response = await post(relay, { x: 'é' });
    const body = await response.text();
    const { request, ended, ...rest } = relay.exchange;
    const { host, 'content-type': contentType } = request.headers;
    assert.deepEqual(
      { ...request, headers: { host, 'content-type': contentType } },
      {
        method: 'POST',
        path: '/',
        query: '',
        headers: { host: new URL(relay.origin).host, 'content-type': 'text/plain;charset=UTF-8' },
        body: '{"prompt":"hi","x":"é"}',
      },
    );
    const {
      connection: _connection,
      date: _date,
      'keep-alive': _keepAlive,
      'transfer-encoding': _transferEncoding,
      ...headers
    } = Object.fromEntries(response.headers);
    assert.deepEqual(rest, { status: 429, headers, body, keepAlives: [] });
    assert.equal(await ended, 'sent');
    assert.equal(response.headers.get('retry-after'), '1');
    assert.deepEqual(
      relay.entries.map(({ status, errorCode }) => ({ status, errorCode })),
      [{ status: 429, errorCode: 'agent_throttled' }],
    );
  });
});

describe('a client that leaves', () => {
  it('makes the relay let go of the agent, which would have gone on for ever', async () => {
    await using relay = await startClientRelay({ scenario: 'endless', protocols });
    const client = new AbortController();
    const response = await post(relay, { response: 'ndjson' }, client.signal);
    const reader = (response.body ?? assert.fail('no body')).getReader();
    assert.equal((await reader.read()).done, false);
    client.abort();
    await assert.rejects(reader.closed, { name: 'AbortError' });
    await relay.invocations[0]?.released;
    assert.equal(await relay.exchange.ended, 'left');
    assert.deepEqual(
      relay.entries.map(({ ending }) => ending),
      ['cancelled'],
    );
  });
});
