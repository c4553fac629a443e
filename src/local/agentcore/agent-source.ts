import { readHealth } from './agent-health.ts';
import { startAgentProcess } from './agent-process.ts';
import type { AgentProcess, ProgramHosting, RunningAgent } from './agent-process.ts';
import type { AgentHosting, AgentLogLine } from './agentcore-settings.ts';
import type { ContainerContract } from '../container-contract.ts';

/** The parts of {@link AgentHosting} whose sessions are kept here. */
export type LocalHosting = Exclude<AgentHosting, { readonly kind: 'deployed' }>;

/** Where sessions get their agents from. */
export interface AgentSourceSettings {
  readonly hosting: LocalHosting;
  readonly contract: ContainerContract;
  readonly region: string;
  /** Where the runtime is invoked. */
  readonly runtimeUrl: string;
  /** Longest wait for an agent's start, in milliseconds. */
  readonly startTimeoutMs: number;
  onLog(line: AgentLogLine): void;
  onNote(text: string): void;
}

/** An agent for one session. */
export interface AgentStart {
  readonly agent: RunningAgent;
  /** True where it was started for this session, or waited for. */
  readonly isCold: boolean;
}

/** Gives each session its agent. */
export interface AgentSource {
  /**
   * Starts an agent for a session, or shares the one that there is. What it gives out is stopped by whoever got it.
   *
   * @throws ServiceError 424 where it does not start.
   */
  start(runtimeSessionId: string, signal: AbortSignal): Promise<AgentStart>;
  /** Ends what no session has. Idempotent. */
  close(): Promise<void>;
}

/** Makes the source for one hosting. */
export function createAgentSource(settings: AgentSourceSettings): AgentSource {
  const { hosting, contract } = settings;
  return hosting.kind === 'url'
    ? createExternalSource(hosting.url.replace(/\/+$/u, ''), contract)
    : createProgramSource(settings, hosting);
}

/** It runs for all sessions at once and is not this program's to stop. */
function createExternalSource(url: string, { protocol }: ContainerContract): AgentSource {
  const agent: RunningAgent = {
    url,
    exited: new Promise(() => undefined),
    health: () => readHealth(url, protocol === 'MCP'),
    stop: () => Promise.resolve(),
    kill: () => undefined,
  };
  return { start: () => Promise.resolve({ agent, isCold: false }), close: () => Promise.resolve() };
}

/** One process that serves all sessions, since there can be no second one on its port. */
interface SharedAgent {
  readonly process: AgentProcess;
  sessions: number;
}

/** Ports of shared agents, until these have ended: a chain that takes another's place waits for its agent to leave. */
const sharedPorts = new Map<number, Promise<unknown>>();

/**
 * A process per session, as on AgentCore. The first one shows whether the program listens on the port that it is given:
 * where it does not, all sessions share it. A command is started before the first session, so that its faults are said at once.
 */
function createProgramSource(settings: AgentSourceSettings, hosting: ProgramHosting): AgentSource {
  const { contract, onLog, onNote } = settings;
  let heedsPort = false;
  let shared: SharedAgent | undefined;
  let first: Promise<unknown> | undefined;
  let wasTold = false;

  function launch(runtimeSessionId: string, signal: AbortSignal): Promise<AgentProcess> {
    const { region, runtimeUrl, startTimeoutMs } = settings;
    return startAgentProcess({
      hosting,
      contract,
      region,
      runtimeUrl,
      startTimeoutMs,
      signal,
      onLine: (stream, text) => onLog({ runtimeSessionId: shared === undefined ? runtimeSessionId : '', stream, text }),
      onNote,
    });
  }

  /** Starts the process that all others wait for: until it is healthy nobody knows whether there can be a second one. */
  function launchFirst(runtimeSessionId: string, signal: AbortSignal): Promise<AgentProcess> {
    const launched = untilLeft(sharedPorts.get(contract.port), settings.startTimeoutMs, signal)
      .then(() => launch(runtimeSessionId, signal))
      .then((agent) => {
        heedsPort = agent.heedsPort;
        if (!heedsPort) {
          share(agent);
        }
        return agent;
      });
    const forget = (): void => {
      first = undefined;
    };
    first = launched.then(forget, forget);
    return launched;
  }

  function share(agent: AgentProcess): void {
    const own: SharedAgent = { process: agent, sessions: 0 };
    shared = own;
    sharedPorts.set(contract.port, agent.exited);
    void agent.exited.then(() => {
      if (shared === own) {
        shared = undefined;
      }
      if (sharedPorts.get(contract.port) === agent.exited) {
        sharedPorts.delete(contract.port);
      }
    });
    if (!wasTold) {
      wasTold = true;
      onNote(
        `the agent listens on port ${contract.port} and not on the one in PORT: one process serves all sessions, and what it remembers of one is not kept from the others`,
      );
    }
  }

  function lease(own: SharedAgent): RunningAgent {
    own.sessions += 1;
    let isLeft = false;
    return {
      ...own.process,
      stop: async () => {
        if (isLeft) {
          return;
        }
        isLeft = true;
        own.sessions -= 1;
        if (own.sessions === 0 && shared === own) {
          shared = undefined;
          await own.process.stop();
        }
      },
    };
  }

  const closed = new AbortController();
  let ahead: Promise<AgentProcess> | undefined;
  if (hosting.kind === 'command') {
    const started = launchFirst('', closed.signal);
    ahead = started;
    const forget = (): void => {
      ahead = ahead === started ? undefined : ahead;
    };
    // It has been noted that it failed; the first session tries again.
    started.then((agent) => agent.exited.then(forget), forget);
  }

  async function take(runtimeSessionId: string, signal: AbortSignal): Promise<AgentStart> {
    const waiting = ahead;
    ahead = undefined;
    if (waiting !== undefined) {
      const agent = await waiting;
      // It may have died since.
      const isHealthy = (await agent.health()) !== undefined;
      if (shared === undefined && isHealthy) {
        return { agent, isCold: true };
      }
      if (!isHealthy) {
        await agent.stop();
      }
    }
    for (let wait = first; wait !== undefined; wait = first) {
      await wait;
    }
    if (shared !== undefined) {
      return { agent: lease(shared), isCold: waiting !== undefined };
    }
    const agent = await (heedsPort ? launch(runtimeSessionId, signal) : launchFirst(runtimeSessionId, signal));
    return { agent: shared === undefined ? agent : lease(shared), isCold: true };
  }

  return {
    start: take,
    close: async () => {
      closed.abort();
      const waiting = ahead;
      ahead = undefined;
      await waiting?.then(
        (agent) => agent.stop(),
        () => undefined,
      );
      await shared?.process.stop();
    },
  };
}

async function untilLeft(held: Promise<unknown> | undefined, timeoutMs: number, signal: AbortSignal): Promise<void> {
  if (held === undefined || signal.aborted) {
    return;
  }
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, timeoutMs);
  signal.addEventListener('abort', () => patience.resolve(), { once: true });
  await Promise.race([held, patience.promise]);
  clearTimeout(timer);
}
