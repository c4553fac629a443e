/**
 * Talks to the agent with OpenAI's own client, version 4 or newer.
 *
 *     npm install openai
 *     RELAY_URL=https://… RELAY_KEY=relay_… node openai.ts
 *
 * Node.js 22.18 or newer, in a package with `"type": "module"`. RELAY_URL is where the relay is; without it,
 * the one that `npm start` runs on this machine. That one asks for no key, but the client insists on one.
 */
import OpenAI from 'openai';

const { RELAY_URL = 'http://127.0.0.1:8787', RELAY_KEY = 'none' } = process.env;

const client = new OpenAI({ baseURL: new URL('/v1', RELAY_URL).href, apiKey: RELAY_KEY });

// 1. The agent remembers by what the client sends: all of the conversation, each time.
const messages: OpenAI.ChatCompletionMessageParam[] = [];
for (const question of ['My name is Ada.', 'What is my name?']) {
  messages.push({ role: 'user', content: question });
  const stream = await client.chat.completions.create({ model: 'agent', messages, stream: true });
  let answer = '';
  for await (const { choices } of stream) {
    const piece = choices[0]?.delta.content ?? '';
    process.stdout.write(piece);
    answer += piece;
  }
  process.stdout.write('\n\n');
  messages.push({ role: 'assistant', content: answer });
}

// 2. Or the agent remembers by itself, under a name that the client gives the conversation; then the question is enough.
const headers = { 'x-session-id': `conversation ${crypto.randomUUID()}` };
for (const content of ['My name is Grace.', 'What is my name?']) {
  const completion = await client.chat.completions.create(
    { model: 'agent', messages: [{ role: 'user', content }] },
    { headers },
  );
  process.stdout.write(`${completion.choices[0]?.message.content}\n\n`);
}
