import { setTimeout } from 'node:timers/promises';
import { drain } from './drain.ts';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { withHeader } from './header-list.ts';
import type { EdgeResponse, OriginRequest, OriginResponse, ViewerRequest } from './messages.ts';
import { signForOrigin } from './origin-access-control.ts';

/** Signs the request and passes it to the origin; a GET that gets no answer in time is tried again, as CloudFront does. */
export async function callOrigin(
  settings: CloudFrontSettings,
  exchange: Exchange,
  request: ViewerRequest,
  body: Uint8Array,
): Promise<OriginResponse | EdgeResponse> {
  const { origin } = exchange.behaviour;
  const { distribution } = settings;
  const custom = Object.entries(origin.customHeaders).map(([name, value]) => ({ name, value }));
  const unsigned = withHeader([...request.headers, ...custom], 'X-Amz-Cf-Id', exchange.requestId);
  const { headers, signature } = signForOrigin(unsigned, body.byteLength > 0, {
    signingBehavior: origin.signingBehavior,
    distributionArn: distribution.arn,
    accountId: distribution.accountId,
    region: origin.functionUrl.region,
    now: settings.now(),
  });
  const { method, uri, querystring } = request;
  const originRequest: OriginRequest = { method, uri, querystring, headers, body, signature };
  if (origin.completionTimeoutMs !== undefined) {
    exchange.completeBy = performance.now() + origin.completionTimeoutMs;
  }
  const attempts = method === 'GET' || method === 'HEAD' ? origin.connectionAttempts : 1;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const answer = settings.originOf(origin)(originRequest, exchange.scope);
    const first = await Promise.race([answer, expiry(origin.readTimeoutMs, exchange.completeBy)]);
    if (first !== undefined) {
      return first;
    }
    answer.then(
      ({ body: late }) => drain(late),
      () => undefined,
    );
  }
  return errorPage(504, '', exchange.requestId, 'Error');
}

function expiry(readTimeoutMs: number, completeBy: number | undefined): Promise<undefined> {
  const remainingMs = completeBy === undefined ? readTimeoutMs : completeBy - performance.now();
  return setTimeout(Math.max(0, Math.min(readTimeoutMs, remainingMs)), undefined, { ref: false });
}
