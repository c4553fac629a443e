import type { Agent } from '@strands-agents/sdk';

/** One message of a conversation that happened before. */
export interface EarlierMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** The use of a session's agent for one answer. */
export interface Turn {
  readonly agent: Agent;
  /** Ends the turn. What is not kept leaves no trace in the conversation. Calls after the first do nothing. */
  end(isKept: boolean): void;
}

/** One agent per runtime session. */
export interface Sessions {
  /**
   * Takes the session's agent for one answer; until {@link Turn.end} nobody else gets it.
   *
   * @param earlier what was said before; used only where the session is new.
   * @throws Error as {@link assertIdle} does.
   */
  begin(sessionId: string, earlier: readonly EarlierMessage[]): Turn;
  /** @throws Error with a sentence where the session is still answering. */
  assertIdle(sessionId: string): void;
}

/** How {@link createSessions} is bounded, and where its agents come from. */
export interface SessionsOptions {
  readonly createAgent: (earlier: readonly EarlierMessage[]) => Agent;
  /** How many sessions are remembered; beyond that, the one that was idle the longest is forgotten. */
  readonly maxSessions: number;
}

interface Session {
  readonly agent: Agent;
  isBusy: boolean;
}

/** Keeps the sessions' agents in memory. AgentCore gives each session a microVM of its own, so there is mostly one. */
export function createSessions({ createAgent, maxSessions }: SessionsOptions): Sessions {
  /** In the order of their last use. */
  const sessions = new Map<string, Session>();

  function begin(sessionId: string, earlier: readonly EarlierMessage[]): Turn {
    assertIdle(sessionId);
    const known = sessions.get(sessionId);
    const session: Session = known ?? { agent: createAgent(earlier), isBusy: false };
    const { agent } = session;
    const before = agent.takeSnapshot({ preset: 'session' });
    session.isBusy = true;
    sessions.delete(sessionId);
    sessions.set(sessionId, session);
    forgetIdle();

    let hasEnded = false;
    function end(isKept: boolean): void {
      if (hasEnded) return;
      hasEnded = true;
      session.isBusy = false;
      if (isKept) return;
      // A new session whose only turn failed is new again, so that the next call may bring the history along.
      if (known === undefined) sessions.delete(sessionId);
      else agent.loadSnapshot(before);
    }
    return { agent, end };
  }

  function assertIdle(sessionId: string): void {
    if (sessions.get(sessionId)?.isBusy === true) {
      throw new Error('this session is still answering; wait for that answer or use another session');
    }
  }

  function forgetIdle(): void {
    for (const [sessionId, { isBusy }] of sessions) {
      if (sessions.size <= maxSessions) return;
      if (!isBusy) sessions.delete(sessionId);
    }
  }

  return { begin, assertIdle };
}
