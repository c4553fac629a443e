import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { createSdkAgentRuntime } from '../../src/agentcore/sdk.ts';
import { createSignedAgentRuntime } from '../../src/agentcore/signed.ts';
import type { AgentInvocation, AgentRuntime } from '../../src/relay/agent-runtime.ts';
import { makeSelfSignedCertificate, noCertificates } from '../self-signed-certificate.ts';

const agentRuntimeArn = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

describe('over TLS', { skip: noCertificates }, () => {
  test('takes an answer that comes long after the connection timeout, over one connection for two calls', async (t) => {
    const { endpoint, certificate, connectionCount } = await serveOverTls(t, 300);
    trust(t, certificate);
    const runtime = createSigned(endpoint, 200);
    for (const _ of [1, 2]) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await runtime.invoke(invocation())).body) chunks.push(chunk);
      assert.equal(Buffer.concat(chunks).toString(), 'data: 1\n\n');
      await new Promise(setImmediate);
    }
    assert.equal(connectionCount(), 1);
  });

  for (const [name, create] of [
    ['the signed adapter', (endpoint: string) => createSigned(endpoint, 5_000)],
    ['the SDK adapter', createSdk],
  ] as const) {
    test(`sends nothing to a server whose certificate is not trusted, by ${name}`, async (t) => {
      const { endpoint, requestCount } = await serveOverTls(t, 0);
      await assert.rejects(create(endpoint).invoke(invocation()), {
        code: 'agent_unreachable',
        upstreamName: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
      assert.equal(requestCount(), 0);
    });
  }
});

function createSigned(endpoint: string, connectTimeoutMs: number): AgentRuntime {
  return createSignedAgentRuntime({
    settings: { agentRuntimeArn, qualifier: 'DEFAULT', region: 'us-east-1', endpoint },
    credentials: () => credentials,
    connectTimeoutMs,
    random: () => 0,
  });
}

function createSdk(endpoint: string): AgentRuntime {
  const client = new BedrockAgentCoreClient({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
  return createSdkAgentRuntime({ client, agentRuntimeArn, qualifier: 'DEFAULT', random: () => 0 });
}

function invocation(): AgentInvocation {
  return {
    runtimeSessionId: 'session-0123456789-0123456789-0123456789',
    payload: '{}',
    trace: {},
    signal: new AbortController().signal,
  };
}

function trust(t: TestContext, certificate: string): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, certificate]);
  t.after(() => setDefaultCACertificates(before));
}

async function serveOverTls(
  t: TestContext,
  delayMs: number,
): Promise<{
  readonly endpoint: string;
  readonly certificate: string;
  connectionCount(): number;
  requestCount(): number;
}> {
  const { key, certificate } = makeSelfSignedCertificate();
  let connections = 0;
  let requests = 0;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    requests += 1;
    request.resume();
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: 1\n\n');
    }, delayMs);
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `https://127.0.0.1:${port}`,
    certificate,
    connectionCount: () => connections,
    requestCount: () => requests,
  };
}
