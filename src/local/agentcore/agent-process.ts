import { get } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startNodeProcess } from '../process/node-process.ts';
import type { NodeProcess } from '../process/node-process.ts';
import type { AgentHosting } from './agentcore-settings.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { runtimeClientError } from './service-error.ts';

/** The part of {@link AgentHosting} that runs a bundle. */
export type BundleHosting = Extract<AgentHosting, { readonly kind: 'bundle' }>;

/** What a developer sets to choose the agent's model; passed on where the template does not name them. */
const modelVariables = ['OPENAI_BASE_URL', 'OPENAI_MODEL', 'OPENAI_API_KEY'];

/** Pause between two looks at `GET /ping`, in milliseconds. */
const pingIntervalMs = 25;

/** Longest wait for one answer to `GET /ping`, in milliseconds. */
const pingTimeoutMs = 5000;

/** How long a process may take to end by itself, in milliseconds. */
const stopGraceMs = 2000;

/** How a process is started. */
export interface AgentProcessSettings {
  readonly hosting: BundleHosting;
  readonly region: string;
  /** Longest wait for the first healthy `GET /ping`, in milliseconds. */
  readonly startTimeoutMs: number;
  /** Gives up waiting. */
  readonly signal: AbortSignal;
  /** Called once per line that it writes. */
  onLine(stream: 'stdout' | 'stderr', text: string): void;
}

/** A healthy agent. */
export interface AgentProcess {
  /** Base URL of its HTTP server. */
  readonly url: string;
  /** How long its start took, in milliseconds. */
  readonly startMs: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
  /** True where it says `HealthyBusy`: it works although nobody waits for an answer. */
  isBusy(): Promise<boolean>;
  /** Ends it: SIGTERM, then SIGKILL. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts an agent's bundle on a free port and waits until it is healthy (AgentCore's HTTP protocol contract).
 *
 * @throws ServiceError 424 where it ends or does not become healthy in time.
 */
export async function startAgentProcess(settings: AgentProcessSettings): Promise<AgentProcess> {
  const startedMs = performance.now();
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startNodeProcess({
    entryPoint: settings.hosting.entryPoint,
    workingDirectory: settings.hosting.codeDirectory,
    environment: environmentOf(settings, port),
    onLine: (stream, text) => settings.onLine(stream, text),
  });
  const stop = (): Promise<void> => stopProcess(child);
  try {
    await untilHealthy(url, child, settings);
  } catch (error) {
    child.kill();
    await child.exited;
    throw error;
  }
  return {
    url,
    startMs: performance.now() - startedMs,
    exited: child.exited,
    isBusy: async () => (await ping(url))?.includes('HealthyBusy') === true,
    stop,
  };
}

function environmentOf({ hosting, region }: AgentProcessSettings, port: number): Record<string, string> {
  const model = modelVariables.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...Object.fromEntries(model),
    ...hosting.environment,
    PORT: String(port),
    HOST: '127.0.0.1',
  };
}

async function untilHealthy(url: string, child: NodeProcess, settings: AgentProcessSettings): Promise<void> {
  const { startTimeoutMs, signal } = settings;
  let ended = false;
  const exited = child.exited.then(() => {
    ended = true;
  });
  const deadlineMs = performance.now() + startTimeoutMs;
  while (performance.now() < deadlineMs) {
    if ((await Promise.race([ping(url), exited])) !== undefined) {
      return;
    }
    if (ended || signal.aborted) {
      throw runtimeClientError('An error occurred when starting the runtime.');
    }
    await delay(pingIntervalMs);
  }
  throw new ServiceError(
    424,
    'RuntimeClientError',
    `Runtime initialization time exceeded. Please make sure that initialization completes in ${startTimeoutMs / 1000}s.`,
  );
}

/** The body of `GET /ping`, or undefined where the agent is not healthy. */
function ping(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = get(`${url}/ping`, { agent: false, timeout: pingTimeoutMs }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => {
        text += part;
      });
      incoming.on('error', () => resolve(undefined));
      incoming.on('end', () => resolve(incoming.statusCode === 200 ? text : undefined));
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
  });
}

async function stopProcess(child: NodeProcess): Promise<void> {
  child.interrupt();
  const timer = setTimeout(() => child.kill(), stopGraceMs);
  await child.exited;
  clearTimeout(timer);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
