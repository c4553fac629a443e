import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ProcessExit, RunningProcess } from '../process/child-process.ts';
import { startCommandProcess } from '../process/command-process.ts';
import { essentialEnvironment, startNodeProcess } from '../process/node-process.ts';
import { ownsPort } from '../process/owns-port.ts';
import { readHealth } from './agent-health.ts';
import type { AgentHealth } from './agent-health.ts';
import type { AgentHosting } from './agentcore-settings.ts';
import type { ContainerContract } from '../container-contract.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { createLastWords } from './last-words.ts';
import { runtimeClientError } from './service-error.ts';

/** The parts of {@link AgentHosting} that run a program. */
export type ProgramHosting = Extract<AgentHosting, { readonly kind: 'bundle' | 'command' }>;

/** What a developer sets to choose the agent's model; passed on where the template does not name them. */
const modelVariables = ['OPENAI_BASE_URL', 'OPENAI_MODEL', 'OPENAI_API_KEY'];

/** Pause between two looks at `GET /ping`, in milliseconds. */
const pingIntervalMs = 25;

/** How long a process may take to end by itself, in milliseconds. */
const stopGraceMs = 2000;

/** How a process is started. */
export interface AgentProcessSettings {
  readonly hosting: ProgramHosting;
  readonly contract: ContainerContract;
  readonly region: string;
  /** Where the runtime is invoked: an A2A agent names it in its card. */
  readonly runtimeUrl: string;
  /** Longest wait for the first healthy `GET /ping`, in milliseconds. */
  readonly startTimeoutMs: number;
  /** Gives up waiting. */
  readonly signal: AbortSignal;
  /** Called once per line that it writes. */
  onLine(stream: 'stdout' | 'stderr', text: string): void;
  /** Called with a sentence where it cannot be started. */
  onNote(text: string): void;
}

