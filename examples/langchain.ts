/**
 * Talks to the agent with LangChain.
 *
 *     npm install @langchain/core @langchain/openai
 *     RELAY_URL=https://… RELAY_KEY=relay_… node langchain.ts
 *
 * Node.js 22.18 or newer, in a package with `"type": "module"`. RELAY_URL is where the relay is; without it,
 * the one that `npm start` runs on this machine. That one asks for no key, but the client insists on one.
 */
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import type { BaseMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';

const { RELAY_URL = 'http://127.0.0.1:8787', RELAY_KEY = 'none' } = process.env;
const baseURL = new URL('/v1', RELAY_URL).href;

const agent = new ChatOpenAI({ model: 'agent', apiKey: RELAY_KEY, configuration: { baseURL } });

// 1. The agent remembers by what the client sends: all of the conversation, each time.
const messages: BaseMessage[] = [];
for (const question of ['My name is Ada.', 'What is my name?']) {
  messages.push(new HumanMessage(question));
  let answer = '';
  for await (const { text } of await agent.stream(messages)) {
    process.stdout.write(text);
    answer += text;
  }
  process.stdout.write('\n\n');
  messages.push(new AIMessage(answer));
}

// 2. Or the agent remembers by itself, under a name that the client gives the conversation; then the question is enough.
const conversation = new ChatOpenAI({
  model: 'agent',
  apiKey: RELAY_KEY,
  configuration: { baseURL, defaultHeaders: { 'x-session-id': `conversation ${crypto.randomUUID()}` } },
});
for (const question of ['My name is Grace.', 'What is my name?']) {
  const { text } = await conversation.invoke(question);
  process.stdout.write(`${text}\n\n`);
}
