/**
 * Records what real agents put on the wire: the bytes of `POST /invocations`, as they came, nothing edited.
 *
 * Run: `node scripts/record-fixtures.ts`, then look at the difference. It needs Python 3.10 or newer, and the network
 * for `strands-agents` and `bedrock-agentcore` from PyPI (kept in `.cache/python`).
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { agentBundle } from './agent-bundle.ts';

interface Call {
  readonly name: string;
  readonly payload: unknown;
  readonly sessionId?: string;
}

interface Agent {
  /** What the manifest says of it. */
  readonly agent: string;
  readonly packages: Readonly<Record<string, string>>;
  /** The command without its port, which is `PORT` or the last argument. */
  readonly command: readonly string[];
  /** One process answers these, one after the other. */
  readonly calls: readonly Call[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'test/fixtures/agent-streams');
const defaultSessionId = 'fixture-session-0123456789-0123456789';
const prompt = { prompt: 'what is 6*7?' };
const maxFixtureBytes = 40_000;

const scratch = await mkdtemp(join(tmpdir(), 'agent-streams-'));
try {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const manifest: object[] = [];
  for (const agent of [...(await demoAgent()), ...(await typescriptAgents()), ...(await pythonAgents())]) {
    manifest.push(...(await record(agent)));
  }
  await writeFile(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(target, 'README.md'), readme());
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** The agent of this repository, as its bundle is deployed, under the Node.js of AgentCore's managed runtime. */
async function demoAgent(): Promise<readonly Agent[]> {
  const outfile = join(scratch, 'main.mjs');
  await build({ absWorkingDir: root, ...agentBundle, outfile });
  const node22 = join(root, 'node_modules/node-22/bin/node');
  const sessionId = 'fixture-session-of-ada-0123456789-0123';
  return [
    {
      agent: 'demo agent (agent/main.ts, offline model)',
      packages: await typescriptPackages(),
      command: [node22, outfile],
      calls: [
        { name: 'demo-text', payload: { prompt: 'Hello, my name is Ada.' }, sessionId },
        { name: 'demo-memory', payload: { prompt: 'What is my name?' }, sessionId },
        { name: 'demo-tool', payload: { prompt: 'What is 12*(3+4)?' } },
        { name: 'demo-unicode', payload: { prompt: 'こんにちは世界 👩‍👩‍👧 naïve' } },
        { name: 'demo-bad-payload', payload: { prompt: '' } },
      ],
    },
  ];
}

async function typescriptAgents(): Promise<readonly Agent[]> {
  const packages = await typescriptPackages();
  const variants = [
    'text',
    'tool',
    'bedrock-tool',
    'tool-error',
    'redacted',
    'error-mid',
    'unfiltered-text',
    'unfiltered-tool',
    'unfiltered-error-mid',
    'strings',
    'data-frames',
    'buffered-json',
    'buffered-message',
    'buffered-text',
    'error-before',
  ];
  return variants.map((variant) => ({
    agent: `scripts/record-typescript-agent.ts ${variant}`,
    packages,
    command: [process.execPath, join(root, 'scripts/record-typescript-agent.ts'), variant],
    calls: [{ name: `typescript-${variant}`, payload: prompt }],
  }));
}

async function pythonAgents(): Promise<readonly Agent[]> {
  const bin = join(root, '.cache/python/bin');
  const python = join(bin, 'python');
  if (!existsSync(join(bin, 'pip'))) execFileSync('python3', ['-m', 'venv', join(root, '.cache/python')]);
  const wanted = ['strands-agents', 'bedrock-agentcore'];
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...wanted], { stdio: 'inherit' });
  const installed = JSON.parse(
    execFileSync(python, ['-m', 'pip', 'list', '--format', 'json', '--disable-pip-version-check'], {
      encoding: 'utf8',
    }),
  ) as { name: string; version: string }[];
  const packages = Object.fromEntries(
    installed.filter(({ name }) => wanted.includes(name)).map(({ name, version }) => [name, version]),
  );
  const variants = [
    'text',
    'tool',
    'unfiltered-text',
    'unfiltered-tool',
    'unfiltered-tool-error',
    'error-mid',
    'unfiltered-error-mid',
    'error-before',
    'strings',
    'buffered-string',
    'buffered-message',
    'buffered-text',
    'redacted',
    'unfiltered-redacted',
    'graph',
    'graph-filtered',
    'swarm',
  ];
  return variants.map((variant) => ({
    agent: `scripts/record-python-agent.py ${variant}`,
    packages,
    command: [python, join(root, 'scripts/record-python-agent.py'), variant],
    calls: [{ name: `python-${variant}`, payload: prompt }],
  }));
}

