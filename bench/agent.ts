import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The agent, running. */
export interface BenchAgent {
  /** Its base URL. */
  readonly endpoint: string;
  /** How many bytes of an answer the agent has handed to its socket so far. */
  countSentBytes(id: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the agent in a process of its own, on a free port of 127.0.0.1. */
export async function startAgent(): Promise<BenchAgent> {
  const child = fork(fileURLToPath(new URL('agent-process.ts', import.meta.url)), { execArgv: [] });
  const exited = once(child, 'exit');
  const [port] = (await once(child, 'message')) as [number];
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    async countSentBytes(id) {
      const response = await fetch(`${endpoint}/${id}`);
      return Number(await response.text());
    },
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
