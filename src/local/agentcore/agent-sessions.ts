import type { AgentHealth } from './agent-health.ts';
import type { AgentSource } from './agent-source.ts';
import type { RunningAgent } from './agent-process.ts';
import type { SessionLifecycle } from './agentcore-settings.ts';
import { ServiceError } from '../aws-service/service-error.ts';

/** How sessions are kept. */
export interface AgentSessionsSettings {
  readonly source: AgentSource;
  readonly lifecycle: SessionLifecycle;
  /** The time in milliseconds since the epoch. */
  now(): number;
  onNote(text: string): void;
}

/** An invocation's place in its session. */
export interface SessionVisit {
  readonly agent: RunningAgent;
  /** How long the start took, where this invocation waited for it, in milliseconds. */
  readonly coldStartMs: number | undefined;
  /** Aborts when the session is stopped: what streams is to stop at once. */
  readonly ended: AbortSignal;
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
   * @param addedStartMs how much longer a start is to take
   * @throws ServiceError 424 where the agent does not start, 409 while the session is being started or stopped.
   */
  enter(runtimeSessionId: string, addedStartMs?: number): Promise<SessionVisit>;
  /**
   * Stops a session and what it streams; false where there is none.
   *
   * @throws ServiceError 409 while it is being started or stopped.
   */
  stop(runtimeSessionId: string): Promise<boolean>;
  /** Stops all. Idempotent. */
  close(): Promise<void>;
}

interface Session {
  readonly started: Promise<StartedAgent>;
  readonly abort: AbortController;
  /** True from the end of the start on. */
  healthy: boolean;
  visits: number;
  /** When it was last left, in milliseconds since the epoch. */
  leftMs: number;
  stopping: Promise<void> | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  lifeTimer: NodeJS.Timeout | undefined;
}

interface StartedAgent {
  readonly agent: RunningAgent;
  readonly startMs: number | undefined;
}

/** How long a process may take to end after its connections broke, in milliseconds. */
const settleMs = 200;

/** Longest delay of a timer, in milliseconds: 2^31 - 1. */
const maxTimerMs = 2_147_483_647;

/** Makes the sessions of one runtime ("Use isolated sessions for agents", AgentCore developer guide). */
export function createAgentSessions(settings: AgentSessionsSettings): AgentSessions {
  const { source, lifecycle, now } = settings;
  const sessions = new Map<string, Session>();
  let closed = false;
  let wasToldOfUpdates = false;

  async function launch(runtimeSessionId: string, addedStartMs: number, signal: AbortSignal): Promise<StartedAgent> {
    const startedMs = performance.now();
    await pause(addedStartMs, signal);
    const { agent, isCold } = await source.start(runtimeSessionId, signal);
    return { agent, startMs: isCold || addedStartMs > 0 ? performance.now() - startedMs : undefined };
  }

  function start(runtimeSessionId: string, addedStartMs: number): Session {
    const abort = new AbortController();
    const started = launch(runtimeSessionId, addedStartMs, abort.signal);
    const session: Session = {
      started,
      abort,
      healthy: false,
      visits: 0,
      leftMs: now(),
      stopping: undefined,
      idleTimer: undefined,
      lifeTimer: setTimeout(() => void end(runtimeSessionId, session), Math.min(lifecycle.maxLifetimeMs, maxTimerMs)),
    };
    sessions.set(runtimeSessionId, session);
    started.then(
      ({ agent }) => {
        session.healthy = true;
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
      async ({ agent }) => {
        await agent.stop();
        forget(runtimeSessionId, session);
      },
      () => undefined,
    );
    return session.stopping;
  }

  function awaitIdle(runtimeSessionId: string, session: Session, agent: RunningAgent, waitMs: number): void {
    clearTimeout(session.idleTimer);
    if (session.visits > 0 || session.stopping !== undefined || sessions.get(runtimeSessionId) !== session) {
      return;
    }
    session.idleTimer = setTimeout(
      () => {
        void agent.health().then((health) => {
          const restMs = session.visits > 0 ? 0 : restOf(session, health);
          if (restMs > 0) {
            awaitIdle(runtimeSessionId, session, agent, restMs);
          } else if (session.visits === 0) {
            void end(runtimeSessionId, session);
          }
        });
      },
      Math.min(waitMs, maxTimerMs),
    );
  }

  /** How long a session still has: a busy one all its time again, another one from when its status changed. */
  function restOf({ leftMs }: Session, health: AgentHealth | undefined): number {
    const { idleTimeoutMs } = lifecycle;
    if (health === undefined) {
      return 0;
    }
    if (health.isBusy) {
      return idleTimeoutMs;
    }
    const changedMs = Math.min(health.changedAtMs ?? 0, now());
    if (changedMs <= leftMs) {
      return 0;
    }
    if (!wasToldOfUpdates) {
      wasToldOfUpdates = true;
      settings.onNote(
        'an idle agent says in time_of_last_update of GET /ping that its status has changed; where it says so each time it is asked, its sessions never become idle',
      );
    }
    return changedMs + idleTimeoutMs - now();
  }

  return {
    enter: async (runtimeSessionId, addedStartMs = 0) => {
      const known = sessions.get(runtimeSessionId);
      if (closed || (known !== undefined && isInTransition(known))) {
        throw operationInProgress();
      }
      const session = known ?? start(runtimeSessionId, addedStartMs);
      session.visits += 1;
      clearTimeout(session.idleTimer);
      const { agent, startMs } = await session.started;
      return {
        agent,
        coldStartMs: known === undefined ? startMs : undefined,
        ended: session.abort.signal,
        leave: () => {
          session.visits -= 1;
          session.leftMs = now();
          awaitIdle(runtimeSessionId, session, agent, lifecycle.idleTimeoutMs);
        },
        settle: () => within(agent.exited, settleMs),
      };
    },
    stop: async (runtimeSessionId) => {
      const session = sessions.get(runtimeSessionId);
      if (session === undefined) {
        return false;
      }
      if (isInTransition(session)) {
        throw operationInProgress();
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

function isInTransition(session: Session): boolean {
  return !session.healthy || session.stopping !== undefined;
}

/** A second operation on a session that is being started or stopped, in AgentCore's words (HTTP protocol contract). */
function operationInProgress(): ServiceError {
  return new ServiceError(409, 'RetryableConflictException', 'Session operation in progress, please retry');
}

async function within(wait: Promise<unknown>, ms: number): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, ms);
  await Promise.race([wait, patience.promise]);
  clearTimeout(timer);
}

/** Ends early where the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) {
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
