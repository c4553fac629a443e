import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { LocalChain, LocalChainOptions, LogLine } from '../../src/local.ts';
import { ask, startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { defaultLifecycle } from '../../src/local/agentcore/agentcore-settings.ts';
import { contractOf } from '../../src/local/container-contract.ts';
import { agentRuntimeArn, sessionId, start } from '../lambda-runtime/agentcore-harness.ts';
import { untilGone } from '../lambda-runtime/until.ts';
import { agentsFolder, installPythonPackages, python, pythonEnvironment, skipReason } from './python-packages.ts';

const scratch = mkdtempSync(join(tmpdir(), 'python-agents-'));
after(() => rmSync(scratch, { recursive: true }));

/** Two conversations, by names that nobody guesses. */
const [ada, bob] = ['ada-0f6f2b1c-3d1e-4a58-9a53-7d0c2f6f0001', 'bob-0f6f2b1c-3d1e-4a58-9a53-7d0c2f6f0002'];

describe('a real Python agent behind the whole chain', { skip: skipReason }, () => {
  const logs: LogLine[] = [];
  let chain: LocalChain;

  before(async () => {
    installPythonPackages();
    chain = await startPython('http_agent.py port', { onLog: (line) => logs.push(line) });
  });
  after(() => chain?.close());

  it('brings text, the use of a tool and the usage to `transformed`', async () => {
    const { status, text } = await ask(chain.url, transformed('calculate 6*7'));
    assert.deepEqual(
      [status, text.replace(/"runtimeSessionId":"[^"]+"/u, '"runtimeSessionId":"…"')],
      [
        200,
        'It is 42.\n----------\n{"usage":{"inputTokens":30,"outputTokens":8,"totalTokens":38},"metrics":{"latencyMs":2}}\n{"runtimeSessionId":"…"}',
      ],
    );
  });

  it('brings them to the AI SDK, each token in a frame', async () => {
    const message = { id: 'm', role: 'user', parts: [{ type: 'text', text: 'calculate 6*7' }] };
    const { text } = await ask(`${chain.url}/api/chat`, { id: 'a-conversation-of-this-client', messages: [message] });
    const frames = Array.from(
      text.matchAll(/^data: (\{.*\})$/gmu),
      ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
    );
    const told = frames.filter(({ type }) =>
      /^tool-(?:input-available|output)|^text-delta$|^finish$/u.test(String(type)),
    );
    assert.deepEqual(
      told.map(({ id: _id, ...frame }) => frame),
      [
        {
          type: 'tool-input-available',
          toolCallId: 'tooluse_1',
          dynamic: true,
          providerExecuted: true,
          toolName: 'calculator',
          input: { expression: '6*7' },
        },
        { type: 'tool-output-available', toolCallId: 'tooluse_1', dynamic: true, providerExecuted: true, output: null },
        { type: 'text-delta', delta: 'It is ' },
        { type: 'text-delta', delta: '42' },
        { type: 'text-delta', delta: '.' },
        {
          type: 'finish',
          finishReason: 'stop',
          messageMetadata: {
            usage: {
              inputTokens: 30,
              inputTokenDetails: {},
              outputTokens: 8,
              outputTokenDetails: {},
              totalTokens: 38,
            },
          },
        },
      ],
    );
  });

  it('streams: the first token is read before the second one is made', async () => {
    const file = join(scratch, 'second');
    const response = await fetch(chain.url, post(transformed(`steps ${file}`)));
    const chunks: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      chunks.push(decoder.decode(chunk, { stream: true }));
      writeFileSync(file, '');
    }
    assert.equal(chunks[0], 'one ');
    assert.match(chunks.join(''), /^one two\n-{10}\n/u);
  });

  it('is a process for each conversation, which remembers that one and no other', async () => {
    const answers: string[] = [];
    for (const runtimeSessionId of [ada, ada, bob]) {
      const { text } = await ask(chain.url, { ...transformed('who'), runtimeSessionId });
      answers.push(text.split('\n')[0] ?? '');
    }
    const [first = '', again = '', other = ''] = answers;
    const [adasPid, bobsPid] = [first.split(' ')[0], other.split(' ')[0]];
    assert.deepEqual([first, again, other], [`${adasPid} 1`, `${adasPid} 2`, `${bobsPid} 1`]);
    assert.notEqual(adasPid, bobsPid);
  });

  it('that fails in the middle ends the answer with an error, in which nothing of it is told', async () => {
    const { status, text, cut } = await ask(chain.url, transformed('fail'));
    assert.deepEqual(
      [status, text, cut],
      [
        200,
        'I was about to say\n----------\n{"error":{"code":"agent_error","message":"the agent reported an error"}}',
        undefined,
      ],
    );
    assert.ok(logs.some(({ text: line }) => line.includes('AccessDenied: arn:aws:iam::123456789012:role/agent')));
  });

  it('whose process is killed ends the answer with an error, and the next one comes from a new process', async () => {
    const runtimeSessionId = bob.replace('bob', 'eve');
    const response = await fetch(chain.url, post({ ...transformed('hang'), runtimeSessionId }));
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/^\d+ $/u.test(text)) {
        process.kill(Number(text), 'SIGKILL');
      }
    }
    const [pid = ''] = text.split(' ');
    assert.match(text, /^\d+ \n-{10}\n\{"error":\{"code":"agent_interrupted",.*\}\}$/u);
    await untilGone(Number(pid));
    const next = await ask(chain.url, { ...transformed('who'), runtimeSessionId });
    assert.match(next.text, /^\d+ 1\n/u);
  });

  it('that speaks AG-UI is understood', async () => {
    await using agUi = await startPython('ag_ui_agent.py', { agentProtocol: 'AGUI' });
    const { text } = await ask(agUi.url, transformed('calculate 6*7'));
    assert.match(text, /^It is 42\.\n-{10}\n/u);
    const failed = await ask(agUi.url, transformed('fail'));
    assert.match(failed.text, /"code":"agent_error"/u);
  });

  it('that listens on 8080, whatever PORT says, serves all conversations: it is told so once', async (t) => {
    if (await isTaken(8080)) {
      t.skip('port 8080 of this machine is taken');
      return;
    }
    const told: string[] = [];
    await using shared = await startPython('http_agent.py', {
      onLog: ({ source, text }) => {
        if (source === 'AgentCore') told.push(text);
      },
    });
    const pids = new Set<string | undefined>();
    for (const runtimeSessionId of [ada, bob]) {
      const { text } = await ask(shared.url, { ...transformed('who'), runtimeSessionId });
      pids.add(text.split(' ')[0]);
    }
    assert.deepEqual(
      [pids.size, told.length, told[0]?.split(':')[0]],
      [1, 1, 'the agent listens on port 8080 and not on the one in PORT'],
    );
  });

  it('that cannot import what it needs is told of at once, and its viewer that the agent failed', async () => {
    const told: string[] = [];
    await using broken = await startPython('-c "import no_such_module"', {
      onLog: ({ source, text }) => {
        if (source === 'AgentCore') told.push(text);
      },
    });
    const { status, text } = await ask(broken.url, transformed('who'));
    assert.deepEqual([status, (JSON.parse(text) as { error: { code: string } }).error.code], [502, 'agent_failed']);
    const note =
      "the agent ended with exit code 1 before it was healthy: ModuleNotFoundError: No module named 'no_such_module'";
    assert.equal(told[0], note);
  });
});

