import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { CloudAssembly, StackTemplate } from './cloud-assembly.ts';
import { asObject, asString } from './json.ts';
import { TemplateResource } from './resource.ts';
import type { Resolve, StackScope } from './resource.ts';

/** What stands for the account and the region where the templates leave them open. */
export interface TemplateEnvironment {
  readonly accountId: string;
  readonly region: string;
}

/** All resources of an assembly, with their intrinsics resolved as they are read. */
export interface Templates {
  /** Every resource of a type, over all stacks. */
  all(type: string): readonly TemplateResource[];
  /** The resource of a type whose `Ref` or attribute has this value. */
  findBy(type: string, attribute: string, value: string): TemplateResource | undefined;
}

interface Stack {
  readonly scope: StackScope;
  readonly template: StackTemplate;
  readonly resources: ReadonlyMap<string, TemplateResource>;
}

/** Opens the templates of an assembly. Nothing is resolved before it is read. */
export function openTemplates(assembly: CloudAssembly, environment: TemplateEnvironment): Templates {
  const stacks: Stack[] = [];
  for (const template of assembly.stacks) {
    stacks.push(openStack(template, environment, stacks));
  }
  const resources = stacks.flatMap((stack) => [...stack.resources.values()]);
  const all = (type: string): readonly TemplateResource[] => resources.filter((resource) => resource.type === type);
  return {
    all,
    findBy: (type, attribute, value) => all(type).find((resource) => attributeOf(resource, attribute) === value),
  };
}

function openStack(template: StackTemplate, environment: TemplateEnvironment, stacks: readonly Stack[]): Stack {
  const region = template.region ?? environment.region;
  const scope: StackScope = {
    name: template.name,
    region,
    accountId: template.accountId ?? environment.accountId,
    partition: partitionOf(region),
  };
  const resources = new Map<string, TemplateResource>();
  const stack: Stack = { scope, template, resources };
  const resolve: Resolve = (value) => resolveIn(stack, stacks, value);
  for (const [logicalId, raw] of Object.entries(template.resources)) {
    const resource = asObject(raw);
    resources.set(
      logicalId,
      new TemplateResource(scope, logicalId, asString(resource?.['Type']) ?? '', resource?.['Properties'], resolve),
    );
  }
  return stack;
}

function resolveIn(stack: Stack, stacks: readonly Stack[], value: unknown): unknown {
  const resolve: Resolve = (inner) => resolveIn(stack, stacks, inner);
  if (Array.isArray(value)) {
    return value.map(resolve).filter((member) => member !== undefined);
  }
  const entries = Object.entries(asObject(value) ?? {});
  const [name, argument] = entries.length === 1 ? (entries[0] ?? ['', undefined]) : ['', undefined];
  switch (name) {
    case 'Ref':
      return resolveReference(stack, String(argument));
    case 'Fn::GetAtt':
      return resolveAttribute(stack, stacks, argument);
    case 'Fn::Join': {
      const [separator, parts] = asList(argument, name);
      return asList(resolve(parts), name).map(asText).join(asText(separator));
    }
    case 'Fn::Sub':
      return substitute(argument, resolve);
    case 'Fn::Select': {
      const [index, list] = asList(argument, name);
      return asList(resolve(list), name)[Number(resolve(index))];
    }
    case 'Fn::Split': {
      const [separator, text] = asList(argument, name);
      return asText(resolve(text)).split(asText(separator));
    }
    case 'Fn::ImportValue':
      return resolveImport(stacks, asText(resolve(argument)));
    case 'Fn::GetStackOutput':
      return resolveStackOutput(stack, stacks, asObject(resolve(argument)));
    default:
      if (name.startsWith('Fn::')) {
        throw new LocalChainError(`the local chain cannot evaluate ${name}`);
      }
      return value;
  }
}

function resolveReference(stack: Stack, name: string): unknown {
  const { scope } = stack;
  switch (name) {
    case 'AWS::AccountId':
      return scope.accountId;
    case 'AWS::Region':
      return scope.region;
    case 'AWS::Partition':
      return scope.partition;
    case 'AWS::URLSuffix':
      return scope.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
    case 'AWS::StackName':
      return scope.name;
    case 'AWS::StackId':
      return `arn:${scope.partition}:cloudformation:${scope.region}:${scope.accountId}:stack/${scope.name}/local`;
    case 'AWS::NoValue':
      return undefined;
    default:
      break;
  }
  const parameter = asObject(stack.template.parameters[name]);
  if (parameter !== undefined) {
    if (parameter['Default'] === undefined) {
      throw new LocalChainError(`parameter ${name} of stack ${scope.name} has no default`);
    }
    return parameter['Default'];
  }
  return readAttribute(stack, name, 'Ref');
}

