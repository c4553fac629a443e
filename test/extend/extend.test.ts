import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { build } from 'esbuild';
import fc from 'fast-check';
import { hideTools } from '../../examples/extend/hide-tools.ts';
import { lines } from '../../examples/extend/lines-protocol.ts';
import { openAiChunks } from '../../examples/extend/openai-chunks-dialect.ts';
import { createEmailRedaction } from '../../examples/extend/redact-emails.ts';
import { DemoAgent } from '../../infra/demo-agent.ts';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import { RelayError } from '../../src/errors.ts';
import type { AgentEvent } from '../../src/events/agent-event.ts';
import type { LocalChain } from '../../src/local.ts';
import * as door from '../../src/relay.ts';
import { ask, view } from '../end-to-end/deployed-chain.ts';
import { startWatchedChain } from '../watched-servers.ts';
import { createScriptedRelay, readText, start, stop, textFrame } from '../scripted-relay.ts';

describe('the example of a protocol', () => {
  const post = (json: unknown) => ({ path: '/lines', json });

  it('writes the text as it comes and one ending', async () => {
    const { agent, send } = createScriptedRelay({ protocols: [lines] });
    agent.answer();
    agent.say(start + textFrame('Hé') + textFrame('llo\n') + stop);
    agent.end();
    const response = await send(post({ say: 'hi', room: 'a-room-nobody-guesses' }));
    assert.deepEqual(
      [response.status, response.headers['content-type'], await readText(response), agent.invocations[0]?.payload],
      [200, 'application/jsonl; charset=utf-8', '{"text":"Hé"}\n{"text":"llo\\n"}\n{"done":true}\n', '{"prompt":"hi"}'],
    );
  });

  it('writes an error where the agent dies', async () => {
    const { agent, send } = createScriptedRelay({ protocols: [lines] });
    agent.answer();
    agent.say(start + textFrame('Hé'));
    agent.end(new RelayError('agent_interrupted'));
    assert.equal(
      await readText(await send(post({ say: 'hi' }))),
      '{"text":"Hé"}\n{"error":"the answer broke off before its end"}\n',
    );
  });
});

