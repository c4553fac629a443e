import type { ResponseHeadersPolicy } from '../template/deployment.ts';
import { valueOf, withHeader, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import type { ViewerRequest } from './messages.ts';
import { corsHeadersFor } from './policy-cors.ts';

/** Applies a response headers policy: removals first, then what it sets, over the origin's only where it overrides. */
export function applyResponseHeadersPolicy(
  headers: HeaderList,
  policy: ResponseHeadersPolicy,
  request: ViewerRequest,
): HeaderList {
  const ofCors = corsHeadersFor(policy.cors, request).map((header) => ({
    ...header,
    override: policy.cors?.override ?? false,
  }));
  return [...ofCors, ...policy.set].reduce<HeaderList>(
    (result, { name, value, override }) =>
      override || valueOf(result, name) === undefined ? withHeader(result, name, value) : result,
    without(headers, ...policy.remove),
  );
}
