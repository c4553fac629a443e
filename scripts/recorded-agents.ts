/** The agents that record-fixtures.ts records: their commands, their packages, and what they are asked. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { agentBundle } from './agent-bundle.ts';

export interface Call {
  readonly name: string;
  readonly payload: unknown;
  readonly sessionId?: string;
}

/** A process that answers as an agent on AgentCore does. */
export interface RecordedAgent {
  /** What the manifest says of it. */
  readonly agent: string;
  readonly packages: Readonly<Record<string, string>>;
  /** The command without its port, which is `PORT` or the last argument. */
  readonly command: readonly string[];
  /** One process answers these, one after the other. */
  readonly calls: readonly Call[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const prompt = { prompt: 'what is 6*7?' };
/** What AG-UI agents take. `ag-ui-protocol` below 1.0 requires every member. */
const runAgentInput = {
  threadId: 'fixture-thread-0001',
  runId: 'fixture-run-0001',
  state: {},
  messages: [{ id: 'fixture-message-0001', role: 'user', content: prompt.prompt }],
  tools: [],
  context: [],
  forwardedProps: {},
};

/** Prepares all of them; installs what they need and what is no dependency of this repository. */
export async function recordedAgents(scratch: string): Promise<readonly RecordedAgent[]> {
  return [...(await demoAgent(scratch)), ...(await typescriptAgents()), ...(await pythonAgents())];
}

/** The agent of this repository, as its bundle is deployed, under the Node.js of AgentCore's managed runtime. */
async function demoAgent(scratch: string): Promise<readonly RecordedAgent[]> {
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

async function typescriptAgents(): Promise<readonly RecordedAgent[]> {
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
  return [...variants.map((variant) => typescriptAgent(variant, packages, prompt)), ...(await agUiAgents())];
}

function typescriptAgent(variant: string, packages: RecordedAgent['packages'], payload: unknown): RecordedAgent {
  return {
    agent: `scripts/record-typescript-agent.ts ${variant}`,
    packages,
    command: [process.execPath, join(root, 'scripts/record-typescript-agent.ts'), variant],
    calls: [{ name: `typescript-${variant}`, payload }],
  };
}

/** `@ag-ui/aws-strands` 0.2.3 cannot be loaded beside AG-UI 1.0, though its peer range allows that. */
async function agUiAgents(): Promise<readonly RecordedAgent[]> {
  const folder = join(root, '.cache/ag-ui');
  const versions = { '@ag-ui/aws-strands': '0.2.3', '@ag-ui/core': '0.0.59' };
  const others = { '@ag-ui/client': '0.0.59', '@ag-ui/encoder': '0.0.59', '@ag-ui/a2ui-toolkit': '0.0.4' };
  const wanted = Object.entries({ ...versions, ...others }).map(([name, version]) => `${name}@${version}`);
  await mkdir(folder, { recursive: true });
  // The Strands SDK and `express` are this repository's: a second copy would not know the first one's classes.
  const command = ['install', '--prefix', folder, '--legacy-peer-deps', '--no-audit', '--silent'];
  execFileSync('npm', [...command, ...wanted], { stdio: 'inherit' });
  const packages = { '@strands-agents/sdk': (await typescriptPackages())['@strands-agents/sdk'] ?? '', ...versions };
  return ['ag-ui-tool', 'ag-ui-chunks'].map((variant) => typescriptAgent(variant, packages, runAgentInput));
}

async function pythonAgents(): Promise<readonly RecordedAgent[]> {
  const bin = join(root, '.cache/python/bin');
  const python = join(bin, 'python');
  if (!existsSync(join(bin, 'pip'))) execFileSync('python3', ['-m', 'venv', join(root, '.cache/python')]);
  const strands = ['strands-agents', 'bedrock-agentcore'];
  const agUiStrands = [...strands, 'ag-ui-strands', 'ag-ui-protocol'];
  const langgraph = ['bedrock-agentcore', 'ag-ui-langgraph', 'ag-ui-protocol', 'langgraph'];
  const pydanticAi = ['bedrock-agentcore', 'pydantic-ai-slim', 'ag-ui-protocol'];
  const all = [...agUiStrands, ...langgraph, ...pydanticAi];
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...new Set(all)], { stdio: 'inherit' });
  const installed = JSON.parse(
    execFileSync(python, ['-m', 'pip', 'list', '--format', 'json', '--disable-pip-version-check'], {
      encoding: 'utf8',
    }),
  ) as { name: string; version: string }[];

  function agentsOf(script: string, packages: readonly string[], variants: readonly string[], payload: unknown) {
    return variants.map((variant) => ({
      agent: `scripts/${script} ${variant}`,
      packages: Object.fromEntries(
        installed.filter(({ name }) => packages.includes(name)).map(({ name, version }) => [name, version]),
      ),
      command: [python, join(root, 'scripts', script), variant],
      calls: [{ name: `python-${variant}`, payload }],
    }));
  }

  const converseVariants = [
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
  const agUiVariants = [
    'ag-ui-text',
    'ag-ui-tool',
    'ag-ui-tool-error',
    'ag-ui-redacted',
    'ag-ui-citation',
    'ag-ui-filtered',
    'ag-ui-interrupt',
    'ag-ui-error-mid',
    'ag-ui-graph',
  ];
  const langgraphVariants = ['ag-ui-langgraph-tool', 'ag-ui-langgraph-snapshot'];
  return [
    ...agentsOf('record-python-agent.py', strands, converseVariants, prompt),
    ...agentsOf('record-python-agent.py', agUiStrands, agUiVariants, runAgentInput),
    ...agentsOf('record-python-agent.py', agUiStrands, ['ag-ui-bad-input'], prompt),
    ...agentsOf('record-ag-ui-agent.py', langgraph, langgraphVariants, runAgentInput),
    ...agentsOf('record-ag-ui-agent.py', pydanticAi, ['ag-ui-pydantic-ai-tool'], runAgentInput),
  ];
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