/** Runs one agent, records its answers and ends it. */
async function record({ agent, packages, command, calls }: Agent): Promise<readonly object[]> {
  const port = await freePort();
  const [file = '', ...rest] = command;
  // The root directory, so that nothing an agent prints of its surroundings names this machine's folders.
  const child = spawn(file, [...rest, String(port)], {
    cwd: '/',
    env: { PATH: process.env['PATH'], PORT: String(port), HOST: '127.0.0.1', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  try {
    await ready(child, port);
    const recorded: object[] = [];
    for (const call of calls) recorded.push({ ...(await invoke(port, call)), agent, packages });
    return recorded;
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

async function invoke(port: number, { name, payload, sessionId = defaultSessionId }: Call): Promise<object> {
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream, application/json',
    'x-amzn-bedrock-agentcore-runtime-session-id': sessionId,
  };
  const response = await fetch(`http://127.0.0.1:${port}/invocations`, {
    method: 'POST',
    headers,
    body: JSON.stringify(payload),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const contentType = response.headers.get('content-type') ?? '';
  const file = `${name}.${extensionOf(contentType)}`;
  refusePrivate(file, body);
  await writeFile(join(target, file), body);
  process.stdout.write(`recorded ${file} (${response.status}, ${body.length} B)\n`);
  return {
    name,
    file,
    status: response.status,
    contentType,
    recorded: new Date().toISOString().slice(0, 10),
    request: { method: 'POST', path: '/invocations', headers, body: payload },
  };
}

function extensionOf(contentType: string): string {
  if (contentType.startsWith('text/event-stream')) return 'sse';
  return contentType.startsWith('application/json') ? 'json' : 'txt';
}

/** A recording is never edited: one that holds something of this machine, or is too large, is not made. */
function refusePrivate(file: string, body: Buffer): void {
  const told = [root, homedir(), tmpdir(), hostname()].find((secret) => secret.length > 1 && body.includes(secret));
  if (told !== undefined) throw new Error(`${file} holds "${told}", which is of this machine`);
  if (body.length > maxFixtureBytes)
    throw new Error(`${file} has ${body.length} bytes, the limit is ${maxFixtureBytes}`);
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the agent ended with code ${child.exitCode} before it was ready`);
    const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error('the agent was not ready after 20 s');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

async function typescriptPackages(): Promise<Readonly<Record<string, string>>> {
  const names = ['@strands-agents/sdk', 'bedrock-agentcore', '@fastify/sse'];
  const versions = names.map(async (name) => {
    const { version } = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string;
    };
    return [name, version] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}

function readme(): string {
  return `# What real agents put on the wire

Recorded by \`node scripts/record-fixtures.ts\`, which also writes this page: the body of \`POST /invocations\`, byte for
byte, from real servers on the real SDKs. Nothing is edited or scrubbed; the script refuses a recording that holds
something of the machine it runs on. \`manifest.json\` says for each file which agent and which package versions answered,
when, with which status and content type, and to which request.

- \`demo-*\`: the agent of this repository (\`agent/\`), its deployed bundle under Node.js 22, with the offline model.
  \`demo-memory\` is the second turn of the session of \`demo-text\`.
- \`typescript-*\`: \`scripts/record-typescript-agent.ts\`; \`python-*\`: \`scripts/record-python-agent.py\`. Their models
  are scripted, so that every kind of event occurs; the rest is the SDKs' own.
- \`unfiltered\` yields all that the agent's stream gives; without it, only model events (TypeScript: and tool results).
- \`bedrock\`: text and reasoning without \`modelContentBlockStartEvent\`, as Strands' Bedrock model gives them.
- \`graph\` and \`swarm\` are multi-agent runs, unfiltered; \`graph-filtered\` keeps events that have an \`event\` key.
- The ARNs and account ids are invented: they stand for what an agent's own error may tell, and must not reach a viewer.
- Python frames that are JSON strings (\`data: "{'data': …"\`) are what the AgentCore SDK makes of values that are no JSON.
- \`typescript-buffered-text\` says \`application/json\` and is none: that is how the SDK sends a returned string.
`;
}
