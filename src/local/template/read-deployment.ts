import { agentRuntimeArnPattern } from '../../settings.ts';
import type { Environment } from '../../settings.ts';
import { LocalChainError } from '../local-chain-error.ts';
import { readCloudAssembly } from './cloud-assembly.ts';
import type { Deployment } from './deployment.ts';
import { readAgent, readAgentNotices } from './read-agent.ts';
import { readAuth } from './read-auth.ts';
import { readDistribution } from './read-distribution.ts';
import { readResourcePolicies } from './read-resource-policies.ts';
import { readRoleNotices } from './read-role.ts';
import { openTemplates } from './templates.ts';
import type { TemplateEnvironment } from './templates.ts';

/**
 * Reads from a cloud assembly what a request meets on its way: the distribution, its functions, the agent.
 *
 * @throws LocalChainError with a sentence that names the resource and the property that is missing or not emulated.
 */
export function readDeployment(assemblyDirectory: string, environment: TemplateEnvironment): Deployment {
  const assembly = readCloudAssembly(assemblyDirectory);
  const templates = openTemplates(assembly, environment);
  const distribution = readDistribution(templates, assembly);
  const environments = distribution.behaviours.flatMap(({ origin }) =>
    origin.functionUrl === undefined ? [] : [origin.functionUrl.function.environment],
  );
  const { agentRuntimeArn, agentRuntimeVariables } = findAgentRuntime(environments);
  const runtime =
    agentRuntimeArn === undefined
      ? undefined
      : templates.findBy('AWS::BedrockAgentCore::Runtime', 'AgentRuntimeArn', agentRuntimeArn);
  const auth = readAuth(environments, templates);
  return {
    distribution,
    auth,
    agentRuntimeArn,
    agentRegion: agentRuntimeArn?.split(':')[3],
    agentRuntimeVariables,
    resourcePolicies: readResourcePolicies(
      templates,
      agentRuntimeArn,
      auth.secrets.map(({ arn }) => arn),
    ),
    agent: runtime === undefined ? undefined : readAgent(runtime, templates, assembly),
    notices: [...(runtime === undefined ? [] : readAgentNotices(runtime)), ...readRoleNotices(distribution, templates)],
  };
}

/** Finds the runtime by its ARN, under whatever name the functions have it in their environments. */
function findAgentRuntime(
  environments: readonly Environment[],
): Pick<Deployment, 'agentRuntimeArn' | 'agentRuntimeVariables'> {
  const arns = new Set<string>();
  const names = new Set<string>();
  for (const [name, value = ''] of environments.flatMap((environment) => Object.entries(environment))) {
    if (agentRuntimeArnPattern.test(value)) {
      arns.add(value);
      names.add(name);
    }
  }
  if (arns.size > 1) {
    throw new LocalChainError(
      `the local chain runs one agent, and the functions name ${arns.size}: ${[...arns].join(', ')}`,
    );
  }
  return { agentRuntimeArn: [...arns][0], agentRuntimeVariables: [...names] };
}
