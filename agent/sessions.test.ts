import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '@strands-agents/sdk';
import { OfflineModel } from './offline-model.ts';
import { createSessions } from './sessions.ts';
import type { EarlierMessage, Sessions, Turn } from './sessions.ts';

test('keeps the agent, and so the memory, of a session', async () => {
  const sessions = sessionsOf();
  const first = sessions.begin('a', []);
  await first.agent.invoke('my name is Ada');
  first.end(true);
  assert.equal(await ask(sessions.begin('a', []), 'what is my name?'), 'Your name is Ada.');
});

test('does not let one session see another', async () => {
  const sessions = sessionsOf();
  const first = sessions.begin('a', []);
  await first.agent.invoke('my name is Ada');
  first.end(true);
  assert.match(await ask(sessions.begin('b', []), 'what is my name?'), /You have not told me your name\.$/u);
});

test('refuses a second answer in a session that is still answering, and takes it afterwards', () => {
  const sessions = sessionsOf();
  const first = sessions.begin('a', []);
  assert.throws(() => sessions.begin('a', []), {
    message: 'this session is still answering; wait for that answer or use another session',
  });
  sessions.begin('b', []).end(true);
  first.end(true);
  sessions.begin('a', []).end(true);
});

test('forgets a turn that was not kept, and only that', async () => {
  const sessions = sessionsOf();
  const first = sessions.begin('a', []);
  await first.agent.invoke('my name is Ada');
  first.end(true);
  const second = sessions.begin('a', []);
  await second.agent.invoke('my name is Eve');
  second.end(false);
  assert.equal(await ask(sessions.begin('a', []), 'what is my name?'), 'Your name is Ada.');
});

test('does not free a session that a later turn has taken', () => {
  const sessions = sessionsOf();
  const first = sessions.begin('a', []);
  first.end(true);
  sessions.begin('a', []);
  first.end(false);
  assert.throws(() => sessions.begin('a', []), /still answering/u);
});

test('takes the history of a session that is new, or whose only turn failed, and of no other', () => {
  const created: (readonly EarlierMessage[])[] = [];
  const sessions = sessionsOf({ created });
  const history = (content: string): readonly EarlierMessage[] => [{ role: 'user', content }];
  sessions.begin('a', history('one')).end(false);
  sessions.begin('a', history('two')).end(true);
  sessions.begin('a', history('three')).end(true);
  assert.deepEqual(created, [history('one'), history('two')]);
});

test('forgets the session that was idle the longest, never one that is answering', () => {
  const created: (readonly EarlierMessage[])[] = [];
  const sessions = sessionsOf({ created, maxSessions: 2 });
  sessions.begin('busy', []);
  sessions.begin('old', []).end(true);
  sessions.begin('used', []).end(true);
  assert.throws(() => sessions.begin('busy', []), /still answering/u);
  sessions.begin('used', []).end(true);
  assert.equal(created.length, 3);
  sessions.begin('old', []).end(true);
  assert.equal(created.length, 4);
});

function sessionsOf({ maxSessions = 10, created = [] as (readonly EarlierMessage[])[] } = {}): Sessions {
  return createSessions({
    maxSessions,
    createAgent: (earlier) => {
      created.push(earlier);
      return new Agent({
        model: new OfflineModel({ delayMs: 0, now: () => 0, sleep: async () => {} }),
        printer: false,
      });
    },
  });
}

async function ask({ agent, end }: Turn, prompt: string): Promise<string> {
  const { lastMessage } = await agent.invoke(prompt);
  end(true);
  return lastMessage.content.map((block) => (block.type === 'textBlock' ? block.text : '')).join('');
}
