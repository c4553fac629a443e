import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Jsdom from 'jsdom';
import type { LocalChain } from '../../src/local.ts';
import { startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { copilotKit, installCommand } from './client-packages.ts';
import { startClientRelay } from './client-relay.ts';
import { loadClient, skipReason } from './installed.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const skip =
  skipReason !== false || copilotKit.isInstalled() || (process.env['CI'] ?? '') !== ''
    ? skipReason
    : `skipped: CopilotKit is not installed, or not as its lock says; run ${installCommand}`;

/** What is used of `@copilotkit/core` 1.75, the part of CopilotKit that runs in the page and drives its React hooks. */
interface CopilotKitCore {
  readonly runtimeConnectionStatus: string;
  subscribe(subscriber: {
    onRuntimeConnectionStatusChanged?(change: unknown): void;
    onError?(fault: { readonly error: Error }): void;
  }): unknown;
  getAgent(name: string): CopilotKitAgent;
  runAgent(parameters: { readonly agent: CopilotKitAgent }): Promise<unknown>;
}

interface CopilotKitAgent {
  threadId: string;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  addMessage(message: { readonly id: string; readonly role: 'user'; readonly content: string }): void;
}

type CoreModule = { readonly CopilotKitCore: new (options: { readonly runtimeUrl: string }) => CopilotKitCore };

interface Example extends AsyncDisposable {
  readonly runtimeUrl: string;
}

async function startExample(relayUrl: string): Promise<Example> {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    process.execPath,
    ['--import', './test/clients/resolve-from-copilotkit.ts', 'examples/copilotkit-runtime.ts'],
    {
      cwd: root,
      env: { ...process.env, RELAY_URL: relayUrl, PORT: '0', COPILOTKIT_TELEMETRY_DISABLED: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let faults = '';
  child.stderr.on('data', (chunk: Buffer) => (faults += chunk.toString('utf8')));
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [runtimeUrl] = await Promise.race([
    once(lines, 'line') as Promise<[string]>,
    exited.then(() => assert.fail(`the example ended: ${faults}`)),
  ]);
  return {
    runtimeUrl,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

/** Opens CopilotKit's client in a page, and waits until it has found the runtime. */
async function connect(runtimeUrl: string): Promise<{ core: CopilotKitCore; errors: string[] }> {
  const path = createRequire(`${copilotKit.folder}/package.json`).resolve('@copilotkit/core');
  const { CopilotKitCore } = (await import(pathToFileURL(path).href)) as CoreModule;
  const core = new CopilotKitCore({ runtimeUrl });
  const errors: string[] = [];
  const connected = Promise.withResolvers<void>();
  const look = () => {
    if (core.runtimeConnectionStatus === 'connected') connected.resolve();
    if (core.runtimeConnectionStatus === 'error') connected.reject(new Error(errors.join()));
  };
  core.subscribe({
    onRuntimeConnectionStatusChanged: look,
    onError: ({ error }) => void errors.push(error.message),
  });
  look();
  await connected.promise;
  return { core, errors };
}

/** Says something, and gives what the page has to show for it. */
async function converse(core: CopilotKitCore, agent: CopilotKitAgent, content: string): Promise<unknown[]> {
  const count = agent.messages.length + 1;
  agent.addMessage({ id: crypto.randomUUID(), role: 'user', content });
  await core.runAgent({ agent });
  return agent.messages.slice(count).map(({ role, content, toolCalls }) => ({
    role,
    content,
    ...(Array.isArray(toolCalls) ? { toolCalls: toolCalls.map((call: { function: unknown }) => call.function) } : {}),
  }));
}

const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.\n\n';

describe('examples/copilotkit-runtime.ts', { skip }, () => {
  let chain: LocalChain;
  let window: Jsdom.DOMWindow;

  before(async () => {
    const { JSDOM } = await loadClient<typeof Jsdom>('jsdom');
    window = new JSDOM('', { url: 'http://127.0.0.1/' }).window;
    // CopilotKit looks for its runtime only in a page.
    Object.assign(globalThis, { window });
    chain = await startDeployedChain();
  });
  after(async () => {
    Reflect.deleteProperty(globalThis, 'window');
    window.close();
    await chain.close();
  });

  it('holds a conversation that the agent remembers, with its tools', async () => {
    await using example = await startExample(chain.url);
    const { core, errors } = await connect(example.runtimeUrl);
    const agent = core.getAgent('default');
    agent.threadId = crypto.randomUUID();
    assert.deepEqual(await converse(core, agent, 'My name is Ada.'), [
      { role: 'reasoning', content: 'Someone tells me their name; I shall remember it.' },
      { role: 'assistant', content: `${introduction}Nice to meet you, Ada!` },
    ]);
    assert.deepEqual(await converse(core, agent, 'What is 12*(3+4)?'), [
      { role: 'reasoning', content: 'I should not guess this. I have a tool for it: the calculator.' },
      {
        role: 'assistant',
        content: 'Let me see.\n\n',
        toolCalls: [{ name: 'calculator', arguments: '{"expression":"12*(3+4)"}' }],
      },
      { role: 'tool', content: '{"expression":"12*(3+4)","value":84}' },
      { role: 'reasoning', content: 'The tools have answered; now I only have to say it.' },
      { role: 'assistant', content: '12*(3+4) = 84' },
    ]);
    assert.deepEqual(await converse(core, agent, 'What is my name?'), [
      { role: 'reasoning', content: 'I look through the conversation for a name.' },
      { role: 'assistant', content: 'Your name is Ada.' },
    ]);
    assert.deepEqual(errors, []);
  });

  for (const [scenario, sentence] of [
    ['refused', 'HTTP 503: the agent runtime is not available at the moment'],
    ['cut', 'the answer broke off before its end'],
  ] as const) {
    it(`shows a sentence where the agent fails, asks once, and goes on: ${scenario}`, async () => {
      await using relay = await startClientRelay({ scenario });
      await using example = await startExample(relay.origin);
      const { core, errors } = await connect(example.runtimeUrl);
      const agent = core.getAgent('default');
      await converse(core, agent, 'hi');
      assert.deepEqual([errors, relay.invocations.length], [[sentence], 1]);
      await converse(core, agent, 'hi');
      assert.deepEqual([errors, relay.invocations.length], [[sentence, sentence], 2]);
    });
  }

  it('outlives a connection that is cut between it and the relay', async (t) => {
    const cutting = createServer((request, response) => {
      // Only when the request was read whole is what was sent not lost with the connection.
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"type":"RUN_STARTED","threadId":"t","runId":"r"}\n\n', () => response.destroy());
      });
    });
    await new Promise<void>((resolve) => void cutting.listen(0, '127.0.0.1', resolve));
    t.after(() => void cutting.close());
    const { port } = cutting.address() as AddressInfo;
    await using example = await startExample(`http://127.0.0.1:${port}`);
    const { core, errors } = await connect(example.runtimeUrl);
    const agent = core.getAgent('default');
    await converse(core, agent, 'hi');
    await converse(core, agent, 'hi');
    assert.deepEqual(errors, ['terminated', 'terminated']);
  });
});
