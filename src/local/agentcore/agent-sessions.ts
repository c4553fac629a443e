import { startAgentProcess } from './agent-process.ts';
import type { AgentProcess, BundleHosting } from './agent-process.ts';
import type { AgentLogLine } from './agentcore-settings.ts';
import { ServiceError } from '../aws-service/service-error.ts';

/** How sessions are kept. */
export interface AgentSessionsSettings {
  readonly hosting: BundleHosting;
  readonly region: string;
  /** Longest wait for an agent's start, in milliseconds. */
  readonly startTimeoutMs: number;
  onLog(line: AgentLogLine): void;
}

/** An invocation's place in its session. */
export interface SessionVisit {
  /** Base URL of the session's agent. */
  readonly url: string;
  /** How long the start took, where this invocation waited for it, in milliseconds. */
  readonly coldStartMs: number | undefined;
  /** Ends the visit; the session may become idle then. */
  leave(): void;
  /**
   * Waits a moment for the end of a process whose connection broke, so that whoever is told of it and tries again does
   * not meet it once more.
   */
  settle(): Promise<void>;
}

/** Runtime sessions: one process per id. */
export interface AgentSessions {
  /**
   * Enters a session; its agent is started where none runs.
   *
   * @throws ServiceError 424 where the agent does not start, 409 while the session is being stopped.
   */
  enter(runtimeSessionId: string): Promise<SessionVisit>;
  /** Stops a session's process; false where there is none. */
  stop(runtimeSessionId: string): Promise<boolean>;
  /** Stops all. Idempotent. */
  close(): Promise<void>;
}

interface Session {
  readonly started: Promise<AgentProcess>;
  readonly abort: AbortController;
  /** True from the end of the start on. */
  healthy: boolean;
  visits: number;
  stopping: Promise<void> | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  lifeTimer: NodeJS.Timeout | undefined;
}

/** How long a process may take to end after its connections broke, in milliseconds. */
const settleMs = 200;

/** Longest delay of a timer, in milliseconds: 2^31 - 1. */
const maxTimerMs = 2_147_483_647;

/** Makes the sessions of one runtime. */
export function createAgentSessions(settings: AgentSessionsSettings): AgentSessions {
  const { hosting } = settings;
  const sessions = new Map<string, Session>();
  let closed = false;

  function start(runtimeSessionId: string): Session {
    const abort = new AbortController();
    const started = startAgentProcess({
      hosting,
      region: settings.region,
      startTimeoutMs: settings.startTimeoutMs,
      signal: abort.signal,
      onLine: (stream, text) => settings.onLog({ runtimeSessionId, stream, text }),
    });
    const session: Session = {
      started,
      abort,
      healthy: false,
      visits: 0,
      stopping: undefined,
      idleTimer: undefined,
      lifeTimer: undefined,
    };
    sessions.set(runtimeSessionId, session);
    started.then(
      (agent) => {
        session.healthy = true;
        session.lifeTimer = setTimeout(
          () => void end(runtimeSessionId, session),
          Math.min(hosting.maxLifetimeMs, maxTimerMs),
        );
        void agent.exited.then(() => forget(runtimeSessionId, session));
      },
      () => forget(runtimeSessionId, session),
    );
    return session;
  }

  function forget(runtimeSessionId: string, session: Session): void {
    clearTimeout(session.idleTimer);
    clearTimeout(session.lifeTimer);
    if (sessions.get(runtimeSessionId) === session) {
      sessions.delete(runtimeSessionId);
    }
  }

  function end(runtimeSessionId: string, session: Session): Promise<void> {
    session.abort.abort();
    session.stopping ??= session.started.then(
      async (agent) => {
        await agent.stop();
        forget(runtimeSessionId, session);
      },
      () => undefined,
    );
    return session.stopping;
  }

  function awaitIdle(runtimeSessionId: string, session: Session, agent: AgentProcess): void {
    clearTimeout(session.idleTimer);
    if (session.visits > 0 || session.stopping !== undefined || sessions.get(runtimeSessionId) !== session) {
      return;
    }
    session.idleTimer = setTimeout(
      () => {
        void agent.isBusy().then((busy) => {
          if (busy || session.visits > 0) {
            awaitIdle(runtimeSessionId, session, agent);
          } else {
            void end(runtimeSessionId, session);
          }
        });
      },
      Math.min(hosting.idleTimeoutMs, maxTimerMs),
    );
  }

  return {
    enter: async (runtimeSessionId) => {
      const known = sessions.get(runtimeSessionId);
      if (closed || known?.stopping !== undefined) {
        throw new ServiceError(409, 'RetryableConflictException', 'Session operation in progress, please retry');
      }
      const session = known ?? start(runtimeSessionId);
      const isWarm = session.healthy;
      session.visits += 1;
      clearTimeout(session.idleTimer);
      const agent = await session.started;
      return {
        url: agent.url,
        coldStartMs: isWarm ? undefined : agent.startMs,
        leave: () => {
          session.visits -= 1;
          awaitIdle(runtimeSessionId, session, agent);
        },
        settle: () => within(agent.exited, settleMs),
      };
    },
    stop: async (runtimeSessionId) => {
      const session = sessions.get(runtimeSessionId);
      if (session === undefined) {
        return false;
      }
      await end(runtimeSessionId, session);
      return true;
    },
    close: async () => {
      closed = true;
      await Promise.all([...sessions].map(([runtimeSessionId, session]) => end(runtimeSessionId, session)));
    },
  };
}

async function within(wait: Promise<unknown>, ms: number): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, ms);
  await Promise.race([wait, patience.promise]);
  clearTimeout(timer);
}
