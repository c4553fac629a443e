/**
 * The only place where tests start what viewers talk to: every byte that they get is searched, and a leak fails the test
 * in which it was seen.
 */
import { after, afterEach } from 'node:test';
import { startNodeHttpServer } from '../src/hosts/node-http.ts';
import type { NodeHttpServer, NodeHttpServerOptions } from '../src/hosts/node-http.ts';
import { startLocalChain } from '../src/local.ts';
import type { LocalChain, LocalChainOptions } from '../src/local.ts';
import { startServer } from '../src/server.ts';
import type { ServerOptions } from '../src/server.ts';
import { createLeakDetector } from './leak-detector.ts';
import type { Leak, Secrets } from './leak-detector.ts';

/** What stands nowhere else: whatever holds it has leaked it. By the names that {@link allowInBodies} takes. */
export const sentinels = {
  'the account id': '998877665544',
  'the account id of the tests on Node': '123456789012',
  'the name of the role': 'SentinelRelayRole',
  'the host behind': 'sentinel-host.internal',
} as const;

const detector = createLeakDetector();
let watchCount = 0;

afterEach(report);
after(() => {
  report();
  const byteCount = detector.countBytes();
  if (watchCount > 0 && byteCount === 0) throw new Error(`${watchCount} servers were watched, and nothing was seen`);
  detector.close();
});

/** Starts a local chain whose viewers are watched; what the template names is secret. */
export async function startWatchedChain(options: LocalChainOptions): Promise<LocalChain> {
  const chain = await startLocalChain(options);
  const { distribution, agentRuntimeArn, auth } = chain.deployment;
  const credentials = Object.values(chain.roleCredentials);
  const endpoints = [chain.agentCoreEndpoint, chain.secretsManagerEndpoint].filter((url) => url !== undefined);
  const stop = watch(chain.url, {
    'the access key id': credentials.map(({ accessKeyId }) => accessKeyId),
    'the secret access key': credentials.map(({ secretAccessKey }) => secretAccessKey),
    'the session token': credentials.map(({ sessionToken }) => sessionToken),
    'the secret access key of CloudFront': 'local-cloudfront-secret-access-key',
    'the session token of CloudFront': 'local-cloudfront-session-token',
    'the account id of the chain': distribution.accountId,
    'the host of a Function URL': distribution.behaviours.map(({ origin }) => origin.domainName),
    'the name of a function': distribution.behaviours
      .flatMap((behaviour) => [
        behaviour.origin.functionUrl?.function,
        behaviour.viewerRequestEdgeFunction?.function,
        behaviour.originRequestFunction?.function,
        behaviour.originResponseFunction?.function,
        behaviour.viewerResponseEdgeFunction?.function,
      ])
      .flatMap((deployed) => (deployed === undefined ? [] : [deployed.name])),
    'the id of the runtime': agentRuntimeArn?.split('/').at(-1) ?? [],
    'the name of a secret': auth.secrets.map(({ arn }) => arn.split(':').at(-1) ?? arn),
    'the address of a service': endpoints.map((url) => new URL(url).host),
  });
  const closeChain = chain.close.bind(chain);
  const close = async (): Promise<void> => {
    await closeChain();
    stop();
  };
  // What a chain says of itself changes when it is told to take another assembly.
  return Object.defineProperties(chain, { close: { value: close }, [Symbol.asyncDispose]: { value: close } });
}

/** Starts a relay on Node's server whose viewers are watched. */
export async function startWatchedNodeHttpServer(options: NodeHttpServerOptions): Promise<NodeHttpServer> {
  return watchServer(await startNodeHttpServer(options));
}

/** Starts a relay from its environment on Node's server; its viewers are watched. */
export async function startWatchedServer(options: ServerOptions): Promise<NodeHttpServer> {
  return watchServer(await startServer(options));
}

/** Lets bodies hold these secrets until the end of the test: the agent, or a fixture in the relay's place, writes them. */
export function allowInBodies(...names: readonly string[]): void {
  detector.allowInBodies(...names);
}

function watchServer(server: NodeHttpServer): NodeHttpServer {
  const stop = watch(server.url);
  return {
    ...server,
    close: async (graceMs) => {
      await server.close(graceMs);
      stop();
    },
  };
}

function watch(url: string, secrets: Secrets = {}): () => void {
  watchCount += 1;
  return detector.watch(url, { ...sentinels, ...secrets });
}

function report(): void {
  const leaks = detector.take();
  if (leaks.length > 0) throw new Error(`a viewer saw what it must not see:\n${leaks.map(describe).join('\n')}`);
}

function describe({ what, form, part, request, excerpt }: Leak): string {
  return `- ${what} (${form}), in the ${part} of the answer to ${request}: ${JSON.stringify(excerpt)}`;
}