describe('the example of a dialect', () => {
  const chunk = (choice: object) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [choice] })}\n\n`;
  const relay = () => {
    const scripted = createScriptedRelay({ dialects: [openAiChunks] });
    scripted.agent.answer();
    scripted.agent.say(chunk({ delta: { role: 'assistant', content: '' } }) + chunk({ delta: { content: 'Hé' } }));
    return { ...scripted, send: () => scripted.send({ json: { prompt: 'hi', response: 'ndjson' } }) };
  };
  const typesOf = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line).type);

  it('gives the text and the end', async () => {
    const { agent, entries, send } = relay();
    agent.say(`${chunk({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`);
    agent.end();
    const text = await readText(await send());
    const block = ['text-start', 'text-delta', 'text-end'];
    assert.deepEqual(typesOf(text), ['run-start', 'step-start', ...block, 'step-end', 'run-end']);
    assert.deepEqual([entries[0]?.['dialect'], entries[0]?.['unknownFrames']], ['openai-chunks', undefined]);
  });

  it('tells an answer that was cut from one that is whole', async () => {
    const { agent, send } = relay();
    agent.end();
    assert.equal(typesOf(await readText(await send())).at(-1), 'error');
  });
});

describe('the example of a filter', () => {
  it('hides every trace of a tool', () => {
    const events: readonly AgentEvent[] = [
      { type: 'tool-start', id: 't', name: 'search' },
      { type: 'tool-delta', id: 't', input: '{}' },
      { type: 'tool-end', id: 't' },
      { type: 'tool-result', id: 't', isError: false, content: 'secret' },
      { type: 'text-delta', id: 'x', text: 'Hi' },
    ];
    assert.deepEqual(events.map(hideTools), [undefined, undefined, undefined, undefined, events[4]]);
  });

  function redact(pieces: readonly string[]): string {
    const filter = createEmailRedaction();
    const events: readonly AgentEvent[] = [
      ...pieces.map((text) => ({ type: 'text-delta', id: 'x', text }) as const),
      { type: 'text-end', id: 'x' },
    ];
    return events
      .flatMap((event) => filter(event) ?? [])
      .map((event) => (event.type === 'text-delta' ? event.text : ''))
      .join('');
  }

  it('redacts e-mail addresses and nothing else', () => {
    assert.equal(
      redact(['Write to ada.l+x@example.co.uk, (bob@b.org) or @ada; 3 @ 5. 日本ada@例え.jp a@b ends x@y.zz']),
      'Write to [e-mail], ([e-mail]) or @ada; 3 @ 5. 日本ada@例え.jp a@b ends [e-mail]',
    );
  });

  it('redacts the same wherever the text is cut, and loses no character', () => {
    const words = fc.constantFrom('ada@example.com', 'Hi', '@', '.', ' ', '\n', 'a.b', '日本', '👩‍👩‍👧', 'x@y', 'co.uk');
    fc.assert(
      fc.property(fc.array(words, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 10 }), (parts, cuts) => {
        const text = parts.join('');
        const positions = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = positions.slice(1).map((position, index) => text.slice(positions[index], position));
        assert.equal(redact(pieces), redact([text]));
        assert.doesNotMatch(redact(pieces), /ada@example\.com/u);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a relay of one’s own, bundled, deployed by the construct and run by the local chain', () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-relay-'));
  let chain: LocalChain;

  before(async () => {
    await build({
      entryPoints: ['examples/extend/relay.ts'],
      outfile: join(folder, 'relay/index.cjs'),
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      logLevel: 'error',
    });
    process.env['CDK_VALIDATION'] = 'false';
    const app = new App({ outdir: join(folder, 'assembly') });
    const stack = new Stack(app, 'Mine', { env: { region: 'eu-west-1' } });
    const { runtime } = new DemoAgent(stack, 'Agent', { modelId: 'global.amazon.nova-2-lite-v1:0' });
    new AgentRelay(stack, 'Relay', {
      agent: runtime,
      auth: RelayAuth.anonymous(),
      code: lambda.Code.fromAsset(join(folder, 'relay')),
    });
    app.synth();
    chain = await startWatchedChain({
      assembly: join(folder, 'assembly'),
      port: 0,
      agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '0' },
    });
  });
  after(async () => {
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('speaks its own protocol, and remembers the room', async () => {
    const room = 'a-room-of-ones-own';
    await ask(`${chain.url}/lines`, { say: 'My name is Ada.', room });
    const { status, text } = await ask(`${chain.url}/lines`, { say: 'What is my name?', room });
    const said = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly text?: string; readonly done?: boolean });
    assert.deepEqual(
      [status, said.map((line) => line.text ?? '').join(''), said.at(-1)],
      [200, 'Your name is Ada.', { done: true }],
    );
    const refused = await ask(`${chain.url}/lines`, { room });
    assert.deepEqual([refused.status, JSON.parse(refused.text).error.message], [400, '"say" must not be empty']);
  });

  it('speaks the protocols of the package that are loaded when they are asked for, though all is in one file', async () => {
    const messages = [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'My name is Ada.' }] }];
    const { status, text } = await ask(`${chain.url}/api/chat`, { id: 'a-chat-of-ones-own', messages });
    assert.equal(status, 200);
    assert.match(text, /"type":"text-delta"[\s\S]*"finishReason":"stop"/u);
  });

  it('filters every protocol, and has none that the filter cannot see', async () => {
    const { text } = await ask(`${chain.url}/`, { prompt: 'What is 12*3? Ask ada@example.com', response: 'ndjson' });
    // The model called its tool, and said what came of it.
    assert.match(text, /"stopReason":"tool-use"[\s\S]*36/u);
    assert.doesNotMatch(text, /ada@example|"type":"tool-/u);
    const refused = await view(`${chain.url}/?prompt=hi&response=original`);
    assert.equal(refused.status, 400);
  });
});

it('offers each of its own dialects at the door, for a relay that puts them in another order', () => {
  const exported = new Set<unknown>(Object.values(door));
  assert.deepEqual(
    door.defaultDialects.filter((dialect) => !exported.has(dialect)).map(({ name }) => name),
    [],
  );
});
