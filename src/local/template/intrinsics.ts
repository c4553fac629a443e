import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf, hasKnownAttributes, inventAttribute } from './attributes.ts';
import { holds } from './conditions.ts';
import { asObject } from './json.ts';
import { findStoredParameter, readParameter } from './parameters.ts';
import type { Resolve, TemplateResource } from './resource.ts';
import { sectionOf } from './stack.ts';
import type { Stack, Stacks } from './stack.ts';

/**
 * Evaluates an intrinsic function as CloudFormation would after the deployment, and leaves everything else as it is; the
 * members of an object stay as they are.
 *
 * @throws LocalChainError where its value cannot be had
 */
export function evaluate(stack: Stack, stacks: Stacks, value: unknown): unknown {
  const resolve: Resolve = (inner) => evaluate(stack, stacks, inner);
  if (Array.isArray(value)) {
    return value.map(resolve).filter((member) => member !== undefined);
  }
  const entries = Object.entries(asObject(value) ?? {});
  const [name, argument] = entries.length === 1 ? (entries[0] ?? ['', undefined]) : ['', undefined];
  switch (name) {
    case 'Ref':
      return readReference(stack, stacks, String(argument));
    case 'Fn::GetAtt':
      return readGetAtt(stack, stacks, argument, resolve);
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
    case 'Fn::If': {
      const [condition, whereTrue, whereFalse] = asList(argument, name);
      return resolve(holds(stack, asText(condition), resolve) ? whereTrue : whereFalse);
    }
    case 'Fn::FindInMap':
      return findInMap(stack, asList(argument, name), resolve);
    case 'Fn::Base64':
      return Buffer.from(asText(resolve(argument))).toString('base64');
    case 'Fn::Length':
      return asList(resolve(argument), name).length;
    case 'Fn::ToJsonString':
      return JSON.stringify(resolveAll(argument, resolve));
    case 'Fn::ImportValue':
      return readImport(stacks, asText(resolve(argument)));
    case 'Fn::GetStackOutput':
      return readStackOutput(stack, stacks, asObject(resolve(argument)));
    default:
      if (name.startsWith('Fn::')) {
        throw new LocalChainError(`the local chain cannot evaluate ${name}`);
      }
      return value;
  }
}

function readReference(stack: Stack, stacks: Stacks, name: string): unknown {
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
    case 'AWS::NotificationARNs':
      return [];
    case 'AWS::NoValue':
      return undefined;
    default:
      return sectionOf(stack, 'parameters')[name] === undefined
        ? readAttribute(stack, stacks, name, 'Ref')
        : readParameter(stack, stacks, name);
  }
}

function readGetAtt(stack: Stack, stacks: Stacks, argument: unknown, resolve: Resolve): unknown {
  const [logicalId = '', ...path] =
    typeof argument === 'string' ? argument.split('.') : asList(argument, 'Fn::GetAtt').map(resolve).map(asText);
  const attribute = path.join('.');
  const nested = stack.nested.get(logicalId);
  if (nested !== undefined) {
    return readOutput(nested, stacks, attribute.replace(/^Outputs\./u, ''));
  }
  const resource = stack.resources().get(logicalId);
  switch (resource?.type) {
    case 'Custom::CrossRegionStringParameterReader':
      return readCrossRegionParameter(resource, stacks);
    case 'Custom::CrossRegionExportReader':
      return readCrossRegionExport(attribute, stacks);
    default:
      return readAttribute(stack, stacks, logicalId, attribute);
  }
}

function readAttribute(stack: Stack, stacks: Stacks, logicalId: string, attribute: string): string {
  const resource = stack.resources().get(logicalId);
  if (resource === undefined) {
    throw new LocalChainError(`stack ${stack.scope.name} has no resource or parameter ${logicalId}`);
  }
  const value = readOnce(stacks, `${resource.toString()}.${attribute}`, () => attributeOf(resource, attribute));
  if (value !== undefined) {
    return value;
  }
  if (hasKnownAttributes(resource.type)) {
    throw new LocalChainError(`the local chain does not know the attribute ${attribute} of ${resource.toString()}`);
  }
  stacks.onInvented(resource);
  return inventAttribute(resource, attribute);
}

function readOnce<Value>(stacks: Stacks, name: string, read: () => Value): Value {
  if (stacks.beingRead.has(name)) {
    throw new LocalChainError(`${name} depends on itself`);
  }
  stacks.beingRead.add(name);
  try {
    return read();
  } finally {
    stacks.beingRead.delete(name);
  }
}

