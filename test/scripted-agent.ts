import { RelayError } from '../src/errors.ts';
import type { AgentAnswer, AgentInvocation, AgentRuntime } from '../src/relay/agent-runtime.ts';

/** An agent behind the port whose every step a test decides. */
export interface ScriptedAgent {
  readonly runtime: AgentRuntime;
  readonly invocations: AgentInvocation[];
  /** Is kept when the agent is invoked for the first time. */
  readonly invoked: Promise<void>;
  /** AgentCore's headers arrive. */
  answer(contentType?: string): void;
  /** AgentCore refuses. */
  refuse(error: RelayError): void;
  /** Bytes arrive. */
  say(text: string): void;
  /** The stream ends: cleanly, or by an error. */
  end(error?: RelayError): void;
  /** Chunks that were said and not read yet. */
  readonly unread: number;
}

/** Creates an agent that waits for the test. */
export function createScriptedAgent(): ScriptedAgent {
  const invocations: AgentInvocation[] = [];
  const invoked = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<AgentAnswer>();
  const queue: (Uint8Array | RelayError | 'end')[] = [];
  let wake = Promise.withResolvers<void>();

  function put(item: Uint8Array | RelayError | 'end'): void {
    queue.push(item);
    wake.resolve();
  }

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = invocations[0] ?? {};
    for (;;) {
      if (signal?.aborted === true) throw new RelayError('cancelled');
      const item = queue.shift();
      if (item === 'end') return;
      if (item instanceof RelayError) throw item;
      if (item !== undefined) {
        yield item;
        continue;
      }
      wake = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => wake.resolve(), { once: true });
      await wake.promise;
    }
  }

  return {
    invocations,
    invoked: invoked.promise,
    runtime: {
      invoke(invocation) {
        invocations.push(invocation);
        invoked.resolve();
        invocation.signal.addEventListener('abort', () => answering.reject(new RelayError('cancelled')), {
          once: true,
        });
        return answering.promise;
      },
    },
    answer(contentType = 'text/event-stream') {
      answering.resolve({ contentType, body: read() });
    },
    refuse: (error) => answering.reject(error),
    say: (text) => put(new TextEncoder().encode(text)),
    end: (error) => put(error ?? 'end'),
    get unread() {
      return queue.length;
    },
  };
}
