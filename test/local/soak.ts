/**
 * The soak: many viewers at once over the whole chain, with a mix of all faults, and then a look at what is left.
 *
 * `node test/local/soak.ts` runs it for `SOAK_MINUTES` minutes (default 5) with the seed `SOAK_SEED` (default 1) and prints
 * what it saw; `soak.test.ts` runs it for seconds.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BedrockAgentCoreClient, StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import { createRelayApp } from '../../infra/relay-app.ts';
import { deriveSession } from '../../src/relay/session-id.ts';
import { draw } from '../../src/local/faults/draw.ts';
import { createFaultPlan } from '../../src/local/faults/fault-plan.ts';
import { startLocalChain } from '../../src/local.ts';
import type { LocalChain, LocalChainOptions, RequestLine } from '../../src/local.ts';
import { endingsOf } from './fault-endings.ts';
import { childrenOf, commandOf, openFiles, rssOf, untilNone, without } from './process-holdings.ts';
import { view, viewerFormats } from './viewer-formats.ts';
import type { ViewerEnding, ViewerFormat } from './viewer-formats.ts';

/** How long, how hard, and how it is started. */
export interface SoakOptions {
  /** Each of the two halves that are compared, in milliseconds. Before them comes a fifth of it, which is not looked at. */
  readonly halfMs: number;
  /** Viewers at the same time. */
  readonly viewers: number;
  /** Decides every fault and every viewer's ways. */
  readonly seed: number;
  startChain(options: LocalChainOptions): Promise<LocalChain>;
}

/** What is held after a half, when nothing is under way. Sizes in bytes. */
export interface Holdings {
  /** Streams so far. */
  readonly streams: number;
  /** Of this process, after a garbage collection: its objects and its buffers. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Of the relay's and the edge's processes, each on average. */
  readonly functionRssBytes: number;
  readonly functionProcesses: number;
  readonly openFiles: number;
}

/** What a soak saw. */
export interface SoakReport {
  readonly streams: number;
  readonly seconds: number;
  /** How many ended how. `left`: by a viewer's own leaving. */
  readonly endings: Readonly<Record<ViewerEnding | 'left', number>>;
  /** How many requests met a fault, and how many should have. */
  readonly met: Readonly<Record<string, readonly [seen: number, planned: number]>>;
  /** Answers that ended as their faults do not explain, each in a sentence. */
  readonly surprises: readonly string[];
  /** Sessions that were stopped before they were idle for too long. */
  readonly stoppedSessions: number;
  /** The last that the chain's parts have said in plain words. */
  readonly lastWords: readonly string[];
  readonly halves: readonly [Holdings, Holdings];
  /** Most processes of agents at once, and those left when nobody asked any more. */
  readonly agentProcesses: { readonly most: number; readonly left: number };
  /** What is left when the chain is closed: its processes, and what this process holds more than before. */
  readonly leftProcesses: number;
  readonly leftFiles: readonly string[];
  readonly leftResources: readonly string[];
}

/** The mix. The places are within every answer to {@link prompts}. */
const faults: readonly string[] = [
  'split=7@0.1',
  'cold=150ms@0.2',
  'silent=100ms:after=3@0.1',
  'cut-after=4@0.02',
  'end-after=4@0.02',
  'crash-after=4@0.02',
  'error=InternalServerException@0.05',
  'throttle=0.03',
  'relay-cold=100ms@0.2',
  'relay-cut-after=60B@0.02',
  'relay-crash-after=60B@0.02',
  'relay-throttle=0.03',
  'hold-first-chunk@0.1',
  'edge-error=0.03',
  'slow-reader=30000@0.1',
  'leave-after=60B@0.02',
];

const prompts = ['What is 12*(3+4)?', 'count to 40', 'What is 1/0?', 'hello, how are you?'];

/** How long a session may be idle, in milliseconds. */
const idleTimeoutMs = 1000;

