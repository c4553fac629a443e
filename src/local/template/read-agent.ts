import { contractOf, serverProtocols } from '../container-contract.ts';
import type { ContainerContract } from '../container-contract.ts';
import { explainRestriction, maxAllowlistLength } from '../passable-headers.ts';
import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { CloudAssembly } from './cloud-assembly.ts';
import { agentCodeDirectory } from './code-directory.ts';
import type { AgentArtifact, DeployedAgent, Notice } from './deployment.ts';
import { asObject } from './json.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** AgentCore's defaults, in seconds ("Configure Amazon Bedrock AgentCore lifecycle settings"). */
const defaultIdleTimeout = 900;
const defaultMaxLifetime = 28_800;

/** Bounds of both, in seconds (AgentCore API, LifecycleConfiguration). */
const lifetimes = [60, 28_800] as const;

/**
 * Reads a runtime: what starts the agent, how it is spoken to, how long its sessions live, and its endpoints.
 *
 * @throws LocalChainError with a sentence that names the property, where AWS would refuse the runtime.
 */
export function readAgent(runtime: TemplateResource, templates: Templates, assembly: CloudAssembly): DeployedAgent {
  const lifecycle = runtime.get('LifecycleConfiguration');
  const maxLifetime = lifecycle.get('MaxLifetime').integer('AgentCore', ...lifetimes) ?? defaultMaxLifetime;
  const idleTimeout = lifecycle.get('IdleRuntimeSessionTimeout');
  const idleSeconds = idleTimeout.integer('AgentCore', ...lifetimes) ?? Math.min(defaultIdleTimeout, maxLifetime);
  if (idleSeconds > maxLifetime) {
    throw idleTimeout.fault(`is ${idleSeconds}; it must not be more than MaxLifetime, ${maxLifetime}`);
  }
  return {
    logicalId: runtime.logicalId,
    artifact: readArtifact(runtime, assembly),
    environment: runtime.get('EnvironmentVariables').record(),
    contract: readContract(runtime.get('ProtocolConfiguration')),
    qualifiers: ['DEFAULT', ...readEndpoints(runtime, templates)],
    headerAllowlist: readHeaderAllowlist(runtime),
    idleTimeoutMs: idleSeconds * 1000,
    maxLifetimeMs: maxLifetime * 1000,
  };
}

/** What runs here otherwise than on AWS. */
export function readAgentNotices(runtime: TemplateResource): readonly Notice[] {
  const language = runtime.get('AgentRuntimeArtifact').get('CodeConfiguration').get('Runtime');
  const name = language.optionalString() ?? '';
  return name.startsWith('PYTHON_')
    ? [language.notice(`is ${name}; the bundle is run with the python3 of this machine`)]
    : [];
}

/** A runtime that cannot be run here still says how another agent in its place is to be spoken to. */
function readArtifact(runtime: TemplateResource, assembly: CloudAssembly): AgentArtifact {
  const artifact = runtime.get('AgentRuntimeArtifact');
  const code = artifact.get('CodeConfiguration');
  if (code.isMissing) {
    const container = artifact.get('ContainerConfiguration');
    return refuse(container, 'is a container image, which the local chain does not run');
  }
  const language = code.get('Runtime').string();
  if (!/^(?:NODE|PYTHON)_/u.test(language)) {
    return refuse(code.get('Runtime'), `is "${language}"; the local chain runs bundles of NODE and PYTHON`);
  }
  try {
    return {
      kind: 'code',
      language: language.startsWith('NODE_') ? 'node' : 'python',
      runtime: language,
      codeDirectory: agentCodeDirectory(assembly, code.get('Code'), runtime),
      entryPoint: code.get('EntryPoint').strings(),
    };
  } catch (error) {
    if (error instanceof LocalChainError) {
      return { kind: 'refused', reason: error.message };
    }
    throw error;
  }
}

function refuse(property: Property, what: string): AgentArtifact {
  const { message } = property.fault(
    `${what}; use --agent for a command that starts the agent, or --agent-url for one that runs already`,
  );
  return { kind: 'refused', reason: message };
}

/** CloudFormation has the protocol's name; the API has an object with the port and the path, too. */
function readContract(configuration: Property): ContainerContract {
  const isObject = asObject(configuration.value()) !== undefined;
  const name = isObject ? configuration.get('ServerProtocol') : configuration;
  const text = name.optionalString() ?? 'HTTP';
  const protocol = serverProtocols.find((known) => known === text);
  if (protocol === undefined) {
    throw name.fault(`is "${text}"; it must be one of ${serverProtocols.join(', ')}`);
  }
  if (!isObject) {
    return contractOf(protocol);
  }
  const port = configuration.get('Port');
  return contractOf(protocol, {
    port: port.isMissing ? undefined : port.number(0),
    path: configuration.get('Path').optionalString(),
  });
}

function readEndpoints(runtime: TemplateResource, templates: Templates): readonly string[] {
  const id = attributeOf(runtime, 'AgentRuntimeId');
  return templates
    .all('AWS::BedrockAgentCore::RuntimeEndpoint')
    .filter((endpoint) => endpoint.get('AgentRuntimeId').optionalString() === id)
    .map((endpoint) => endpoint.get('Name').string());
}

function readHeaderAllowlist(runtime: TemplateResource): readonly string[] {
  const allowlist = runtime.get('RequestHeaderConfiguration').get('RequestHeaderAllowlist');
  const names = allowlist.strings().map((name) => name.toLowerCase());
  if (names.length > maxAllowlistLength) {
    throw allowlist.fault(`has ${names.length} names; AgentCore takes ${maxAllowlistLength}`);
  }
  if (new Set(names).size < names.length) {
    throw allowlist.fault('names a header twice, which AgentCore refuses');
  }
  for (const name of allowlist.list()) {
    const restriction = explainRestriction(name.string());
    if (restriction !== undefined) {
      throw name.fault(`is "${name.string()}", which ${restriction}`);
    }
    const hasAuthorizer = !runtime.get('AuthorizerConfiguration').get('CustomJWTAuthorizer').isMissing;
    if (name.string().toLowerCase() === 'authorization' && !hasAuthorizer) {
      throw name.fault('is "Authorization", which AgentCore takes only with a CustomJWTAuthorizer');
    }
  }
  return names;
}
