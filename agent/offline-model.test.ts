import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message, TextBlock } from '@strands-agents/sdk';
import type { ModelStreamEvent, StreamOptions } from '@strands-agents/sdk';
import { OfflineModel } from './offline-model.ts';

const toolSpecs = [{ name: 'calculator', description: 'calculates' }];

test('streams reasoning, its signature, text, a tool call in pieces, and what it cost', async () => {
  const events = await play('1+2');
  assert.deepEqual(events, [
    { type: 'modelMessageStartEvent', role: 'assistant' },
    { type: 'modelContentBlockStartEvent' },
    ...['I', ' should', ' not', ' guess', ' this.', ' I', ' have', ' a', ' tool', ' for', ' it:', ' the'].map(
      reasoning,
    ),
    reasoning(' calculator.'),
    {
      type: 'modelContentBlockDeltaEvent',
      delta: { type: 'reasoningContentDelta', signature: 'NuJXz13cMVaw+E9m2bHa1kmaHzmJuT9LBu44tqDGr9c=' },
    },
    { type: 'modelContentBlockStopEvent' },
    { type: 'modelContentBlockStartEvent' },
    ...['I', ' am', ' the', ' offline', ' model:', ' no', ' real', ' model', ' is', ' configured,'].map(text),
    ...[' so', ' I', ' answer', ' by', ' a', ' few', ' rules.', '\n\nLet', ' me', ' see.', '\n\n'].map(text),
    { type: 'modelContentBlockStopEvent' },
    {
      type: 'modelContentBlockStartEvent',
      start: { type: 'toolUseStart', name: 'calculator', toolUseId: 'tooluse_offline_1_1' },
    },
    ...['{"expression":"', '1+', '2"}'].map(toolInput),
    { type: 'modelContentBlockStopEvent' },
    { type: 'modelMessageStopEvent', stopReason: 'toolUse' },
    {
      type: 'modelMetadataEvent',
      usage: { inputTokens: 2, outputTokens: 37, totalTokens: 39 },
      metrics: { latencyMs: 7 },
    },
  ]);
});

test('gives the same answer to the same conversation', async () => {
  assert.deepEqual(await play('こんにちは 👋'), await play('こんにちは 👋'));
});

test('breaks off inside its text block where it is asked to fail', async () => {
  const events: ModelStreamEvent[] = [];
  await assert.rejects(play('fail, please', {}, events), { message: 'the offline model was asked to fail' });
  assert.deepEqual(events.at(-1), text(' then'));
});

test('stops at once when the run is cancelled', async () => {
  const controller = new AbortController();
  const events: ModelStreamEvent[] = [];
  const playing = play('hello', { cancelSignal: controller.signal }, events, () => controller.abort(new Error('gone')));
  await assert.rejects(playing, { message: 'gone' });
  assert.deepEqual(events, [
    { type: 'modelMessageStartEvent', role: 'assistant' },
    { type: 'modelContentBlockStartEvent' },
    reasoning('I'),
  ]);
});

async function play(
  prompt: string,
  options: StreamOptions = {},
  events: ModelStreamEvent[] = [],
  onSleep = (): void => {},
): Promise<readonly ModelStreamEvent[]> {
  let time = 0;
  const model = new OfflineModel({ delayMs: 1, now: () => (time += 7), sleep: async () => onSleep() });
  const messages = [new Message({ role: 'user', content: [new TextBlock(prompt)] })];
  for await (const event of model.stream(messages, { toolSpecs, ...options })) events.push(event);
  return events;
}

function reasoning(part: string): ModelStreamEvent {
  return { type: 'modelContentBlockDeltaEvent', delta: { type: 'reasoningContentDelta', text: part } };
}

function text(part: string): ModelStreamEvent {
  return { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text: part } };
}

function toolInput(input: string): ModelStreamEvent {
  return { type: 'modelContentBlockDeltaEvent', delta: { type: 'toolUseInputDelta', input } };
}
