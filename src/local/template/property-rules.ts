import { LocalChainError } from '../local-chain-error.ts';
import type { Notice } from './deployment.ts';
import { asString } from './json.ts';
import type { Property } from './resource.ts';
import type { Templates } from './templates.ts';

/** What becomes of a property of the template here. */
export type PropertyRule =
  /** The chain does what it says. */
  | { readonly kind: 'run' }
  /** The same, for what a program is given: what it names may be missing here. */
  | { readonly kind: 'environment' }
  /** It changes nothing that a request meets: logs, prices, certificates. */
  | { readonly kind: 'no-effect' }
  /** It is not run, and said at the start. */
  | { readonly kind: 'said'; readonly text: string; readonly harmless: readonly string[] }
  /** Nothing is started. */
  | { readonly kind: 'refused'; readonly text: string; readonly harmless: readonly string[] }
  /** An object, or a list of objects. */
  | { readonly kind: 'object'; readonly members: PropertyTable };

/** Every property of an object by its name. */
export type PropertyTable = Readonly<Record<string, PropertyRule>>;

/** See {@link PropertyRule}. */
export const run: PropertyRule = { kind: 'run' };

/** See {@link PropertyRule}. */
export const environment: PropertyRule = { kind: 'environment' };

/** See {@link PropertyRule}. */
export const noEffect: PropertyRule = { kind: 'no-effect' };

/** Said at the start, but where the value is a harmless one, or empty. */
export function said(text: string, ...harmless: readonly string[]): PropertyRule {
  return { kind: 'said', text, harmless };
}

/** Refused, but where the value is a harmless one, or empty. */
export function refused(text: string, ...harmless: readonly string[]): PropertyRule {
  return { kind: 'refused', text, harmless };
}

/** An object with these members, or a list of such objects. */
export function members(table: PropertyTable): PropertyRule {
  return { kind: 'object', members: table };
}

/**
 * Goes through the members of an object and tells what is not run of them, those that no rule names included.
 *
 * @throws LocalChainError with a sentence that names a property which the rules refuse
 */
export function applyRules(object: Property, rules: PropertyTable, templates: Templates): readonly Notice[] {
  return object.names().flatMap((name) => applyRule(object.get(name), rules[name], templates));
}

function applyRule(property: Property, rule: PropertyRule | undefined, templates: Templates): readonly Notice[] {
  if (rule === undefined) {
    return isSet(property, []) ? [property.notice('is not known to the local chain')] : [];
  }
  switch (rule.kind) {
    case 'run':
      return dynamicReferences(property);
    case 'environment':
      return property
        .names()
        .map((name) => property.get(name))
        .flatMap((variable) => [...dynamicReferences(variable), ...otherResources(variable, templates)]);
    case 'no-effect':
      return [];
    case 'said':
      return isSet(property, rule.harmless) ? [property.notice(rule.text)] : [];
    case 'refused':
      if (isSet(property, rule.harmless)) {
        throw property.fault(rule.text);
      }
      return [];
    case 'object':
      return Array.isArray(property.value())
        ? property.list().flatMap((member) => applyRules(member, rule.members, templates))
        : applyRules(property, rule.members, templates);
    default:
      return rule satisfies never;
  }
}

/** What cannot be evaluated here is set, whatever it is. */
function isSet(property: Property, harmless: readonly string[]): boolean {
  const value = valueOf(property);
  const isEmpty = value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
  return !isEmpty && !harmless.includes(asString(value) ?? JSON.stringify(value));
}

/** CloudFormation puts a value in place of `{{resolve:…}}` at the deployment (Get values stored in other services). */
function dynamicReferences(property: Property): readonly Notice[] {
  const references = new Set(textsOf(property).flatMap((text) => text.match(/\{\{resolve:[^}]*\}\}/gu) ?? []));
  return [...references].map((reference) =>
    property.notice(`has ${reference}, which only a deployment resolves: here it is this text`),
  );
}

function otherResources(variable: Property, templates: Templates): readonly Notice[] {
  return templates
    .inventedDuring(() => valueOf(variable))
    .map((resource) => variable.notice(`names ${resource.toString()}, which is not run here`));
}

function textsOf(property: Property): readonly string[] {
  const value = valueOf(property);
  if (typeof value === 'string') {
    return [value];
  }
  return Array.isArray(value)
    ? property.list().flatMap(textsOf)
    : property.names().flatMap((name) => textsOf(property.get(name)));
}

/** A value that cannot be had is a matter of whoever needs it. */
function valueOf(property: Property): unknown {
  try {
    return property.value();
  } catch (error) {
    if (error instanceof LocalChainError) {
      return error;
    }
    throw error;
  }
}
