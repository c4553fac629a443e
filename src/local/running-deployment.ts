import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { environmentNames } from '../settings.ts';
import { findAgent, findContract } from './agent-hosting.ts';
import { startAgentCore } from './agentcore/agentcore.ts';
import type { AgentCoreSettings, AgentHosting } from './agentcore/agentcore-settings.ts';
import { createCloudFront } from './cloudfront/cloudfront.ts';
import { createViewerFunction } from './cloudfront/viewer-function.ts';
import type { ViewerFunction } from './cloudfront/viewer-function.ts';
import type { ServerProtocol } from './container-contract.ts';
import type { FaultPlan } from './faults/fault-plan.ts';
import { createFunctionUrl } from './function-url/function-url.ts';
import { openRoleSessions } from './iam/role-sessions.ts';
import type { RoleCredentials, RoleSessions } from './iam/role-sessions.ts';
import type { ServiceCaller } from './iam/service-caller.ts';
import { createLambdaFunction } from './lambda/lambda-function.ts';
import type { LambdaFunction } from './lambda/lambda-function.ts';
import type { LocalChainOptions } from './local-chain-options.ts';
import type { LogLine, RequestLine } from './request-line.ts';
import type { RequestScope } from './request-scope.ts';
import { findSecrets } from './secret-values.ts';
import type { HostedSecret } from './secret-values.ts';
import { startSecretsManager } from './secrets-manager/secrets-manager.ts';
import type { SecretsManagerSettings } from './secrets-manager/secrets-manager.ts';
import type { DeployedFunction, DeployedViewerFunction, Deployment } from './template/deployment.ts';
import { readDeployment } from './template/read-deployment.ts';

