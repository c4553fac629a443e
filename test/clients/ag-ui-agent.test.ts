import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { describe, it, mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import { recordings } from '../recordings.ts';
import type { Recording } from '../recordings.ts';
import { agUiNames, beginConversation } from './ag-ui-clients.ts';
import type { AgUiAnswer, AgUiName } from './ag-ui-clients.ts';
import { clients } from './client-packages.ts';
import { nameSession } from '../../src/relay/session-id.ts';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { startClientRelay } from './client-relay.ts';
import { skipReason } from './installed.ts';
import { expectAnswer, say } from './scenarios.ts';

const threadId = 'fixture-thread-0001';

// What agents send is their own affair: the clients say their mind of it with and without a relay.
mock.method(console, 'warn', () => undefined);
mock.method(console, 'error', () => undefined);

/** Asks an agent without a relay. */
async function askDirectly(client: AgUiName, { contentType, bytes }: Recording): Promise<AgUiAnswer> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': contentType });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const conversation = await beginConversation(client, `http://127.0.0.1:${port}`, threadId);
  const answer = await conversation.run('hi');
  await new Promise((resolve) => void server.close(resolve));
  return answer;
}

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}

/** The schema of what an agent gets; 1.0 has it in a module of its own, which the client does not give on. */
async function loadInputSchema(client: AgUiName): Promise<Schema> {
  const resolveFromClients = createRequire(`${clients.folder}/package.json`);
  const resolveFromClient = createRequire(resolveFromClients.resolve(client));
  const path = resolveFromClient.resolve(client === 'ag-ui-client-1' ? '@ag-ui/core/schemas' : '@ag-ui/core');
  const { RunAgentInputSchema } = (await import(pathToFileURL(path).href)) as { readonly RunAgentInputSchema: Schema };
  return RunAgentInputSchema;
}

describe('an agent that speaks AG-UI', { skip: skipReason, concurrency: true }, () => {
  const recorded = recordings.filter(
    ({ name, contentType }) => name.includes('-ag-ui-') && contentType.startsWith('text/event-stream'),
  );

  for (const client of agUiNames) {
    it(`hears and says the same with a relay in between as without one: ${client}`, async () => {
      assert.notEqual(recorded.length, 0);
      for (const recording of recorded) {
        const steps = say(Buffer.from(recording.bytes).toString('utf8'));
        const scenario = { steps, expected: expectAnswer([]) };
        await using relay = await startClientRelay({ scenario, split: 100, agentProtocol: 'AGUI' });
        const conversation = await beginConversation(client, `${relay.origin}/ag-ui`, threadId);
        const answer = await askDirectly(client, recording);
        // The one thing that is not the agent's: what its exception said.
        const error = answer.error && { message: 'the agent reported an error', code: 'agent_error' };
        assert.deepEqual(await conversation.run('hi'), { ...answer, error }, recording.name);
        const { exchange, invocations } = relay;
        const sent = Buffer.from(recording.bytes).toString('utf8');
        assert.equal(
          exchange.body,
          sent.replace(/(?<=data: )\{"type":"RUN_ERROR".*(?=\n\n$)/u, JSON.stringify({ type: 'RUN_ERROR', ...error })),
          recording.name,
        );
        assert.deepEqual(
          invocations.map(({ payload }) => payload),
          // The thread as AgentCore knows it, so that no two principals share one.
          [{ ...JSON.parse(exchange.request.body), threadId: runtimeSessionOf(nameSession(threadId)) }],
        );
      }
    });

    it(`gets back what a tool of the page gave, with a relay in between: ${client}`, async () => {
      const steps = say('data: {"type":"RUN_STARTED","threadId":"t","runId":"r"}\n\n');
      await using relay = await startClientRelay({
        scenario: { steps, expected: expectAnswer([]) },
        agentProtocol: 'AGUI',
      });
      const conversation = await beginConversation(client, `${relay.origin}/ag-ui`, threadId);
      const tools = [{ name: 'clock', description: 'Tells the time', parameters: { type: 'object' } }];
      const { error } = await conversation.run(undefined, { tools });
      assert.deepEqual(error, { code: 'agent_interrupted', message: 'the answer broke off before its end' });
      assert.deepEqual(relay.invocations[0]?.payload['tools'], tools);
    });
  }

  it('gets an input from the clients of other protocols that every version takes for one', async () => {
    await using relay = await startClientRelay({
      scenario: {
        steps: say('data: {"type":"RUN_STARTED","threadId":"t","runId":"r"}\n\n'),
        expected: expectAnswer([]),
      },
      agentProtocol: 'AGUI',
    });
    const messages = [
      { id: '1', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { id: '2', role: 'user', parts: [{ type: 'text', text: 'Hello' }] },
      { id: '3', role: 'assistant', parts: [{ type: 'text', text: 'Hi' }] },
      { id: '4', role: 'user', parts: [{ type: 'text', text: 'Bye' }] },
    ];
    const body = JSON.stringify({ id: 'Zt8aR3kQp0LmXy21', messages, trigger: 'submit-message' });
    await (await fetch(`${relay.origin}/api/chat`, { method: 'POST', body })).text();
    await (await fetch(relay.origin, { method: 'POST', body: '{"prompt":"hi","response":"ndjson"}' })).text();
    assert.equal(relay.invocations.length, 2);
    for (const { payload } of relay.invocations) {
      for (const client of agUiNames) {
        const { success, data } = (await loadInputSchema(client)).safeParse(payload);
        assert.deepEqual([success, data], [true, payload], client);
      }
    }
  });
});
