import assert from 'node:assert/strict';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { after, describe, it } from 'node:test';
import type { LocalChain } from '../../src/local.ts';
import { sentinels } from '../watched-servers.ts';
import { ask, startDeployedChain } from './deployed-chain.ts';
import { startFailing } from './failing-server.ts';

const secret = `User: arn:aws:sts::${sentinels['the account id']}:assumed-role/${sentinels['the name of the role']}/x is not authorized to call ${sentinels['the host behind']}`;
const start = 'data: {"event":{"messageStart":{"role":"assistant"}}}\n\n';
const text = (value: string) =>
  `data: ${JSON.stringify({ event: { contentBlockDelta: { delta: { text: value }, contentBlockIndex: 0 } } })}\n\n`;
const stop = 'data: {"event":{"messageStop":{"stopReason":"end_turn"}}}\n\n';

const open: { close(): unknown }[] = [];
after(async () => {
  for (const part of open.toReversed()) await part.close();
});

function keep<Part extends { close(): unknown }>(part: Part): Part {
  open.push(part);
  return part;
}

describe('what AgentCore refuses', async () => {
  const agentCore = await startFailing();
  keep(agentCore.server);
  const chain = keep(
    await startDeployedChain({ relayEnvironment: { AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url } }),
  );

  const exceptions: readonly [number, string, number, string, number][] = [
    [400, 'ValidationException', 502, 'agent_refused', 1],
    [402, 'ServiceQuotaExceededException', 503, 'agent_quota_exceeded', 1],
    [403, 'AccessDeniedException', 502, 'agent_access_denied', 1],
    [404, 'ResourceNotFoundException', 502, 'agent_not_found', 1],
    [409, 'RetryableConflictException', 409, 'agent_busy', 3],
    [424, 'RuntimeClientError', 502, 'agent_failed', 1],
    [429, 'ThrottlingException', 429, 'agent_throttled', 3],
    [500, 'InternalServerException', 503, 'agent_unavailable', 1],
    [502, 'BadGateway', 503, 'agent_unavailable', 1],
    [503, 'ServiceUnavailableException', 503, 'agent_unavailable', 1],
    [504, 'GatewayTimeout', 504, 'agent_timeout', 1],
  ];
  for (const [upstream, name, status, code, calls] of exceptions) {
    it(`becomes ${status} ${code} without a word of AWS's, and calls the agent at most ${calls} times: ${name}`, async () => {
      agentCore.calls = 0;
      agentCore.behave = (_, response) => {
        response.writeHead(upstream, { 'content-type': 'application/json', 'x-amzn-errortype': `${name}:http://x/` });
        response.end(JSON.stringify({ message: secret }));
      };
      for (const format of ['original', 'transformed', 'ndjson']) {
        agentCore.calls = 0;
        const response = await ask(chain.url, { prompt: 'hi', response: format });
        const { error } = JSON.parse(response.text) as { error: { code: string } };
        assert.deepEqual([response.status, error.code, agentCore.calls], [status, code, calls], format);
      }
    });
  }

  it('becomes 503 agent_unreachable where nobody listens', async () => {
    const gone = await startFailing();
    gone.server.close();
    const unreachable = keep(
      await startDeployedChain({ relayEnvironment: { AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: gone.url } }),
    );
    const response = await ask(unreachable.url, { prompt: 'hi' });
    assert.match(response.text, /"code":"agent_unreachable"/u);
    assert.equal(response.status, 503);
  });

  it('does not run the agent again when the connection breaks before an answer', async () => {
    agentCore.calls = 0;
    agentCore.behave = (_, response) => void response.destroy();
    const response = await ask(chain.url, { prompt: 'hi' });
    assert.deepEqual([response.status, agentCore.calls], [502, 1]);
  });
});