function resolveAttribute(stack: Stack, stacks: readonly Stack[], argument: unknown): unknown {
  const [logicalId = '', ...attribute] =
    typeof argument === 'string' ? argument.split('.') : asList(argument, 'Fn::GetAtt').map(asText);
  const resource = stack.resources.get(logicalId);
  switch (resource?.type) {
    case 'Custom::CrossRegionStringParameterReader':
      return readCrossRegionParameter(resource, stacks);
    case 'Custom::CrossRegionExportReader':
      return readCrossRegionExport(attribute.join('.'), stacks);
    default:
      return readAttribute(stack, logicalId, attribute.join('.'));
  }
}

function readAttribute(stack: Stack, logicalId: string, attribute: string): string {
  const resource = stack.resources.get(logicalId);
  if (resource === undefined) {
    throw new LocalChainError(`stack ${stack.scope.name} has no resource or parameter ${logicalId}`);
  }
  const value = attributeOf(resource, attribute);
  if (value === undefined) {
    throw new LocalChainError(
      attribute === 'Ref'
        ? `the local chain does not know the id of ${resource.toString()}`
        : `the local chain does not know the attribute ${attribute} of ${resource.toString()}`,
    );
  }
  return value;
}

/** `EdgeFunction` publishes its version's ARN as an SSM parameter of us-east-1 (aws-cdk-lib, `EdgeFunction`). */
function readCrossRegionParameter(reader: TemplateResource, stacks: readonly Stack[]): string {
  const region = reader.get('Region').string();
  const name = reader.get('ParameterName').string();
  for (const stack of stacks.filter(({ scope }) => scope.region === region)) {
    for (const parameter of stack.resources.values()) {
      if (parameter.type === 'AWS::SSM::Parameter' && parameter.get('Name').string() === name) {
        return parameter.get('Value').string();
      }
    }
  }
  throw new LocalChainError(`no stack in ${region} has the SSM parameter "${name}" that ${reader.toString()} reads`);
}

/** `crossRegionReferences: true` writes what other stacks read through a custom resource (aws-cdk-lib, `ExportWriter`). */
function readCrossRegionExport(name: string, stacks: readonly Stack[]): string {
  for (const stack of stacks) {
    for (const writer of stack.resources.values()) {
      const exported =
        writer.type === 'Custom::CrossRegionExportWriter'
          ? writer.get('WriterProps').get('exports').get(name).optionalString()
          : undefined;
      if (exported !== undefined) {
        return exported;
      }
    }
  }
  throw new LocalChainError(`no stack exports "${name}"`);
}

function resolveImport(stacks: readonly Stack[], name: string): unknown {
  for (const stack of stacks) {
    for (const output of Object.values(stack.template.outputs).map(asObject)) {
      const exported = asObject(output?.['Export'])?.['Name'];
      if (exported !== undefined && resolveIn(stack, stacks, exported) === name) {
        return resolveIn(stack, stacks, output?.['Value']);
      }
    }
  }
  throw new LocalChainError(`no stack exports "${name}"`);
}

/** A weak reference: to any output of a stack, in the stack's own region where none is named (CloudFormation, Fn::GetStackOutput). */
function resolveStackOutput(
  stack: Stack,
  stacks: readonly Stack[],
  argument: Readonly<Record<string, unknown>> = {},
): unknown {
  const { StackName: stackName, OutputName: outputName, Region: region = stack.scope.region } = argument;
  for (const producer of stacks) {
    const { name, region: place } = producer.scope;
    const output = asObject(producer.template.outputs[asText(outputName)]);
    if (name === stackName && place === region && output !== undefined) {
      return resolveIn(producer, stacks, output['Value']);
    }
  }
  throw new LocalChainError(
    `no stack ${asText(stackName)} in ${asText(region)} has the output "${asText(outputName)}"`,
  );
}

/** `${Name}` and `${Name.Attribute}` in the text; `${!Name}` is the text itself (CloudFormation, Fn::Sub). */
function substitute(argument: unknown, resolve: Resolve): string {
  const [template, variables] = typeof argument === 'string' ? [argument, {}] : asList(argument, 'Fn::Sub');
  return asText(template).replace(/\$\{(!?)([^}]+)\}/gu, (_whole, literal: string, name: string) => {
    if (literal === '!') {
      return `\${${name}}`;
    }
    const given = asObject(variables)?.[name];
    if (given !== undefined) {
      return asText(resolve(given));
    }
    const [logicalId, ...attribute] = name.split('.');
    return asText(resolve(attribute.length === 0 ? { Ref: name } : { 'Fn::GetAtt': [logicalId, attribute.join('.')] }));
  });
}

function asList(value: unknown, intrinsic: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new LocalChainError(`${intrinsic} needs a list, not ${JSON.stringify(value)}`);
  }
  return value;
}

function asText(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new LocalChainError(`${JSON.stringify(value)} stands where a string must be`);
  }
  return String(value);
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) {
    return 'aws-cn';
  }
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
