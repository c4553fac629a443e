import { agentRuntimeArnPattern } from '../../settings.ts';
import type { Environment } from '../../settings.ts';
import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { DeployedAgent, DeployedDistribution, DeployedFunction, Deployment } from './deployment.ts';
import { describeNativeModules, findNativeModules } from './native-modules.ts';
import { createNotices } from './notices.ts';
import { readAgent, readAgentNotices } from './read-agent.ts';
import { readAuth } from './read-auth.ts';
import { readDistribution } from './read-distribution.ts';
import { readResourcePolicies } from './read-resource-policies.ts';
import { readRoleNotices } from './read-role.ts';
import type { Reading } from './reading.ts';
import { readAssembly } from './template-file.ts';
import { openTemplates } from './templates.ts';
import type { TemplateEnvironment } from './templates.ts';

/**
 * Reads what a request meets on its way: the distribution, its functions, the agent.
 *
 * @param location the folder of a cloud assembly, or a CloudFormation template
 * @throws LocalChainError with a sentence that names the resource and the property that AWS would refuse, or that cannot be run.
 */
export async function readDeployment(location: string, environment: TemplateEnvironment): Promise<Deployment> {
  const assembly = await readAssembly(location);
  const templates = openTemplates(assembly, environment);
  const reading: Reading = { templates, assembly, notices: createNotices(templates) };
  const distribution = readDistribution(reading);
  const environments = distribution.behaviours.flatMap(({ origin }) =>
    origin.functionUrl === undefined ? [] : [origin.functionUrl.function.environment],
  );
  const { agentRuntimeArn, agentRuntimeVariables } = findAgentRuntime(environments);
  const auth = readAuth(environments, templates);
  const secretArns = auth.secrets.map(({ arn }) => arn);
  inspectByAttribute(reading, 'AWS::IAM::Role', 'Arn', rolesOf(distribution));
  inspectByAttribute(reading, 'AWS::SecretsManager::Secret', 'Ref', secretArns);
  return {
    distribution,
    auth,
    agentRuntimeArn,
    agentRegion: agentRuntimeArn?.split(':')[3],
    agentRuntimeVariables,
    resourcePolicies: readResourcePolicies(templates, agentRuntimeArn, secretArns),
    agent: findAgent(agentRuntimeArn, reading),
    notices: [...reading.notices.all(), ...readRoleNotices(distribution, templates)],
  };
}

/** Reads the agent that the functions invoke. Where they name none, one that is deployed all the same is said not to run. */
function findAgent(agentRuntimeArn: string | undefined, reading: Reading): DeployedAgent | undefined {
  const { templates, assembly, notices } = reading;
  if (agentRuntimeArn === undefined) {
    for (const runtime of templates.all('AWS::BedrockAgentCore::Runtime')) {
      const text = 'is in no environment variable of a function behind the distribution: no agent is run here';
      notices.add(runtime.get('AgentRuntimeArn').notice(text));
    }
    return undefined;
  }
  const runtime = templates.findBy('AWS::BedrockAgentCore::Runtime', 'AgentRuntimeArn', agentRuntimeArn);
  if (runtime === undefined) {
    return undefined;
  }
  notices.inspect(runtime);
  const runtimeId = attributeOf(runtime, 'AgentRuntimeId');
  for (const endpoint of templates.all('AWS::BedrockAgentCore::RuntimeEndpoint')) {
    if (endpoint.get('AgentRuntimeId').optionalString() === runtimeId) {
      notices.inspect(endpoint);
    }
  }
  notices.add(...readAgentNotices(runtime));
  const agent = readAgent(runtime, templates, assembly);
  const modules = agent.artifact.kind === 'code' ? findNativeModules(agent.artifact.codeDirectory) : [];
  for (const text of describeNativeModules(modules, 'arm64', process)) {
    notices.add(runtime.get('AgentRuntimeArtifact').notice(text));
  }
  return agent;
}

function rolesOf({ behaviours }: DeployedDistribution): readonly string[] {
  const functions = behaviours.flatMap((behaviour): readonly (DeployedFunction | undefined)[] => [
    behaviour.origin.functionUrl?.function,
    behaviour.viewerRequestEdgeFunction?.function,
    behaviour.originRequestFunction?.function,
    behaviour.originResponseFunction?.function,
    behaviour.viewerResponseEdgeFunction?.function,
  ]);
  return functions.flatMap((deployed) => (deployed === undefined ? [] : [deployed.role.arn]));
}

function inspectByAttribute(reading: Reading, type: string, attribute: string, values: readonly string[]): void {
  for (const value of values) {
    const resource = reading.templates.findBy(type, attribute, value);
    if (resource !== undefined) {
      reading.notices.inspect(resource);
    }
  }
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
