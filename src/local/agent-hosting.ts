import { spawnSync } from 'node:child_process';
import { agentRuntimeArnPattern, environmentNames } from '../settings.ts';
import { defaultLifecycle } from './agentcore/agentcore-settings.ts';
import type { AgentHosting, SessionLifecycle } from './agentcore/agentcore-settings.ts';
import { findAwsCredentials } from './aws-credentials.ts';
import { contractOf, serverProtocols } from './container-contract.ts';
import type { ContainerContract, ServerProtocol } from './container-contract.ts';
import { LocalChainError } from './local-chain-error.ts';
import type { Deployment } from './template/deployment.ts';

/** Which agent answers. */
export type LocalAgent =
  /** The bundle that the template deploys. */
  | { readonly kind: 'template' }
  /** One that already runs, in any language: `POST <url>/invocations`. */
  | { readonly kind: 'url'; readonly url: string }
  /** A command that serves AgentCore's contract, in any language: one process per session. */
  | {
      readonly kind: 'command';
      /** As typed into a shell, such as `python main.py`. `{port}` in it stands for the port, which is in `PORT` too. */
      readonly command: string;
      /** Default: this process's own. */
      readonly workingDirectory?: string | undefined;
    }
  /** One on AWS, called with the developer's own credentials. */
  | {
      readonly kind: 'deployed';
      readonly agentRuntimeArn: string;
      /** Profile of the AWS configuration. Default: the AWS SDK's own. */
      readonly profile?: string | undefined;
      /** Region that is called. Default: the ARN's. */
      readonly region?: string | undefined;
    };

/** Longest wait for an agent at a URL to answer its first `GET /ping`, in milliseconds. */
const reachTimeoutMs = 3000;

/**
 * Decides where the agent runs and checks that it can be reached; undefined where the functions invoke none.
 *
 * @throws LocalChainError with a sentence where it cannot, or where there is none that another could stand for.
 */
export async function findAgent(
  agent: LocalAgent,
  deployment: Deployment,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<AgentHosting | undefined> {
  if (deployment.agentRuntimeArn === undefined) {
    if (agent.kind !== 'template') {
      throw new LocalChainError(
        'there is no agent that another could stand for: no function behind the distribution has an environment variable with the ARN of an AgentCore runtime',
      );
    }
    return undefined;
  }
  const lifecycle = lifecycleOf(deployment);
  switch (agent.kind) {
    case 'template':
      return bundleOf(deployment, environment);
    case 'url':
      await reach(agent.url);
      return { ...lifecycle, kind: 'url', url: agent.url };
    case 'command':
      return {
        ...lifecycle,
        kind: 'command',
        command: agent.command,
        workingDirectory: agent.workingDirectory ?? process.cwd(),
        // It is the developer's own: it sees what they see.
        environment: onlySet({
          AWS_REGION: deployment.agentRegion,
          AWS_DEFAULT_REGION: deployment.agentRegion,
          ...process.env,
          ...deployment.agent?.environment,
          ...environment,
        }),
      };
    case 'deployed': {
      const { agentRuntimeArn, profile } = agent;
      const region = agent.region ?? regionOf(agentRuntimeArn);
      return { kind: 'deployed', agentRuntimeArn, region, credentials: await findAwsCredentials(region, profile) };
    }
    default:
      return agent satisfies never;
  }
}

/**
 * Says how the agent is spoken to.
 *
 * @param protocol what the developer says; it goes before the template, and that before what its functions are told
 */
export function findContract(
  { agent, distribution }: Deployment,
  protocol: ServerProtocol | undefined,
): ContainerContract {
  if (agent !== undefined && (protocol === undefined || protocol === agent.contract.protocol)) {
    return agent.contract;
  }
  const told = distribution.behaviours.map(
    ({ origin }) => origin.functionUrl?.function.environment[environmentNames.agentRuntimeProtocol],
  );
  return contractOf(protocol ?? serverProtocols.find((known) => told.includes(known)) ?? 'HTTP');
}

/**
 * Reads the region from a runtime's ARN.
 *
 * @throws LocalChainError where it is no such ARN.
 */
export function regionOf(agentRuntimeArn: string): string {
  const region = agentRuntimeArnPattern.exec(agentRuntimeArn)?.[2];
  if (region === undefined) {
    throw new LocalChainError(
      `"${agentRuntimeArn}" is not the ARN of an AgentCore Runtime: arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`,
    );
  }
  return region;
}

function bundleOf(deployment: Deployment, environment: Readonly<Record<string, string | undefined>>): AgentHosting {
  const { agent, agentRuntimeArn } = deployment;
  if (agent === undefined) {
    throw new LocalChainError(
      `the template deploys no agent: its relay invokes ${agentRuntimeArn}; use --agent-arn to call that one with your own credentials, --agent for a command that starts one, or --agent-url for one that runs here`,
    );
  }
  const { artifact } = agent;
  if (artifact.kind === 'refused') {
    throw new LocalChainError(artifact.reason);
  }
  const { language, runtime, codeDirectory, entryPoint } = artifact;
  if (language === 'python' && spawnSync('python3', ['--version']).status !== 0) {
    throw new LocalChainError(
      `the agent of the template is a bundle for ${runtime}, and there is no python3 on the path; install Python, or use --agent for another command`,
    );
  }
  return {
    ...lifecycleOf(deployment),
    kind: 'bundle',
    language,
    codeDirectory,
    entryPoint,
    environment: onlySet({ ...agent.environment, ...environment }),
  };
}

function lifecycleOf({ agent }: Deployment): SessionLifecycle {
  const { idleTimeoutMs, maxLifetimeMs } = agent ?? defaultLifecycle;
  return { idleTimeoutMs, maxLifetimeMs };
}

function onlySet(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function reach(url: string): Promise<void> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new LocalChainError(`the agent's URL is "${url}"; it must be one like http://localhost:8080`);
  }
  try {
    const ping = new URL(`${parsed.pathname.replace(/\/$/u, '')}/ping`, parsed);
    await fetch(ping, { signal: AbortSignal.timeout(reachTimeoutMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new LocalChainError(`no agent answers at ${url}: ${reason}`, { cause: error });
  }
}
