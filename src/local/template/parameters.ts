import { LocalChainError } from '../local-chain-error.ts';
import { asObject, asString } from './json.ts';
import { nameOf, sectionOf } from './stack.ts';
import type { Stack, Stacks } from './stack.ts';

/**
 * Reads a parameter of a template: what is given for it, or its default (CloudFormation, Parameters). A list is split at its
 * commas; the value of one with an SSM type is that of the SSM parameter which it names.
 *
 * @throws LocalChainError where it has neither, or names an SSM parameter that no stack deploys
 */
export function readParameter(stack: Stack, stacks: Stacks, name: string): unknown {
  const declared = asObject(sectionOf(stack, 'parameters')[name]) ?? {};
  const value = stack.givenParameter(name) ?? declared['Default'];
  if (value === undefined) {
    throw new LocalChainError(
      `${nameOf(stack, 'parameter', name)} has no default: it needs a value, --parameter ${name}=<value>`,
    );
  }
  const type = asString(declared['Type']) ?? 'String';
  const inner = /^AWS::SSM::Parameter::Value<(.+)>$/u.exec(type)?.[1];
  const text = inner === undefined ? value : readStored(stack, stacks, name, asString(value) ?? '');
  const isList = /^(?:CommaDelimitedList$|List<)/u.test(inner ?? type);
  return isList && typeof text === 'string' ? text.split(',').map((member) => member.trim()) : text;
}

/** The value of an SSM parameter that a stack of the same region deploys, but for one whose conditions wait for it. */
export function findStoredParameter(stacks: Stacks, region: string, storedName: string): string | undefined {
  for (const stack of stacks.all.filter((one) => one.scope.region === region && !one.isBeingRead())) {
    for (const resource of stack.resources().values()) {
      if (resource.type === 'AWS::SSM::Parameter' && resource.get('Name').optionalString() === storedName) {
        return resource.get('Value').string();
      }
    }
  }
  return undefined;
}

function readStored(stack: Stack, stacks: Stacks, name: string, storedName: string): string {
  const value = findStoredParameter(stacks, stack.scope.region, storedName);
  if (value === undefined) {
    throw new LocalChainError(
      `${nameOf(stack, 'parameter', name)} has the value of the SSM parameter "${storedName}", which no stack deploys`,
    );
  }
  return value;
}
