import { attributeOf, unqualified } from './attributes.ts';
import { functionCodeDirectory } from './code-directory.ts';
import type { DeployedFunction, DeployedRole } from './deployment.ts';
import { describeNativeModules, findNativeModules } from './native-modules.ts';
import { mayAssume, readRole } from './read-role.ts';
import type { Reading } from './reading.ts';
import type { Property, StackScope, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** Bounds of a function (Lambda quotas): its timeout in seconds, its memory and its /tmp in MB, its variables in bytes. */
const maxTimeout = 900;
const memorySizes = [128, 10_240] as const;
const ephemeralStorageSizes = [512, 10_240] as const;
const maxEnvironmentBytes = 4096;

const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;

/** Variables that Lambda sets itself (Lambda, Defined runtime environment variables). */
const reservedVariables = [
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
];

/**
 * Finds a function by a property with its ARN or its name, qualified or not.
 *
 * @throws LocalChainError where no stack deploys it
 */
export function findFunction(property: Property, stack: StackScope, { templates }: Reading): TemplateResource {
  const arn = unqualified(property.string(), stack);
  const resource = templates.findBy('AWS::Lambda::Function', 'Arn', arn);
  if (resource === undefined) {
    throw property.fault(`is the function ${arn}, which no stack deploys`);
  }
  return resource;
}

/**
 * Reads a function.
 *
 * @throws LocalChainError where Lambda would not take it, or the local chain cannot run it
 */
export function readFunction(lambda: TemplateResource, { templates, assembly, notices }: Reading): DeployedFunction {
  notices.inspect(lambda);
  lambda
    .get('EphemeralStorage')
    .get('Size')
    .integer('Lambda', ...ephemeralStorageSizes);
  const codeDirectory = functionCodeDirectory(assembly, lambda);
  const architecture = lambda.get('Architectures').list()[0]?.oneOf(['arm64', 'x86_64']) ?? 'x86_64';
  for (const text of describeNativeModules(findNativeModules(codeDirectory), architecture, process)) {
    notices.add(lambda.get('Code').notice(text));
  }
  return {
    logicalId: lambda.logicalId,
    name: attributeOf(lambda, 'Ref') ?? lambda.logicalId,
    arn: attributeOf(lambda, 'Arn') ?? '',
    codeDirectory,
    handler: lambda.get('Handler').string(),
    runtime: readRuntime(lambda.get('Runtime'), notices.add),
    environment: readEnvironment(lambda.get('Environment').get('Variables')),
    timeoutMs: (lambda.get('Timeout').integer('Lambda', 1, maxTimeout) ?? 3) * 1000,
    memorySizeMb: lambda.get('MemorySize').integer('Lambda', ...memorySizes) ?? 128,
    architecture,
    ...readLogging(lambda.get('LoggingConfig')),
    reservedConcurrency: lambda.get('ReservedConcurrentExecutions').integer('Lambda', 0, Infinity),
    role: readExecutionRole(lambda.get('Role'), templates),
    region: lambda.stack.region,
    accountId: lambda.stack.accountId,
  };
}

function readRuntime(property: Property, add: Reading['notices']['add']): string {
  const runtime = property.string();
  const major = /^nodejs(\d+)\.x$/u.exec(runtime)?.[1];
  if (major === undefined) {
    throw property.fault(`is "${runtime}"; the local chain runs Node.js functions only`);
  }
  const [own] = process.versions.node.split('.');
  if (major !== own) {
    add(property.notice(`is ${runtime}; the function runs on Node.js ${own} here`));
  }
  return runtime;
}

/** With JSON there is a level, INFO unless it is named (Lambda, Log-level filtering). */
function readLogging(logging: Property): Pick<DeployedFunction, 'logFormat' | 'logLevel'> {
  const logFormat = logging.get('LogFormat').oneOf(['Text', 'JSON'], 'Text');
  const logLevel = logging.get('ApplicationLogLevel').oneOf(logLevels, 'INFO');
  return { logFormat, logLevel: logFormat === 'JSON' ? logLevel : undefined };
}

function readEnvironment(property: Property): Readonly<Record<string, string>> {
  const variables = property.record();
  const reserved = reservedVariables.find((name) => name in variables);
  if (reserved !== undefined) {
    throw property.get(reserved).fault('is set; Lambda reserves this name for itself');
  }
  const bytes = Buffer.byteLength(Object.entries(variables).flat().join(''));
  if (bytes > maxEnvironmentBytes) {
    throw property.fault(`has ${bytes} bytes in all; Lambda takes ${maxEnvironmentBytes}`);
  }
  return variables;
}

/** Lambda takes no function whose role it may not assume (Lambda, Defining permissions with an execution role). */
function readExecutionRole(property: Property, templates: Templates): DeployedRole {
  const role = readRole(property, templates);
  if (!mayAssume(role, 'lambda.amazonaws.com')) {
    throw property.fault(`is ${role.name}, which lambda.amazonaws.com may not assume: Lambda would not take it`);
  }
  return role;
}