describe('an agent that fails', async () => {
  const agent = await startFailing();
  keep(agent.server);
  const chain = keep(await startDeployedChain({ agent: { kind: 'url', url: agent.url } }));
  const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });

  it('before its first byte is a 502 that does not say what it said', async () => {
    agent.behave = (_, response) => response.writeHead(500).end(JSON.stringify({ error: secret }));
    const response = await ask(chain.url, { prompt: 'hi' });
    assert.equal(response.status, 502);
    assert.match(response.text, /"code":"agent_failed"/u);
  });

  it('is told to the viewer in the middle of the answer, in every format, by a clean end', async () => {
    agent.behave = (_, response) => {
      stream(response).write(start + text('Hel'), () => response.destroy());
    };
    const endings = {
      original: /\n\nevent: error\ndata: \{"error":\{"code":"agent_interrupted","message":"[^"]+"\}\}\n\n$/u,
      transformed: /^Hel\n-{10}\n\{"error":\{"code":"agent_interrupted","message":"[^"]+"\}\}$/u,
      ndjson: /\n\{"type":"error","code":"agent_interrupted","message":"[^"]+"\}\n$/u,
    };
    for (const [format, ending] of Object.entries(endings)) {
      const response = await ask(chain.url, { prompt: 'hi', response: format });
      assert.deepEqual([response.status, response.cut], [200, undefined]);
      assert.match(response.text, ending);
    }
  });

  it("gets its own error frame replaced by a code where its bytes don't pass through", async () => {
    agent.behave = (_, response) =>
      stream(response).end(`${start}${text('Hel')}event: error\ndata: ${JSON.stringify({ error: secret })}\n\n`);
    const response = await ask(chain.url, { prompt: 'hi', response: 'transformed' });
    assert.match(response.text, /^Hel\n-{10}\n\{"error":\{"code":"agent_error"/u);
  });

  it('does not hold back the first token until the second one comes', async () => {
    const saw = Promise.withResolvers<void>();
    agent.behave = (_, response) => {
      stream(response).write(start + text('first'));
      void saw.promise.then(() => response.end(text(' second') + stop));
    };
    const response = await fetch(chain.url, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'hi', response: 'transformed' }),
    });
    let received = '';
    for await (const chunk of response.body ?? []) {
      received += Buffer.from(chunk).toString();
      if (received === 'first') saw.resolve();
    }
    assert.match(received, /^first second\n/u);
  });

  it('is kept alive while it is silent, before and after its headers', { timeout: 60_000 }, async () => {
    const lateId = 'late-0123456789-0123456789-0123456789';
    agent.behave = (request, response) => {
      const isLate = request.headers['x-amzn-bedrock-agentcore-runtime-session-id'] === runtimeSessionOf(lateId);
      const speak = () => stream(response).end(start + text('at last') + stop);
      if (isLate) setTimeout(speak, 26_000);
      else {
        stream(response).write(start);
        setTimeout(() => response.end(text('at last') + stop), 16_000);
      }
    };
    const [silent, late] = await Promise.all([
      ask(chain.url, { prompt: 'hi' }),
      ask(chain.url, { prompt: 'hi', runtimeSessionId: lateId }),
    ]);
    assert.equal(silent.text, `${start}: keep-alive\n\n${text('at last')}${stop}`);
    assert.equal(late.text, `: keep-alive\n\n${start}${text('at last')}${stop}`);
  });
});

describe('an agent whose process dies', () => {
  it('is told to the viewer by an error, and the next call gets a new process', async () => {
    const chain: LocalChain = keep(
      await startDeployedChain({ agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '20' } }),
    );
    const question = {
      prompt: 'count to 500',
      runtimeSessionId: 'dies-0123456789-0123456789-01234567890',
      response: 'transformed',
    };
    const response = await fetch(chain.url, { method: 'POST', body: JSON.stringify(question) });
    let received = '';
    for await (const chunk of response.body ?? []) {
      if (received === '') process.kill(findAgentProcess(), 'SIGKILL');
      received += Buffer.from(chunk).toString();
    }
    assert.match(received, /\n-{10}\n\{"error":\{"code":"agent_interrupted"/u);
    const again = await ask(chain.url, { ...question, prompt: 'hello' });
    assert.match(again.text, /\n-{10}\n\{"usage"/u);
  });
});

/** The one child of this process that runs the agent's bundle. */
function findAgentProcess(): number {
  const processes = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  const [line, ...more] = processes.split('\n').filter((entry) => entry.includes('main.mjs'));
  assert.ok(line !== undefined && more.length === 0, processes);
  return Number.parseInt(line, 10);
}
