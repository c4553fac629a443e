import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findAgent } from './agent-hosting.ts';
import type { LocalAgent } from './agent-hosting.ts';
import { startAgentCore } from './agentcore/agentcore.ts';
import type { AgentCore, AgentCoreSettings, AgentHosting } from './agentcore/agentcore.ts';
import { createCloudFront } from './cloudfront/cloudfront.ts';
import { createViewerFunction } from './cloudfront/viewer-function.ts';
import type { ViewerFunction } from './cloudfront/viewer-function.ts';
import { createFunctionUrl } from './function-url/function-url.ts';
import { createLambdaFunction } from './lambda/lambda-function.ts';
import type { LambdaFunction } from './lambda/lambda-function.ts';
import { LocalChainError } from './local-chain-error.ts';
import type { LogLine, RecordHop, RequestLine } from './request-line.ts';
import type { DeployedFunction, DeployedViewerFunction, Deployment } from './template/deployment.ts';
import { readDeployment } from './template/read-deployment.ts';

/** What is run, and where. */
export interface LocalChainOptions {
  /** Folder of the cloud assembly, as `cdk synth` leaves it. */
  readonly assemblyDirectory: string;
  /** Port on 127.0.0.1; 0 takes a free one. Default 8787. */
  readonly port?: number | undefined;
  /** Which agent answers. Default: the one that the template deploys. */
  readonly agent?: LocalAgent | undefined;
  /** Account where the template leaves it open: 12 digits. Default `000000000000`. */
  readonly accountId?: string | undefined;
  /** Region where the template leaves it open. Default `us-east-1`. */
  readonly region?: string | undefined;
  /** Set in the agent's environment over the template's; undefined takes a variable away. */
  readonly agentEnvironment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Set in the relay's environment over the template's. */
  readonly relayEnvironment?: Readonly<Record<string, string>> | undefined;
  /** Called once per request, when its response is over. */
  readonly onRequest?: ((line: RequestLine) => void) | undefined;
  /** Called once per line that a function, the agent or CloudFront writes. */
  readonly onLog?: ((line: LogLine) => void) | undefined;
  /** The time in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** A running chain. */
export interface LocalChain extends AsyncDisposable {
  /** Where CloudFront listens, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What the template deploys, as it was read. */
  readonly deployment: Deployment;
  /** Where the agent runs. */
  readonly agent: AgentHosting;
  /** Base URL of the local AgentCore. */
  readonly agentCoreEndpoint: string;
  /** Ends every server and every process. Idempotent. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** What the relay signs with here. Any AWS SDK takes them for credentials; they open nothing. */
const relayCredentials = {
  accessKeyId: 'ASIALOCALRELAY000000',
  secretAccessKey: 'local-relay-secret-access-key',
  sessionToken: 'local-relay-session-token',
};

/**
 * Starts what a cloud assembly deploys, on this machine: CloudFront with its functions, the Function URL, the relay's
 * bundle, AgentCore and the agent.
 *
 * @throws LocalChainError with a sentence where something is missing, taken or not reachable; nothing is left running.
 */
export async function startLocalChain(options: LocalChainOptions): Promise<LocalChain> {
  const { assemblyDirectory, port = 8787, agent = { kind: 'template' }, now = Date.now } = options;
  const { accountId = '000000000000', region = 'us-east-1' } = options;
  const deployment = readDeployment(assemblyDirectory, { accountId, region });
  const hosting = await findAgent(agent, deployment, options.agentEnvironment ?? {});
  const chain: Chain = {
    deployment,
    hosting,
    traces: new Map(),
    onRequest: options.onRequest ?? (() => undefined),
    onLog: options.onLog ?? (() => undefined),
    now,
  };
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closePart of closers.splice(0).toReversed()) {
      await closePart();
    }
  };
  try {
    const agentCore = await startAgentCore(agentCoreSettings(chain));
    closers.push(() => agentCore.close());
    const functions = createFunctions(chain, { ...relayEnvironment(chain, agentCore), ...options.relayEnvironment });
    closers.push(() => functions.close());
    const viewerFunctions = createViewerFunctions(deployment);
    closers.push(() => viewerFunctions.close());
    const server = await listen(createListener(chain, functions, viewerFunctions), port);
    closers.push(() => closeServer(server));
    return {
      url: `http://${host}:${(server.address() as AddressInfo).port}`,
      deployment,
      agent: hosting,
      agentCoreEndpoint: agentCore.endpoint,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the parts of one chain share. */
interface Chain {
  readonly deployment: Deployment;
  readonly hosting: AgentHosting;
  /** Requests under way by the trace that their function was invoked in. */
  readonly traces: Map<string, RecordHop>;
  readonly onRequest: (line: RequestLine) => void;
  readonly onLog: (line: LogLine) => void;
  readonly now: () => number;
}

function agentCoreSettings({ deployment, hosting, traces, onLog, now }: Chain): AgentCoreSettings {
  const { agentRuntimeArn, agentRegion, agent } = deployment;
  const isDeployed = hosting.kind === 'deployed';
  return {
    agentRuntimeArn: isDeployed ? hosting.agentRuntimeArn : agentRuntimeArn,
    region: isDeployed ? hosting.region : agentRegion,
    hosting,
    secretAccessKeyOf: (id) => (id === relayCredentials.accessKeyId ? relayCredentials.secretAccessKey : undefined),
    onInvocation: ({ traceId, firstByteMs, coldStartMs }) => {
      traces.get(rootOf(traceId))?.({ agentMs: firstByteMs, agentInitMs: coldStartMs });
    },
    onLog: ({ text }) => onLog({ source: agent?.logicalId ?? 'agent', text }),
    now,
  };
}

/** What Lambda's own environment gives on AWS (a role's credentials), and where AgentCore is here. */
function relayEnvironment({ hosting }: Chain, agentCore: AgentCore): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.endpoint,
    AWS_ACCESS_KEY_ID: relayCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: relayCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: relayCredentials.sessionToken,
    ...(hosting.kind === 'deployed' && {
      AGENT_RUNTIME_ARN: hosting.agentRuntimeArn,
      AGENT_RUNTIME_REGION: hosting.region,
    }),
  };
}

interface Functions {
  of(deployed: DeployedFunction): LambdaFunction;
  close(): Promise<void>;
}

interface ViewerFunctions {
  of(deployed: DeployedViewerFunction): ViewerFunction;
  close(): Promise<void>;
}

/** One Lambda function per ARN. Those behind an origin get the environment; Lambda@Edge has none. */
function createFunctions({ deployment, onLog }: Chain, environment: Readonly<Record<string, string>>): Functions {
  const { behaviours } = deployment.distribution;
  const originArns = new Set(behaviours.map(({ origin }) => origin.functionUrl.function.arn));
  const created = new Map<string, LambdaFunction>();
  return {
    of: ({ logicalId, arn, ...settings }) => {
      const lambda =
        created.get(arn) ??
        createLambdaFunction({
          ...settings,
          environment: { ...settings.environment, ...(originArns.has(arn) && environment) },
          onLog: ({ text }) => onLog({ source: logicalId, text }),
        });
      created.set(arn, lambda);
      return lambda;
    },
    close: async () => {
      await Promise.all([...created.values()].map((lambda) => lambda.close()));
    },
  };
}

/** Compiles all CloudFront Functions, so that one that cannot be is said at the start. */
function createViewerFunctions({ distribution }: Deployment): ViewerFunctions {
  const created = new Map<string, ViewerFunction>();
  const of = ({ name, code }: DeployedViewerFunction): ViewerFunction => {
    const viewerFunction = created.get(name) ?? createViewerFunction(name, code);
    created.set(name, viewerFunction);
    return viewerFunction;
  };
  for (const { viewerFunction } of distribution.behaviours) {
    if (viewerFunction !== undefined) {
      of(viewerFunction);
    }
  }
  return {
    of,
    close: async () => {
      await Promise.all([...created.values()].map((viewerFunction) => viewerFunction.close()));
    },
  };
}

function createListener(
  { deployment, traces, onRequest, onLog, now }: Chain,
  functions: Functions,
  viewerFunctions: ViewerFunctions,
): RequestListener {
  return createCloudFront({
    distribution: deployment.distribution,
    viewerFunctionOf: (deployed) => viewerFunctions.of(deployed),
    edgeFunctionOf: (deployed) => functions.of(deployed),
    originOf: ({ functionUrl }) =>
      createFunctionUrl({
        functionUrl,
        lambda: functions.of(functionUrl.function),
        onTrace: (traceRoot, record) => traces.set(traceRoot, record),
        onLog,
        now,
      }),
    onRequest: (line) => {
      traces.delete(line.hops.traceRoot ?? '');
      onRequest(line);
    },
    onLog,
    now,
  });
}

async function listen(listener: RequestListener, port: number): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Node's own bound is below CloudFront's 32,768 bytes; what lies between the two is for CloudFront to refuse.
  const server = createServer({ maxHeaderSize: 65_536 }, listener);
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    throw new LocalChainError(describeListenError(error, port), { cause: error });
  }
  return server;
}

function describeListenError(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken; choose another one with --port, or end what listens there`;
    case 'EACCES':
      return `port ${port} of ${host} is not for this user to take; choose one above 1023 with --port`;
    default:
      return `port ${port} of ${host} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

/** `Root=1-…` of an `X-Amzn-Trace-Id`, which names one request over all hops. */
function rootOf(traceId: string): string {
  return /Root=[0-9a-f-]+/u.exec(traceId)?.[0] ?? '';
}