describe('a real A2A server', { skip: skipReason }, () => {
  before(() => installPythonPackages());

  it('serves a real A2A client through AgentCore: its card names the runtime, and a session has one process', async (t) => {
    const { PYTHONDONTWRITEBYTECODE: _none, ...inherited } = process.env;
    const environment = { ...inherited, ...pythonEnvironment } as Record<string, string>;
    const { agentCore, notes } = await start(t, {
      contract: contractOf('A2A'),
      hosting: {
        ...defaultLifecycle,
        kind: 'command',
        command: `"${python}" a2a_agent.py`,
        workingDirectory: agentsFolder,
        environment,
      },
    });
    const url = `${agentCore.endpoint}/runtimes/${encodeURIComponent(agentRuntimeArn)}/invocations/`;
    const words = ['a2a_client.py', url, sessionId, 'calculate 6*7', 'who', 'who'];
    const { stdout } = await promisify(execFile)(python, words, { cwd: agentsFolder, env: environment });
    const [card, calculated, ...who] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const [first, second] = who.map((line) => String(line).split(' ')[0]);
    assert.deepEqual([card, calculated, second, notes], [['Offline', url], 'It is 42.\n', first, []]);
    assert.match(first ?? '', /^\d+$/u);
  });
});

function startPython(words: string, options: Partial<LocalChainOptions>): Promise<LocalChain> {
  return startDeployedChain({
    agent: { kind: 'command', command: `"${python}" ${words}`, workingDirectory: agentsFolder },
    agentEnvironment: { ...pythonEnvironment, PYTHONDONTWRITEBYTECODE: undefined },
    ...options,
  });
}

function transformed(prompt: string): { readonly prompt: string; readonly response: string } {
  return { prompt, response: 'transformed' };
}

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
