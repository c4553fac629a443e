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
  if (origin.functionUrl === undefined) {
    // As where an origin's name does not resolve: the local chain reaches nothing but its own assembly.
    return errorPage(502, "CloudFront wasn't able to connect to the origin.", exchange.requestId, 'Error');
  }
  const { region } = origin.functionUrl;
  const custom = Object.entries(origin.customHeaders).map(([name, value]) => ({ name, value }));
  const headers = withHeader([...request.headers, ...custom], 'X-Amz-Cf-Id', exchange.requestId);
  const { method, uri, querystring } = request;
  const unsigned: OriginRequest = { method, uri, querystring, headers, body };
  if (origin.completionTimeoutMs !== undefined) {
    exchange.completeBy = performance.now() + origin.completionTimeoutMs;
  }
  const attempts = method === 'GET' || method === 'HEAD' ? origin.connectionAttempts : 1;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const signed = signForOrigin(unsigned, {
      signingBehavior: origin.signingBehavior,
      distributionArn: distribution.arn,
      accountId: distribution.accountId,
      region,
      now: settings.now(),
    });
    const answer = settings.originOf(origin)(signed, exchange.scope);
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
