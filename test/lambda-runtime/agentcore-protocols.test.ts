import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { GetAgentCardCommand } from '@aws-sdk/client-bedrock-agentcore';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { contractOf } from '../../src/local/container-contract.ts';
import { agentRuntimeArn, invocation, json, sessionId, signedFetch, start } from './agentcore-harness.ts';
import type { Started } from './agentcore-harness.ts';

/** What the MCP server's tool says. */
interface Who {
  readonly pid: number;
  readonly sessionId?: string;
  readonly header?: string;
}

describe('an MCP server', () => {
  for (const isStateful of [false, true]) {
    it(`that is ${isStateful ? 'stateful' : 'stateless'} serves its own client: each session in a process`, async (t) => {
      const { agentCore } = await startMcp(t, isStateful);
      const ada = await connect(t, agentCore.endpoint);
      const bob = await connect(t, agentCore.endpoint);
      const [first, again, other] = [await who(ada), await who(ada), await who(bob)];
      assert.equal(first.pid, again.pid);
      assert.notEqual(first.pid, other.pid);
      // The header is AgentCore's where the server makes none.
      const { sessionId: ownId } = ada.transport as StreamableHTTPClientTransport;
      assert.deepEqual([first.header, first.sessionId], [ownId, isStateful ? ownId : undefined]);
      assert.match(ownId ?? '', /^[0-9a-f-]{36}$/u);
    });
  }

  it('is reached with the SDK of AWS, too, and gets the session that AgentCore makes', async (t) => {
    const { client } = await startMcp(t, false);
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'who', arguments: {} } };
    const output = await client.send(invocation(call, { accept: 'application/json, text/event-stream' }));
    assert.deepEqual(
      [output.mcpSessionId, output.runtimeSessionId, output.contentType],
      [sessionId, sessionId, 'text/event-stream'],
    );
  });

  it('is not asked where the client does not take both forms of an answer', async (t) => {
    const { agentCore } = await startMcp(t, false);
    const answers = [];
    for (const accept of ['application/json', 'text/event-stream', '*/*']) {
      const response = await signedFetch(invocationsOf(agentCore.endpoint), {
        method: 'POST',
        headers: { accept },
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      });
      answers.push([response.status, await response.json()]);
    }
    const message = 'Accept Header Error - MCP protocol requires Accept header: application/json, text/event-stream';
    assert.deepEqual(
      answers,
      Array.from({ length: 3 }, () => [406, { jsonrpc: '2.0', id: 1, error: { code: -32_011, message } }]),
    );
  });

  it('that knows no session of an id says so itself', async (t) => {
    const { agentCore } = await startMcp(t, true);
    const response = await signedFetch(invocationsOf(agentCore.endpoint), {
      method: 'POST',
      headers: { accept: 'application/json, text/event-stream', 'mcp-session-id': 'unknown' },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    });
    // AgentCore makes its own error of a 4xx.
    assert.deepEqual(
      [response.status, ((await response.json()) as { error: { code: number } }).error.code],
      [200, -32_010],
    );
  });
});

describe('an A2A server', () => {
  it('is called at its root, by the path that its card names, too', async (t) => {
    const { agentCore, client } = await start(t, { contract: contractOf('A2A') });
    const seen = await json(client, { prompt: 'request' });
    assert.equal(seen['url'], '/');
    const response = await signedFetch(`${invocationsOf(agentCore.endpoint)}/`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'request' }),
    });
    const { headers } = (await response.json()) as { headers: Record<string, string> };
    assert.equal(
      headers['x-amzn-bedrock-agentcore-runtime-session-id'],
      response.headers.get('x-amzn-bedrock-agentcore-runtime-session-id'),
    );
  });

  it('gives its card, in which AgentCore is its place, to GetAgentCard', async (t) => {
    const { agentCore, client } = await start(t, { contract: contractOf('A2A') });
    const { agentCard, statusCode, runtimeSessionId } = await client.send(
      new GetAgentCardCommand({ agentRuntimeArn, runtimeSessionId: sessionId }),
    );
    assert.deepEqual(
      { agentCard, statusCode, runtimeSessionId },
      {
        agentCard: { name: 'test', url: `${invocationsOf(agentCore.endpoint)}/` },
        statusCode: 200,
        runtimeSessionId: sessionId,
      },
    );
  });
});

describe("a runtime's own path", () => {
  for (const [protocol, path, expected] of [
    ['HTTP', undefined, '/invocations'],
    ['AGUI', undefined, '/invocations'],
    ['A2A', undefined, '/'],
    ['MCP', undefined, '/mcp'],
    ['AGUI', '/agent/run', '/agent/run'],
  ] as const) {
    it(`of ${protocol} is ${expected}`, async (t) => {
      const { client } = await start(t, { contract: contractOf(protocol, { path }) });
      assert.equal((await json(client, { prompt: 'request' }))['url'], expected);
    });
  }
});

describe('the endpoints of a runtime', () => {
  it('are those that it has, by their names', async (t) => {
    const { client, notes } = await start(t, { qualifiers: ['DEFAULT', 'live'] });
    assert.equal((await json(client, { prompt: 'who' }, { qualifier: undefined }))['invocations'], 1);
    assert.equal((await json(client, { prompt: 'who' }, { qualifier: 'live' }))['invocations'], 2);
    await assert.rejects(client.send(invocation({ prompt: 'who' }, { qualifier: 'Live' })), {
      name: 'ResourceNotFoundException',
      message: `No endpoint or agent found with qualifier 'Live' for agent '${agentRuntimeArn}'`,
    });
    assert.deepEqual(notes, [
      `404 ResourceNotFoundException: No endpoint or agent found with qualifier 'Live' for agent '${agentRuntimeArn}'`,
    ]);
  });
});

function startMcp(t: TestContext, isStateful: boolean): Promise<Started> {
  return start(
    t,
    { contract: contractOf('MCP') },
    { entryPoint: ['mcp.mjs'], environment: { STATEFUL: isStateful ? 'yes' : 'no' } },
  );
}

function invocationsOf(endpoint: string): string {
  return `${endpoint}/runtimes/${encodeURIComponent(agentRuntimeArn)}/invocations`;
}

async function connect(t: TestContext, endpoint: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const url = new URL(`${invocationsOf(endpoint)}?qualifier=DEFAULT`);
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: signedFetch }));
  t.after(() => client.close());
  return client;
}

async function who(client: Client): Promise<Who> {
  const { content } = await client.callTool({ name: 'who', arguments: {} });
  const [part] = content as readonly { readonly text: string }[];
  return JSON.parse(part?.text ?? '') as Who;
}
