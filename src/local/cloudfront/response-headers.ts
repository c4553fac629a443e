import type { ResponseHeadersPolicy } from '../template/deployment.ts';
import { valueOf, withHeader, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';

/** Applies a response headers policy: removals first, then what it sets, over the origin's only where it overrides. */
export function applyResponseHeadersPolicy(headers: HeaderList, policy: ResponseHeadersPolicy): HeaderList {
  return policy.set.reduce<HeaderList>(
    (result, { name, value, override }) =>
      override || valueOf(result, name) === undefined ? withHeader(result, name, value) : result,
    without(headers, ...policy.remove),
  );
}
