import type { RequestListener } from 'node:http';
import { createFaultPlan } from './faults/fault-plan.ts';
import { listen } from './listen.ts';
import { LocalChainError } from './local-chain-error.ts';
import type { LocalChainOptions } from './local-chain-options.ts';
import { startDeployment } from './running-deployment.ts';
import type { RunningDeployment } from './running-deployment.ts';

/** A running chain. What it says of itself is of the assembly that it runs now. */
export interface LocalChain extends Omit<RunningDeployment, 'serve' | 'close'>, AsyncDisposable {
  /** Where CloudFront listens, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /**
   * Reads an assembly and runs it behind the same port, in place of the one that runs: resolves when new requests meet the
   * new one. Those under way end on the old one, whose processes end after them, and with them what the agent's sessions
   * remember. AgentCore and Secrets Manager have other ports then. The plan of faults goes on.
   *
   * @param assembly the one to run. Default: the one that runs, read anew
   * @throws LocalChainError with a sentence where it cannot be read or started: the old one goes on.
   */
  reload(assembly?: string): Promise<void>;
  /** Ends every server and every process, after a reload that is under way. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts what a cloud assembly deploys, on this machine: CloudFront with its functions, the Function URL, the relay's
 * bundle, AgentCore and the agent.
 *
 * @throws LocalChainError with a sentence where something is missing, taken or not reachable; nothing is left running.
 */
export async function startLocalChain(options: LocalChainOptions): Promise<LocalChain> {
  const faultPlan = createFaultPlan(options.faults ?? [], options.faultSeed ?? 1);
  const occupants = new Set<Occupant>();
  const start = async (assembly: string): Promise<Occupant> => {
    const occupant = occupy(assembly, await startDeployment(assembly, options, faultPlan));
    occupants.add(occupant);
    return occupant;
  };
  let current = await start(options.assembly);
  let closing: Promise<void> | undefined;
  let reloaded: Promise<unknown> = Promise.resolve();
  const retirements = new Set<Promise<void>>();

  const replace = async (assembly: string): Promise<void> => {
    requireOpen();
    const next = await start(assembly);
    if (closing !== undefined) {
      await next.running.close();
    }
    requireOpen();
    const old = current;
    current = next;
    const retirement = retire(old).finally(() => retirements.delete(retirement));
    retirements.add(retirement);
  };
  const requireOpen = (): void => {
    if (closing !== undefined) {
      throw new LocalChainError('the local chain is closed');
    }
  };
  const retire = async (old: Occupant): Promise<void> => {
    await old.untilIdle();
    await old.running.close();
    occupants.delete(old);
    // The same folder may have been read anew.
    if (![...occupants].some(({ assembly }) => assembly === old.assembly)) {
      options.onRetired?.(old.assembly);
    }
  };
  const server = await openPort(options.port ?? 8787, (...exchange) => current.serve(...exchange), current);
  const closeAll = async (): Promise<void> => {
    await server.close();
    await reloaded.catch(() => undefined);
    await Promise.all([current.running.close(), ...retirements]);
  };
  const close = (): Promise<void> => (closing ??= closeAll());
  return {
    url: server.url,
    get deployment() {
      return current.running.deployment;
    },
    get agent() {
      return current.running.agent;
    },
    get agentCoreEndpoint() {
      return current.running.agentCoreEndpoint;
    },
    get secrets() {
      return current.running.secrets;
    },
    get secretsManagerEndpoint() {
      return current.running.secretsManagerEndpoint;
    },
    get roleCredentials() {
      return current.running.roleCredentials;
    },
    reload: (assembly) => {
      const after = reloaded.catch(() => undefined).then(() => replace(assembly ?? current.assembly));
      reloaded = after;
      return after;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Whatever is behind the port, with its requests counted. */
interface Occupant {
  readonly assembly: string;
  readonly running: RunningDeployment;
  readonly serve: RequestListener;
  /** Resolves when none of its requests is under way. */
  untilIdle(): Promise<void>;
}

function occupy(assembly: string, running: RunningDeployment): Occupant {
  const idle: (() => void)[] = [];
  let underWay = 0;
  return {
    assembly,
    running,
    serve: (incoming, response) => {
      underWay += 1;
      response.once('close', () => {
        underWay -= 1;
        if (underWay === 0) {
          for (const resolve of idle.splice(0)) {
            resolve();
          }
        }
      });
      running.serve(incoming, response);
    },
    untilIdle: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (underWay === 0) {
        resolve();
      } else {
        idle.push(resolve);
      }
      return promise;
    },
  };
}

async function openPort(port: number, serve: RequestListener, { running }: Occupant): ReturnType<typeof listen> {
  try {
    return await listen(serve, port);
  } catch (error) {
    await running.close();
    throw error;
  }
}