/** Runs it. */
export async function runSoak({ halfMs, viewers, seed, startChain }: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(path.join(tmpdir(), 'local-soak-'));
  try {
    synthesize(folder);
    // With its first pipe an event loop opens /dev/null for itself, and keeps it.
    await promisify(execFile)(process.execPath, ['--version']);
    process.stdout.write('');
    process.stderr.write('');
    const before = { files: openFiles(), resources: process.getActiveResourcesInfo() };
    const lines = createLines();
    const words: string[] = [];
    const begun = performance.now();
    const chain = await startChain({
      assembly: folder,
      port: 0,
      agentLifecycle: { idleTimeoutMs },
      agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '1' },
      faults,
      faultSeed: seed,
      onRequest: (line) => lines.add(line),
      onLog: ({ source, text }) => {
        // Not what the relay logs, which is JSON, nor what Node says of the agent's packages.
        if (!/^\{|FSTDEP|--trace-warnings/u.test(text)) {
          words.push(`${source}: ${text}`);
        }
      },
    });
    const soak: Soak = { chain, seed, lines, tally: createTally() };
    const halves: Holdings[] = [];
    let most = 0;
    let left = 0;
    let seconds = 0;
    const looking = setInterval(() => {
      most = Math.max(most, agentProcessesOf(chain).length);
    }, 250);
    try {
      await Promise.all(range(viewers).map((viewer) => beViewer(soak, `warm-up ${viewer}`, halfMs / 5)));
      for (const half of ['first', 'second']) {
        await Promise.all(range(viewers).map((viewer) => beViewer(soak, `${half} ${viewer}`, halfMs)));
        await untilIdle(chain);
        halves.push(await lookAt(chain, lines.met.length));
      }
      left = agentProcessesOf(chain).length;
      seconds = (performance.now() - begun) / 1000;
    } finally {
      clearInterval(looking);
      await chain.close();
    }
    const [first, second] = halves as [Holdings, Holdings];
    return {
      streams: lines.met.length,
      seconds,
      ...soak.tally.read(),
      lastWords: words.slice(-30),
      met: compareWithPlan(lines.met, seed),
      halves: [first, second],
      agentProcesses: { most, left },
      leftProcesses: childrenOf(process.pid).length,
      leftFiles: await untilNone(() => without(openFiles(), before.files)),
      leftResources: await untilNone(() => without(process.getActiveResourcesInfo(), before.resources)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Soak {
  readonly chain: LocalChain;
  readonly seed: number;
  readonly lines: Lines;
  readonly tally: Tally;
}

/** What the chain reports of its requests. Each line is kept only until its viewer takes it. */
interface Lines {
  /** The faults that met each request. */
  readonly met: readonly (readonly string[])[];
  add(line: RequestLine): void;
  /** Waits for the request's end. */
  take(requestId: string): Promise<RequestLine>;
}

function createLines(): Lines {
  const pending = new Map<string, PromiseWithResolvers<RequestLine>>();
  const met: (readonly string[])[] = [];
  const lineOf = (requestId: string): PromiseWithResolvers<RequestLine> => {
    const line = pending.get(requestId) ?? Promise.withResolvers<RequestLine>();
    pending.set(requestId, line);
    return line;
  };
  return {
    met,
    add: (line) => {
      met.push(line.faults);
      lineOf(line.requestId).resolve(line);
    },
    take: async (requestId) => {
      const line = await lineOf(requestId).promise;
      pending.delete(requestId);
      return line;
    },
  };
}

interface Tally {
  ended(how: ViewerEnding | 'left'): void;
  surprised(sentence: string): void;
  stopped(): void;
  read(): Pick<SoakReport, 'endings' | 'surprises' | 'stoppedSessions'>;
}

function createTally(): Tally {
  const endings = { whole: 0, error: 0, cut: 0, refused: 0, invalid: 0, left: 0 };
  const surprises: string[] = [];
  let stoppedSessions = 0;
  return {
    ended: (how) => {
      endings[how] += 1;
    },
    surprised: (sentence) => surprises.push(sentence),
    stopped: () => {
      stoppedSessions += 1;
    },
    read: () => ({ endings, surprises, stoppedSessions }),
  };
}

/** One viewer, who asks until the time is over: a few questions per session, in every format, at times leaving early. */
async function beViewer({ chain, seed, lines, tally }: Soak, name: string, forMs: number): Promise<void> {
  const until = performance.now() + forMs;
  let sessionId = randomUUID();
  for (let turn = 0; performance.now() < until; turn += 1) {
    const chance = (what: string): number => draw(seed, name, turn, what);
    const pick = <Item>(items: readonly Item[], what: string): Item =>
      items[Math.floor(chance(what) * items.length)] as Item;
    const format = pick(viewerFormats, 'format');
    const prompt = pick(prompts, 'prompt');
    const leaving = new AbortController();
    const leaves = chance('leave') < 0.03;
    const onBytes = (): void => (leaves ? leaving.abort() : undefined);
    const { signal } = leaving;
    const { status, headers, text, ending } = await view(chain.url, format, { prompt, sessionId }, { onBytes, signal });
    const hasLeft = signal.aborted;
    tally.ended(hasLeft ? 'left' : ending);
    const line = await lines.take(String(headers['x-amz-cf-id']));
    if (!hasLeft && !isExplained(line, format, ending)) {
      tally.surprised(
        `${format.name} with ${line.faults.join(', ')} ended ${ending} (${status}, ${line.cacheResult}): ${JSON.stringify(text.slice(-200))}`,
      );
    }
    // The agent may still be at it: a session takes one question at a time.
    if (hasLeft || !['whole', 'refused'].includes(ending) || chance('new session') < 0.03) {
      if (chance('stop') < 0.3 && !hasLeft && (await stopSession(chain, sessionId))) {
        tally.stopped();
      }
      sessionId = randomUUID();
    }
  }
}

function isExplained(line: RequestLine, format: ViewerFormat, ending: ViewerEnding): boolean {
  const names = line.faults.map((text) => text.split(/[=@]/u)[0] ?? '');
  return endingsOf(names, format, true).has(ending);
}

/** False where the session is over by itself. */
async function stopSession(
  { agentCoreEndpoint, deployment, roleCredentials }: LocalChain,
  ownId: string,
): Promise<boolean> {
  const { agentRuntimeArn, agentRegion = 'us-east-1', distribution } = deployment;
  const credentials = roleCredentials[distribution.behaviours[0]?.origin.functionUrl?.function.logicalId ?? ''];
  if (credentials === undefined) {
    throw new Error('the relay has no credentials');
  }
  const client = new BedrockAgentCoreClient({
    region: agentRegion,
    endpoint: agentCoreEndpoint ?? '',
    credentials,
    maxAttempts: 1,
  });
  try {
    const runtimeSessionId = deriveSession({ id: 'anonymous' }, ownId);
    await client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') {
      return false;
    }
    throw error;
  } finally {
    client.destroy();
  }
}

/** Each fault with how many requests met it, and how many the plan's seed chooses of as many. */
function compareWithPlan(met: readonly (readonly string[])[], seed: number): SoakReport['met'] {
  const plan = createFaultPlan(faults, seed);
  const planned = met.flatMap(() => plan.next(undefined).met);
  const seen = met.flat();
  const count = (all: readonly string[], text: string): number => all.filter((met) => met === text).length;
  return Object.fromEntries(faults.map((text) => [text, [count(seen, text), count(planned, text)] as const]));
}

/** The demo's stack, with a relay that may also stop sessions. */
function synthesize(folder: string): void {
  // The CDK's own check of templates takes three seconds; the tests of the stack do it.
  process.env['CDK_VALIDATION'] = 'false';
  createRelayApp({ environment: {}, context: { auth: 'anonymous' }, outdir: folder }).synth();
  const file = path.join(folder, 'AgentcoreRelay.template.json');
  const template = readFileSync(file, 'utf8').replaceAll(
    '"bedrock-agentcore:InvokeAgentRuntime"',
    '["bedrock-agentcore:InvokeAgentRuntime","bedrock-agentcore:StopRuntimeSession"]',
  );
  writeFileSync(file, template);
}

/** Until no agent runs any more: nobody asks, and their sessions are idle for too long. */
async function untilIdle(chain: LocalChain): Promise<void> {
  for (let tries = 0; tries < 100 && agentProcessesOf(chain).length > 0; tries += 1) {
    await wait(100);
  }
}

async function lookAt(chain: LocalChain, streams: number): Promise<Holdings> {
  const agents = agentProcessesOf(chain);
  const functions = childrenOf(process.pid).filter((pid) => !agents.includes(pid));
  const rss = functions.map(rssOf);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a collection frees may hold more that only the next one can.
  for (let round = 0; round < 3; round += 1) {
    await wait(50);
    collect();
  }
  const { heapUsed, external, rss: rssBytes } = process.memoryUsage();
  return {
    streams,
    heapBytes: heapUsed + external,
    rssBytes,
    functionRssBytes: rss.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, rss.length),
    functionProcesses: functions.length,
    openFiles: openFiles().length,
  };
}

function agentProcessesOf({ agent }: LocalChain): readonly number[] {
  const entry = agent?.kind === 'bundle' ? agent.entryPoint[0] : undefined;
  return childrenOf(process.pid).filter((pid) => entry !== undefined && commandOf(pid).includes(entry));
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

if (import.meta.main) {
  const minutes = Number(process.env['SOAK_MINUTES'] ?? 5);
  const seed = Number(process.env['SOAK_SEED'] ?? 1);
  const report = await runSoak({ halfMs: (minutes * 60_000) / 2.2, viewers: 8, seed, startChain: startLocalChain });
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
}