/** What runs of one assembly, all but the port that viewers know. */
export interface RunningDeployment {
  /** What the template deploys, as it was read. */
  readonly deployment: Deployment;
  /** Where the agent runs; undefined where the functions invoke none. */
  readonly agent: AgentHosting | undefined;
  /** Base URL of the local AgentCore; undefined where the functions invoke no agent. */
  readonly agentCoreEndpoint: string | undefined;
  /** The secrets that say who may call. */
  readonly secrets: readonly HostedSecret[];
  /** Base URL of the local Secrets Manager; undefined where there is no secret. */
  readonly secretsManagerEndpoint: string | undefined;
  /**
   * What the functions sign with, by their logical ids: credentials of their roles for the local AgentCore and Secrets Manager,
   * which open nothing else.
   */
  readonly roleCredentials: Readonly<Record<string, RoleCredentials>>;
  /** Answers viewers, as CloudFront does. */
  readonly serve: RequestListener;
  /** Ends every server and every process. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts what an assembly deploys. Nothing of the options that is about the port or about another assembly counts here.
 *
 * @throws LocalChainError with a sentence where something is missing or not reachable; nothing is left running.
 */
export async function startDeployment(
  assembly: string,
  options: Omit<LocalChainOptions, 'assembly' | 'port' | 'faults' | 'faultSeed' | 'onRetired'>,
  faultPlan: FaultPlan,
): Promise<RunningDeployment> {
  const { agent = { kind: 'template' }, accountId = '000000000000', region = 'us-east-1', now = Date.now } = options;
  const deployment = await readDeployment(assembly, { accountId, region, parameters: options.parameters });
  const secrets = findSecrets(deployment.auth, options);
  const found = await findAgent(agent, deployment, options.agentEnvironment ?? {});
  const hosting = found === undefined || found.kind === 'deployed' ? found : { ...found, ...options.agentLifecycle };
  const chain: Chain = {
    deployment,
    secrets,
    hosting,
    sessions: openSessions(deployment, options.onLog, now),
    agentProtocol: options.agentProtocol,
    scopes: new Map(),
    faultPlan,
    isTraced: options.trace ?? false,
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
    const agentCore = hosting === undefined ? undefined : await startAgentCore(agentCoreSettings(chain, hosting));
    closers.push(async () => agentCore?.close());
    const secretsManager = secrets.length === 0 ? undefined : await startSecretsManager(secretsManagerSettings(chain));
    closers.push(async () => secretsManager?.close());
    const functions = createFunctions(chain, {
      ...relayEnvironment(chain, agentCore?.endpoint, secretsManager?.endpoint),
      ...options.relayEnvironment,
    });
    closers.push(() => functions.close());
    const viewerFunctions = createViewerFunctions(deployment);
    closers.push(() => viewerFunctions.close());
    return {
      deployment,
      agent: hosting,
      agentCoreEndpoint: agentCore?.endpoint,
      secrets,
      secretsManagerEndpoint: secretsManager?.endpoint,
      roleCredentials: Object.fromEntries(
        functionsOf(deployment).map((deployed) => [deployed.logicalId, chain.sessions.credentialsOf(deployed)]),
      ),
      serve: createListener(chain, functions, viewerFunctions),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the parts of one chain share. */
interface Chain {
  readonly deployment: Deployment;
  readonly secrets: readonly HostedSecret[];
  readonly hosting: AgentHosting | undefined;
  readonly sessions: RoleSessions;
  /** What the agent speaks, where it is not what the template says. */
  readonly agentProtocol: ServerProtocol | undefined;
  /** Requests under way by the trace that their function was invoked in. */
  readonly scopes: Map<string, RequestScope>;
  readonly faultPlan: FaultPlan;
  readonly isTraced: boolean;
  readonly onRequest: (line: RequestLine) => void;
  readonly onLog: (line: LogLine) => void;
  readonly now: () => number;
}

function agentCoreSettings(chain: Chain, hosting: AgentHosting): AgentCoreSettings {
  const { deployment, agentProtocol, scopes, onLog, now } = chain;
  const { agentRuntimeArn = '', agentRegion = '', agent } = deployment;
  const isDeployed = hosting.kind === 'deployed';
  return {
    agentRuntimeArn: isDeployed ? hosting.agentRuntimeArn : agentRuntimeArn,
    region: isDeployed ? hosting.region : agentRegion,
    hosting,
    contract: findContract(deployment, agentProtocol),
    qualifiers: isDeployed ? undefined : agent?.qualifiers,
    headerAllowlist: agent?.headerAllowlist,
    callerOf: (accessKeyId) => callerOfAgent(chain, hosting, accessKeyId),
    scopeOf: (traceId) => scopes.get(rootOf(traceId)),
    onInvocation: ({ traceId, firstByteMs, coldStartMs }) => {
      scopes.get(rootOf(traceId))?.record({ agentMs: firstByteMs, agentInitMs: coldStartMs });
    },
    onLog: ({ text }) => onLog({ source: agent?.logicalId ?? 'agent', text }),
    onNote: (text) => onLog({ source: 'AgentCore', text }),
    now,
  };
}

/**
 * A runtime on AWS that stands for the template's own is none that the template permits anything to: AWS decides there whether the
 * developer may invoke it. Where it is the very runtime that the template names, the role is asked first.
 */
function callerOfAgent(
  { deployment, sessions }: Chain,
  hosting: AgentHosting,
  accessKeyId: string,
): ServiceCaller | undefined {
  const caller = sessions.callerOf(accessKeyId);
  return caller !== undefined && hosting.kind === 'deployed' && hosting.agentRuntimeArn !== deployment.agentRuntimeArn
    ? { ...caller, authorize: () => undefined }
    : caller;
}

function secretsManagerSettings({ secrets, sessions, onLog, now }: Chain): SecretsManagerSettings {
  return {
    secrets,
    callerOf: (accessKeyId) => sessions.callerOf(accessKeyId),
    onFault: (text) => onLog({ source: 'Secrets Manager', text }),
    now,
  };
}

/** A session of its role for each function. */
function openSessions(deployment: Deployment, onLog: LocalChainOptions['onLog'], now: () => number): RoleSessions {
  return openRoleSessions({
    functions: functionsOf(deployment),
    resourcePolicies: deployment.resourcePolicies,
    onNote: ({ logicalId }, text) => onLog?.({ source: logicalId, text }),
    randomBytes,
    now,
  });
}

/** Every function that the behaviours name, those at the edge first; one that several name is there several times. */
function functionsOf({ distribution: { behaviours } }: Deployment): readonly DeployedFunction[] {
  const atEdge = behaviours
    .flatMap((behaviour) => [
      behaviour.viewerRequestEdgeFunction,
      behaviour.originRequestFunction,
      behaviour.originResponseFunction,
      behaviour.viewerResponseEdgeFunction,
    ])
    .flatMap((deployed) => (deployed === undefined ? [] : [deployed.function]));
  return [...atEdge, ...behaviours.flatMap(({ origin }) => origin.functionUrl?.function ?? [])];
}

/** Where AWS's services are here. */
function relayEnvironment(
  { deployment, hosting, agentProtocol }: Chain,
  agentCoreEndpoint: string | undefined,
  secretsManagerEndpoint: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(agentCoreEndpoint !== undefined && { AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCoreEndpoint }),
    ...(secretsManagerEndpoint !== undefined && { AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManagerEndpoint }),
    ...(agentProtocol !== undefined && { [environmentNames.agentRuntimeProtocol]: agentProtocol }),
    ...(hosting?.kind === 'deployed' && {
      ...Object.fromEntries(deployment.agentRuntimeVariables.map((name) => [name, hosting.agentRuntimeArn])),
      [environmentNames.agentRuntimeRegion]: hosting.region,
    }),
  };
}

/** Everything of one kind that the behaviours name, made before the first request and ended together. */
interface Made<Deployed, Running> {
  of(deployed: Deployed): Running;
  close(): Promise<void>;
}

/** One Lambda function per ARN. All get credentials of their roles; those behind an origin the environment, too. */
function createFunctions(
  { deployment, sessions, onLog }: Chain,
  environment: Readonly<Record<string, string>>,
): Made<DeployedFunction, LambdaFunction> {
  const create = (deployed: DeployedFunction, own: Readonly<Record<string, string>>): LambdaFunction => {
    const { logicalId, arn: _arn, ...settings } = deployed;
    const onLine = ({ text }: { readonly text: string }): void => onLog({ source: logicalId, text });
    return createLambdaFunction({ ...settings, environment: { ...settings.environment, ...own }, onLog: onLine });
  };
  const atOrigins = deployment.distribution.behaviours.flatMap(({ origin }) => origin.functionUrl?.function ?? []);
  return makeAll(
    functionsOf(deployment),
    ({ arn }) => arn,
    (deployed) => {
      const { accessKeyId, secretAccessKey, sessionToken } = sessions.credentialsOf(deployed);
      return create(deployed, {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
        ...(atOrigins.some(({ arn }) => arn === deployed.arn) ? environment : {}),
      });
    },
  );
}

/** Compiles the CloudFront Functions, so that one that cannot be is said at the start. */
function createViewerFunctions({ distribution }: Deployment): Made<DeployedViewerFunction, ViewerFunction> {
  return makeAll(
    distribution.behaviours
      .flatMap(({ viewerFunction, viewerResponseFunction }) => [viewerFunction, viewerResponseFunction])
      .filter((deployed) => deployed !== undefined),
    ({ name }) => name,
    ({ name, code }) => createViewerFunction(name, code),
  );
}

function makeAll<Deployed, Running extends { close(): Promise<void> }>(
  all: readonly Deployed[],
  keyOf: (deployed: Deployed) => string,
  make: (deployed: Deployed) => Running,
): Made<Deployed, Running> {
  const made = new Map(
    [...new Map(all.map((deployed) => [keyOf(deployed), deployed]))].map(([key, deployed]) => [key, make(deployed)]),
  );
  return {
    of: (deployed) => {
      const running = made.get(keyOf(deployed));
      if (running === undefined) {
        throw new TypeError(`"${keyOf(deployed)}" belongs to no behaviour of the distribution`);
      }
      return running;
    },
    close: async () => {
      await Promise.all([...made.values()].map((running) => running.close()));
    },
  };
}

function createListener(
  { deployment, scopes, faultPlan, isTraced, onRequest, onLog, now }: Chain,
  functions: Made<DeployedFunction, LambdaFunction>,
  viewerFunctions: Made<DeployedViewerFunction, ViewerFunction>,
): RequestListener {
  const roots = new WeakMap<RequestScope, string>();
  return createCloudFront({
    distribution: deployment.distribution,
    viewerFunctionOf: (deployed) => viewerFunctions.of(deployed),
    edgeFunctionOf: (deployed) => functions.of(deployed),
    originOf: ({ functionUrl, domainName }) => {
      if (functionUrl === undefined) {
        throw new TypeError(`the origin ${domainName} is no Function URL`);
      }
      return createFunctionUrl({
        functionUrl,
        lambda: functions.of(functionUrl.function),
        onTrace: (traceRoot, scope) => {
          // A GET that is tried again has another trace; only the last one is known when the request is over.
          scopes.delete(roots.get(scope) ?? '');
          roots.set(scope, traceRoot);
          scopes.set(traceRoot, scope);
        },
        onLog,
        now,
      });
    },
    onRequest: (line) => {
      scopes.delete(line.hops.traceRoot ?? '');
      onRequest(line);
    },
    onLog,
    faultsOf: (header) => faultPlan.next(header),
    isTraced,
    now,
  });
}

/** `Root=1-…` of an `X-Amzn-Trace-Id`, which names one request over all hops. */
function rootOf(traceId: string): string {
  return /Root=[0-9a-f-]+/u.exec(traceId)?.[0] ?? '';
}
