import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { CloudAssembly, StackTemplate } from './cloud-assembly.ts';
import { holds } from './conditions.ts';
import { evaluate } from './intrinsics.ts';
import { asObject, asString } from './json.ts';
import { TemplateResource } from './resource.ts';
import type { Resolve, StackScope } from './resource.ts';
import type { Stack, Stacks } from './stack.ts';

/** What stands for the account and the region where the templates leave them open. */
export interface TemplateEnvironment {
  readonly accountId: string;
  readonly region: string;
  /** Values of parameters by their names, before the templates' own defaults. Default none. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** All resources of an assembly, with their intrinsics resolved as they are read. */
export interface Templates {
  /** Every resource of a type, over all stacks. */
  all(type: string): readonly TemplateResource[];
  /** The resource of a type whose `Ref` or attribute has this value. */
  findBy(type: string, attribute: string, value: string): TemplateResource | undefined;
  /** The resources that are no part of the chain, and for which values are made up while something is read. */
  inventedDuring(read: () => void): readonly TemplateResource[];
}

/**
 * Opens the templates of an assembly. Nothing is resolved before it is read.
 *
 * @throws LocalChainError where a value is given for a parameter that no template has
 */
export function openTemplates(assembly: CloudAssembly, environment: TemplateEnvironment): Templates {
  requireParameters(assembly, environment.parameters ?? {});
  const opened: Stack[] = [];
  let invented: TemplateResource[] = [];
  const stacks: Stacks = {
    all: opened,
    beingRead: new Set(),
    onInvented: (resource) => invented.push(resource),
  };
  for (const template of assembly.stacks) {
    const region = template.region ?? environment.region;
    const scope: StackScope = {
      name: template.name,
      region,
      accountId: template.accountId ?? environment.accountId,
      partition: partitionOf(region),
      directory: template.directory,
    };
    openStack(template, scope, stacks, opened, (name) => environment.parameters?.[name]);
  }
  const all = (type: string): readonly TemplateResource[] =>
    opened.flatMap((stack) => [...stack.resources().values()].filter((resource) => resource.type === type));
  return {
    all,
    findBy: (type, attribute, value) => all(type).find((resource) => attributeOf(resource, attribute) === value),
    inventedDuring: (read) => {
      const before = invented;
      invented = [];
      try {
        read();
        return [...new Set(invented)];
      } finally {
        invented = before;
      }
    },
  };
}

function requireParameters({ stacks }: CloudAssembly, given: Readonly<Record<string, string>>): void {
  const declared = [...new Set(stacks.flatMap(({ parameters }) => Object.keys(parameters)))];
  const unknown = Object.keys(given).find((name) => !declared.includes(name));
  if (unknown !== undefined) {
    const known = declared.length === 0 ? 'there is none' : `there are ${declared.join(', ')}`;
    throw new LocalChainError(`no template has the parameter ${unknown}; ${known}`);
  }
}

function openStack(
  template: StackTemplate,
  scope: StackScope,
  stacks: Stacks,
  opened: Stack[],
  givenParameter: (name: string) => unknown,
  isDeployed: () => boolean = () => true,
): Stack {
  const nested = new Map<string, Stack>();
  let resources: ReadonlyMap<string, TemplateResource> | undefined;
  let isBeingRead = false;
  const read = (): ReadonlyMap<string, TemplateResource> => {
    if (isBeingRead) {
      throw new LocalChainError(`a condition of stack ${scope.name} depends on a resource; it may on parameters only`);
    }
    isBeingRead = true;
    try {
      return isDeployed() ? readResources(stack, resolve) : new Map();
    } finally {
      isBeingRead = false;
    }
  };
  const stack: Stack = {
    scope,
    template,
    givenParameter,
    nested,
    // What a condition depends on may be in a stack that is not open yet.
    resources: () => (resources ??= read()),
    isBeingRead: () => isBeingRead,
  };
  const resolve: Resolve = (value) => evaluate(stack, stacks, value);
  opened.push(stack);
  for (const [logicalId, inner] of Object.entries(template.nested ?? {})) {
    const innerScope = { ...scope, name: `${scope.name}-${logicalId}`, directory: inner.directory };
    const owner = (): TemplateResource | undefined => stack.resources().get(logicalId);
    const given = (name: string): unknown => owner()?.get('Parameters').get(name).value();
    nested.set(
      logicalId,
      openStack(inner, innerScope, stacks, opened, given, () => owner() !== undefined),
    );
  }
  return stack;
}

function readResources(stack: Stack, resolve: Resolve): ReadonlyMap<string, TemplateResource> {
  const { scope, template } = stack;
  const resources = new Map<string, TemplateResource>();
  for (const [logicalId, raw] of Object.entries(template.resources)) {
    const resource = asObject(raw);
    const condition = asString(resource?.['Condition']);
    if (condition === undefined || holds(stack, condition, resolve)) {
      const type = asString(resource?.['Type']) ?? '';
      resources.set(logicalId, new TemplateResource(scope, logicalId, type, resource?.['Properties'], resolve));
    }
  }
  return resources;
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) {
    return 'aws-cn';
  }
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
