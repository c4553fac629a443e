import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { agentBundle } from '../../scripts/agent-bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Node.js 22, AgentCore's managed runtime. */
export const node22: string = join(dirname(createRequire(import.meta.url).resolve('node-22/package.json')), 'bin/node');

/** The agent's bundle in a folder where nothing else is. */
export interface BuiltAgent extends AsyncDisposable {
  readonly file: string;
}

/** Builds the bundle as `scripts/build.ts` does. */
export async function buildAgent(): Promise<BuiltAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-bundle-'));
  const file = join(folder, 'main.mjs');
  await build({ absWorkingDir: root, ...agentBundle, outfile: file });
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** A process that runs the agent. */
export interface RunningAgent extends AsyncDisposable {
  readonly url: string;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Resolves once it has printed such a line. */
  readonly printed: (pattern: RegExp) => Promise<void>;
  /** Sends the signal; gives the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** How {@link runAgent} starts the agent. */
export interface RunOptions {
  readonly file: string;
  /** Default: this process's own. */
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the agent on a free port of 127.0.0.1 and waits until it listens. */
export async function runAgent({ file, node = process.execPath, env = {} }: RunOptions): Promise<RunningAgent> {
  const child = spawn(node, [file], {
    cwd: dirname(file),
    env: { PORT: '0', HOST: '127.0.0.1', OFFLINE_MODEL_DELAY_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    output += `${line}\n`;
  });
  async function printed(pattern: RegExp): Promise<void> {
    if (pattern.test(output)) return;
    await new Promise<void>((resolve, reject) => {
      lines.on('line', () => {
        if (pattern.test(output)) resolve();
      });
      void exited.then((code) => reject(new Error(`the agent ended with code ${code}: ${output}`)));
    });
  }
  const listening = /Server listening at (http:[^"]+)/u;
  await printed(listening);
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    child.kill(signal);
    return await exited;
  }
  return {
    url: listening.exec(output)?.[1] ?? '',
    output: () => output,
    printed,
    end,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
    },
  };
}

/** One call of the agent. */
export interface InvokeOptions {
  /** Sent as JSON, unless it is a string. */
  readonly payload: unknown;
  readonly sessionId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Calls the agent as AgentCore does. */
export async function invoke(
  { url }: RunningAgent,
  { payload, sessionId = 'session-0123456789-0123456789-0123456789', headers = {}, signal }: InvokeOptions,
): Promise<Response> {
  return await fetch(`${url}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      'x-amzn-bedrock-agentcore-runtime-session-id': sessionId,
      ...headers,
    },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** An event of the agent's stream, as far as the tests look at it. */
export interface AgentFrame {
  readonly name: string | undefined;
  readonly data: {
    readonly type?: string;
    readonly error?: string;
    readonly result?: unknown;
    readonly event?: { readonly type: string; readonly delta?: { readonly type: string; readonly text?: string } };
  };
}

/** The events of a whole stream. */
export async function framesOf(response: Response): Promise<readonly AgentFrame[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '' && !block.startsWith(':'));
  return blocks.map((block) => {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
    );
    return { name: fields.get('event'), data: JSON.parse(fields.get('data') ?? '') as AgentFrame['data'] };
  });
}

/** The text that the model has said in a stream. */
export function textOf(frames: readonly AgentFrame[]): string {
  return frames
    .map(({ data }) => (data.event?.delta?.type === 'textDelta' ? (data.event.delta.text ?? '') : ''))
    .join('');
}

/** What kinds of events there are, in their order; repetitions are left out. */
export function kindsOf(frames: readonly AgentFrame[]): readonly string[] {
  return frames
    .map(({ name, data }) => name ?? data.event?.delta?.type ?? data.event?.type ?? data.type ?? 'unknown')
    .filter((kind, index, kinds) => kind !== kinds[index - 1]);
}
