import type { JsonObject } from '../../json.ts';
import type { StackTemplate } from './cloud-assembly.ts';
import type { StackScope, TemplateResource } from './resource.ts';

/** A stack whose intrinsics can be evaluated. */
export interface Stack {
  readonly scope: StackScope;
  readonly template: StackTemplate;
  /** What somebody gives for a parameter, before its default: the stack that it is nested in, or the developer. */
  givenParameter(name: string): unknown;
  /** Its resources by logical id, without those whose condition does not hold. */
  resources(): ReadonlyMap<string, TemplateResource>;
  /** True while its conditions are evaluated, so that its resources are not known yet. */
  isBeingRead(): boolean;
  /** The stacks nested in it, by the logical id of their resource. */
  readonly nested: ReadonlyMap<string, Stack>;
}

/** All stacks that are deployed together. */
export interface Stacks {
  /** Nested ones, too. */
  readonly all: readonly Stack[];
  /** The attributes that are being read: what depends on itself has no value. */
  readonly beingRead: Set<string>;
  /** Called with a resource that is no part of the chain, when a value is made up in its place. */
  onInvented(resource: TemplateResource): void;
}

/** How a sentence names a part of a stack's template. */
export function nameOf(stack: Stack, kind: string, name: string): string {
  return `${kind} ${name} of stack ${stack.scope.name}`;
}

/** A section of a template, with its own members and none that every object has; empty where it has none. */
export function sectionOf(stack: Stack, name: 'parameters' | 'conditions' | 'mappings' | 'outputs'): JsonObject {
  return { __proto__: null, ...stack.template[name] };
}
