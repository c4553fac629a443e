/**
 * Records what real agents put on the wire: the bytes of `POST /invocations`, as they came, nothing edited.
 *
 * Run: `node scripts/record-fixtures.ts`, then look at the difference. Names, or beginnings of names, as arguments record
 * only these and leave the others as they are. It needs Python 3.10 or newer, and the network for packages from PyPI
 * (kept in `.cache/python`) and npm (in `.cache/ag-ui`).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { homedir, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { recordedAgents } from './recorded-agents.ts';
import type { Call, RecordedAgent } from './recorded-agents.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'test/fixtures/agent-streams');
const defaultSessionId = 'fixture-session-0123456789-0123456789';
const maxFixtureBytes = 40_000;

interface Recording {
  readonly name: string;
  readonly file: string;
  readonly status: number;
  readonly contentType: string;
  readonly recorded: string;
  readonly request: object;
}

/** What the manifest says of one recording. */
interface Entry extends Recording {
  readonly agent: string;
  readonly packages: Readonly<Record<string, string>>;
}

const wanted = process.argv.slice(2);
const scratch = await mkdtemp(join(tmpdir(), 'agent-streams-'));
try {
  await mkdir(target, { recursive: true });
  const earlier = await readManifest();
  const manifest: Entry[] = [];
  for (const agent of await recordedAgents(scratch)) {
    const names = agent.calls.map(({ name }) => name);
    // All of an agent's calls or none: one may build on another.
    manifest.push(...(names.some(isWanted) ? await record(agent) : earlier.filter(({ name }) => names.includes(name))));
  }
  const files = new Set([...manifest.map(({ file }) => file), 'manifest.json', 'README.md']);
  for (const file of await readdir(target)) if (!files.has(file)) await rm(join(target, file));
  await writeFile(join(target, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(target, 'README.md'), readme());
} finally {
  await rm(scratch, { recursive: true, force: true });
}

function isWanted(name: string): boolean {
  return wanted.length === 0 || wanted.some((beginning) => name.startsWith(beginning));
}

async function readManifest(): Promise<readonly Entry[]> {
  const file = join(target, 'manifest.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Entry[]) : [];
}

/** Runs one agent, records its answers and ends it. */
async function record({ agent, packages, command, calls }: RecordedAgent): Promise<readonly Entry[]> {
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
    const recorded: Entry[] = [];
    for (const call of calls) recorded.push({ ...(await invoke(port, call)), agent, packages });
    return recorded;
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

async function invoke(port: number, { name, payload, sessionId = defaultSessionId }: Call): Promise<Recording> {
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
- \`ag-ui\`: a runtime with protocol AGUI, whose input is a \`RunAgentInput\`. Strands by \`ag-ui-strands\` and
  \`@ag-ui/aws-strands\`; LangGraph and Pydantic AI by \`scripts/record-ag-ui-agent.py\`. \`chunks\` has no starts and ends;
  \`snapshot\` is a graph that does not stream; \`bad-input\` is a prompt where the input is wanted.
- \`graph\` and \`swarm\` are multi-agent runs, unfiltered; \`graph-filtered\` keeps events that have an \`event\` key.
- The ARNs and account ids are invented: they stand for what an agent's own error may tell, and must not reach a viewer.
- Python frames that are JSON strings (\`data: "{'data': …"\`) are what the AgentCore SDK makes of values that are no JSON.
- \`typescript-buffered-text\` says \`application/json\` and is none: that is how the SDK sends a returned string.
`;
}