/** A healthy agent. */
export interface RunningAgent {
  /** Base URL of its HTTP server. */
  readonly url: string;
  /** Resolves when it has ended; never for one that somebody else runs. */
  readonly exited: Promise<unknown>;
  /** Asks it how it is; undefined where it is not healthy. */
  health(): Promise<AgentHealth | undefined>;
  /** Ends it: SIGTERM, then SIGKILL. Idempotent. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** An agent that was started here. */
export interface AgentProcess extends RunningAgent {
  /** False where it listens on the contract's own port and not on the one that it was given: there can be only one. */
  readonly heedsPort: boolean;
}

/**
 * Starts an agent on a free port and waits until it is healthy, there or on the port that its contract has.
 *
 * @throws ServiceError 424 where it ends or does not become healthy in time.
 */
export async function startAgentProcess(settings: AgentProcessSettings): Promise<AgentProcess> {
  const { contract } = settings;
  const port = await findFreePort();
  const isContractPortTaken = await isTaken(contract.port);
  const words = createLastWords();
  const child = startProgram(settings, port, (stream, text) => {
    if (stream === 'stderr') {
      words.hear(text.trim());
    }
    settings.onLine(stream, text);
  });
  const ofContract = isContractPortTaken ? [] : placesOf(contract.port, false);
  const outcome = await untilHealthy([...placesOf(port, true), ...ofContract], child, settings);
  if (outcome.kind !== 'healthy') {
    child.kill();
    const exit = await child.exited;
    const taken = `; port ${contract.port}, the contract's own, is another program's`;
    switch (outcome.kind) {
      case 'ended': {
        const why = isContractPortTaken && words.foundPortTaken() ? taken : '';
        settings.onNote(`the agent ended with ${describeExit(exit)} before it was healthy${words.quote()}${why}`);
        throw runtimeClientError('An error occurred when starting the runtime.');
      }
      case 'abandoned':
        throw runtimeClientError('An error occurred when starting the runtime.');
      case 'silent': {
        const seconds = settings.startTimeoutMs / 1000;
        const where = isContractPortTaken ? `port ${port}` : `port ${port} or ${contract.port}`;
        settings.onNote(
          `the agent gave no healthy answer to GET /ping on ${where} in ${seconds} s${isContractPortTaken ? taken : ''}`,
        );
        throw initializationTimeExceeded(seconds);
      }
      default:
        return outcome satisfies never;
    }
  }
  const { url, heedsPort } = outcome.place;
  return {
    url,
    heedsPort,
    exited: child.exited,
    health: () => readHealth(url, contract.protocol === 'MCP'),
    stop: () => stopProcess(child),
    kill: () => child.kill(),
  };
}

function startProgram(
  settings: AgentProcessSettings,
  port: number,
  onLine: (stream: 'stdout' | 'stderr', text: string) => void,
): RunningProcess {
  const { hosting, contract, region, runtimeUrl } = settings;
  const place = {
    PORT: String(port),
    HOST: '127.0.0.1',
    ...(contract.protocol === 'A2A' && { A2A_PORT: String(port), AGENTCORE_RUNTIME_URL: runtimeUrl }),
  };
  if (hosting.kind === 'command') {
    return startCommandProcess({
      command: hosting.command.replaceAll('{port}', String(port)),
      workingDirectory: hosting.workingDirectory,
      // Python holds back what it writes into a pipe, and a killed process never writes it.
      environment: { PYTHONUNBUFFERED: '1', ...hosting.environment, ...place },
      onLine,
    });
  }
  const environment = {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...pickFromProcess(modelVariables),
    ...hosting.environment,
    ...place,
  };
  const { codeDirectory: workingDirectory, entryPoint } = hosting;
  switch (hosting.language) {
    case 'node':
      return startNodeProcess({ entryPoint, workingDirectory, environment, onLine });
    case 'python':
      return startCommandProcess({
        command: ['python3', ...entryPoint],
        workingDirectory,
        environment: { ...essentialEnvironment(), PYTHONUNBUFFERED: '1', ...environment },
        onLine,
      });
    default:
      return hosting.language satisfies never;
  }
}

function pickFromProcess(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Where an agent may turn out to listen. */
interface Place {
  readonly url: string;
  /** False for the contract's own port. */
  readonly heedsPort: boolean;
}

/** `localhost` may be either address. */
function placesOf(port: number, heedsPort: boolean): readonly Place[] {
  return ['127.0.0.1', '[::1]'].map((host) => ({ url: `http://${host}:${port}`, heedsPort }));
}

type StartOutcome =
  | { readonly kind: 'healthy'; readonly place: Place }
  | { readonly kind: 'ended' }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'silent' };

async function untilHealthy(
  places: readonly Place[],
  child: RunningProcess,
  { contract, startTimeoutMs, signal }: AgentProcessSettings,
): Promise<StartOutcome> {
  let ended = false;
  const exited = child.exited.then(() => {
    ended = true;
  });
  const deadlineMs = performance.now() + startTimeoutMs;
  while (performance.now() < deadlineMs) {
    for (const place of places) {
      const health = await Promise.race([readHealth(place.url, contract.protocol === 'MCP'), exited]);
      if (ended) {
        return { kind: 'ended' };
      }
      if (signal.aborted) {
        return { kind: 'abandoned' };
      }
      // Whoever has taken the contract's port since says nothing of this process.
      if (health !== undefined && (place.heedsPort || ownsPort(child.pid ?? 0, contract.port) !== false)) {
        return { kind: 'healthy', place };
      }
    }
    await Promise.race([delay(pingIntervalMs), exited]);
  }
  return { kind: 'silent' };
}

/** In AgentCore's words, as callers have seen them. */
function initializationTimeExceeded(seconds: number): ServiceError {
  return new ServiceError(
    424,
    'RuntimeClientError',
    `Runtime initialization time exceeded. Please make sure that initialization completes in ${seconds}s.`,
  );
}

function describeExit({ code, signal }: ProcessExit): string {
  return signal === null ? `exit code ${code}` : signal;
}

async function stopProcess(child: RunningProcess): Promise<void> {
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

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost' });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
