import { parseJson } from '../../json.ts';
import { readPolicy } from '../iam/policy.ts';
import type { Policy, PolicyKind } from '../iam/policy.ts';
import { LocalChainError } from '../local-chain-error.ts';
import { asObject } from './json.ts';
import type { Property } from './resource.ts';

/**
 * Reads a policy of a template: an object, or the text of one. What only the deployment knows is left open.
 *
 * @throws LocalChainError that names the property, where AWS would refuse the policy.
 */
export function readPolicyDocument(property: Property, kind: PolicyKind): Policy {
  const document = jsonOf(property);
  try {
    return readPolicy(typeof document === 'string' ? parseJson(document) : document, kind);
  } catch (error) {
    throw error instanceof LocalChainError ? property.fault(`is malformed: ${error.message}`) : error;
  }
}

/** The value with every intrinsic in it resolved; a {@link LocalChainError} stands for what cannot be. */
function jsonOf(property: Property): unknown {
  try {
    const value = property.value();
    if (Array.isArray(value)) {
      return property.list().map(jsonOf);
    }
    const object = asObject(value);
    return object === undefined
      ? value
      : Object.fromEntries(
          Object.keys(object).flatMap((name) => {
            const member = jsonOf(property.get(name));
            return member === undefined ? [] : [[name, member]];
          }),
        );
  } catch (error) {
    if (error instanceof LocalChainError) {
      return error;
    }
    throw error;
  }
}