/** `EdgeFunction` publishes its version's ARN as an SSM parameter of us-east-1 (aws-cdk-lib, `EdgeFunction`). */
function readCrossRegionParameter(reader: TemplateResource, stacks: Stacks): string {
  const region = reader.get('Region').string();
  const name = reader.get('ParameterName').string();
  const value = findStoredParameter(stacks, region, name);
  if (value === undefined) {
    throw new LocalChainError(`no stack in ${region} has the SSM parameter "${name}" that ${reader.toString()} reads`);
  }
  return value;
}

/** `crossRegionReferences: true` writes what other stacks read through a custom resource (aws-cdk-lib, `ExportWriter`). */
function readCrossRegionExport(name: string, stacks: Stacks): string {
  for (const stack of stacks.all) {
    for (const writer of stack.resources().values()) {
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

function readImport(stacks: Stacks, name: string): unknown {
  for (const stack of stacks.all) {
    for (const output of Object.values(sectionOf(stack, 'outputs')).map(asObject)) {
      const exported = asObject(output?.['Export'])?.['Name'];
      if (exported !== undefined && evaluate(stack, stacks, exported) === name) {
        return evaluate(stack, stacks, output?.['Value']);
      }
    }
  }
  throw new LocalChainError(`no stack exports "${name}"`);
}

/** A weak reference: to any output of a stack, in the stack's own region where none is named (CloudFormation, Fn::GetStackOutput). */
function readStackOutput(stack: Stack, stacks: Stacks, argument: Readonly<Record<string, unknown>> = {}): unknown {
  const { StackName: stackName, OutputName: outputName, Region: region = stack.scope.region } = argument;
  const producer = stacks.all.find(
    ({ scope, template }) =>
      scope.name === stackName && scope.region === region && asText(outputName) in template.outputs,
  );
  if (producer === undefined) {
    throw new LocalChainError(
      `no stack ${asText(stackName)} in ${asText(region)} has the output "${asText(outputName)}"`,
    );
  }
  return readOutput(producer, stacks, asText(outputName));
}

function readOutput(stack: Stack, stacks: Stacks, name: string): unknown {
  const output = asObject(sectionOf(stack, 'outputs')[name]);
  if (output === undefined) {
    throw new LocalChainError(`stack ${stack.scope.name} has no output ${name}`);
  }
  return evaluate(stack, stacks, output['Value']);
}

/** The default is an extension of `AWS::LanguageExtensions` (CloudFormation, Fn::FindInMap). */
function findInMap(stack: Stack, argument: readonly unknown[], resolve: Resolve): unknown {
  const [map, topKey, secondKey] = argument.slice(0, 3).map((part) => asText(resolve(part)));
  const found = asObject(asObject(sectionOf(stack, 'mappings')[map ?? ''])?.[topKey ?? ''])?.[secondKey ?? ''];
  const value = found ?? resolve(asObject(argument[3])?.['DefaultValue']);
  if (value === undefined) {
    throw new LocalChainError(`mapping ${map} of stack ${stack.scope.name} has no ${topKey}.${secondKey}`);
  }
  return value;
}

/** `${Name}` and `${Name.Attribute}` in the text; `${!Name}` is the text itself (CloudFormation, Fn::Sub). */
function substitute(argument: unknown, resolve: Resolve): string {
  const [template, variables] = typeof argument === 'string' ? [argument, {}] : asList(argument, 'Fn::Sub');
  return asText(template).replace(/\$\{(!?)([^}]+)\}/gu, (_whole, literal: string, placeholder: string) => {
    if (literal === '!') {
      return `\${${placeholder}}`;
    }
    const name = placeholder.trim();
    const given = asObject(variables)?.[name];
    if (given !== undefined) {
      return asText(resolve(given));
    }
    const [logicalId, ...attribute] = name.split('.');
    return asText(resolve(attribute.length === 0 ? { Ref: name } : { 'Fn::GetAtt': [logicalId, attribute.join('.')] }));
  });
}

function resolveAll(value: unknown, resolve: Resolve): unknown {
  const resolved = resolve(value);
  if (Array.isArray(resolved)) {
    return resolved.map((member) => resolveAll(member, resolve));
  }
  const object = asObject(resolved);
  return object === undefined
    ? resolved
    : Object.fromEntries(Object.entries(object).map(([name, member]) => [name, resolveAll(member, resolve)]));
}

function asList(value: unknown, intrinsic: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new LocalChainError(`${intrinsic} needs a list, not ${JSON.stringify(value)}`);
  }
  return value;
}

function asText(value: unknown): string {
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw new LocalChainError(`${JSON.stringify(value)} stands where a string must be`);
  }
  return String(value);
}
