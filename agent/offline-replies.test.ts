import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonBlock, Message, TextBlock, ToolResultBlock, ToolUseBlock } from '@strands-agents/sdk';
import { replyTo } from './offline-replies.ts';

const tools = new Set(['calculator', 'clock']);
const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.';

test('says in the first answer of a conversation, and only there, that it is no real model', () => {
  const first = replyTo([user('Good morning')], tools);
  const second = replyTo([user('Good morning'), assistant(first.text), user('Good evening')], tools);
  assert.deepEqual(
    [first.text, second.text],
    [`${introduction}\n\nYou said: “Good morning” (message 1)`, 'You said: “Good evening” (message 2)'],
  );
});

test('answers from the conversation, not only from the last message', () => {
  const conversation = [
    user('Hello, my name is Ångström-Ōe.'),
    assistant('…'),
    user('I live in Uppsala.'),
    assistant('…'),
  ];
  const questions = ['What is my name?', 'what did I say before?', 'What was my first message?'];
  assert.deepEqual(
    questions.map((question) => replyTo([...conversation, user(question)], tools).text),
    ['Your name is Ångström-Ōe.', 'You said: “I live in Uppsala.”', 'You said: “Hello, my name is Ångström-Ōe.”'],
  );
});

test('admits what it was not told', () => {
  assert.deepEqual(
    ['What is my name?', 'What did I ask before?'].map((question) => replyTo([user(question)], tools).text),
    [
      `${introduction}\n\nYou have not told me your name.`,
      `${introduction}\n\nThis is the first thing that you have said to me.`,
    ],
  );
});

test('finds the arithmetic, the time and the place in a prompt', () => {
  const expected: Readonly<Record<string, unknown>> = {
    'what is 12*(3+4)?': [{ name: 'calculator', input: { expression: '12*(3+4)' } }],
    'How much are 6 x 7 eggs?': [{ name: 'calculator', input: { expression: '6*7' } }],
    'Add (1.5 + 2) ÷ 7, please.': [{ name: 'calculator', input: { expression: '(1.5 + 2) ÷ 7' } }],
    'what time is it?': [{ name: 'clock', input: {} }],
    'What is the time in New York?': [{ name: 'clock', input: { timeZone: 'America/New_York' } }],
    'What time is it in Atlantis?': [{ name: 'clock', input: {} }],
    'What is 2+2, and what time is it in Tokyo?': [
      { name: 'calculator', input: { expression: '2+2' } },
      { name: 'clock', input: { timeZone: 'Asia/Tokyo' } },
    ],
    'It happened on 2026-11-22.': [],
    'I have 3 cats - and 4 dogs': [],
    'the times they are changing': [],
  };
  const got = Object.fromEntries(
    Object.keys(expected).map((prompt) => [prompt, replyTo([user(prompt)], tools).toolCalls]),
  );
  assert.deepEqual(got, expected);
});

test('calls no tool that the agent does not have', () => {
  assert.deepEqual(replyTo([user('what is 1+1?')], new Set()).toolCalls, []);
});

test('says what the tools gave back, and that one could not', () => {
  const results = new Message({
    role: 'user',
    content: [
      new ToolResultBlock({
        toolUseId: 'b',
        status: 'success',
        content: [new JsonBlock({ json: { timeZone: 'UTC', iso: '…', local: 'Sunday 22 November 2026 at 14:03' } })],
      }),
      new ToolResultBlock({ toolUseId: 'a', status: 'error', content: [new TextBlock('Error: it is too hard')] }),
    ],
  });
  const uses = new Message({
    role: 'assistant',
    content: [
      new ToolUseBlock({ name: 'calculator', toolUseId: 'a', input: {} }),
      new ToolUseBlock({ name: 'clock', toolUseId: 'b', input: {} }),
    ],
  });
  assert.deepEqual(replyTo([user('…'), uses, results], tools), {
    reasoning: 'The tools have answered; now I only have to say it.',
    text: 'It is Sunday 22 November 2026 at 14:03 (UTC). The calculator could not do it: it is too hard.',
    toolCalls: [],
    fails: false,
  });
});

test('shortens an echo between characters, never inside one', () => {
  const reply = replyTo([user('👩‍👩‍👧'.repeat(100_000))], tools);
  assert.equal(reply.text, `${introduction}\n\nYou said: “${'👩‍👩‍👧'.repeat(280)}…” (message 1)`);
});

test('does not give back megabytes because they are few characters', () => {
  const reply = replyTo([user(`x${'\u0301'.repeat(1_000_000)}`)], tools);
  assert.equal(reply.text, `${introduction}\n\nYou said: “…” (message 1)`);
});

test('is not slowed down by a prompt made to slow it down', { timeout: 10_000 }, () => {
  const prompts = ['('.repeat(1_000_000), '1 '.repeat(500_000), 'my name is '.repeat(100_000), '1x'.repeat(500_000)];
  for (const prompt of prompts) replyTo([user(prompt)], tools);
});

function user(text: string): Message {
  return new Message({ role: 'user', content: [new TextBlock(text)] });
}

function assistant(text: string): Message {
  return new Message({ role: 'assistant', content: [new TextBlock(text)] });
}
