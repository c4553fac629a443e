import { setTimeout } from 'node:timers/promises';
import { drain } from './drain.ts';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { withHeader } from './header-list.ts';
import { maxHeadBytes, sizeOfHead } from './header-rules.ts';
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
  let reason = `nothing of the origin for its read timeout of ${origin.readTimeoutMs} ms, ${attempts} times`;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const signed = signForOrigin(unsigned, {
      signingBehavior: origin.signingBehavior,
      distributionArn: distribution.arn,
      accountId: distribution.accountId,
      region,
      now: settings.now(),
    });
    const answer = settings.originOf(origin)(signed, exchange.scope);
    const answered = new AbortController();
    const { completeBy = Number.POSITIVE_INFINITY } = exchange;
    const remainingMs = Math.max(0, completeBy - performance.now());
    const first = await Promise.race([answer, expiry(Math.min(origin.readTimeoutMs, remainingMs), answered.signal)]);
    answered.abort();
    if (first !== undefined) {
      return sizeOfHead('HTTP/1.1 200 OK', first.headers) > maxHeadBytes ? refuseHead(exchange, first) : first;
    }
    answer.then(
      ({ body: late }) => drain(late),
      () => undefined,
    );
    if (remainingMs <= origin.readTimeoutMs) {
      reason = `nothing of the origin within its response completion timeout of ${origin.completionTimeoutMs} ms`;
      break;
    }
  }
  settings.onLog({ source: 'cloudfront', text: `504: ${reason}` });
  return errorPage(504, '', exchange.requestId, 'Error');
}

/** A head that is larger than CloudFront takes (CloudFront, Quotas). */
function refuseHead({ requestId }: Exchange, { body }: OriginResponse): EdgeResponse {
  drain(body);
  return errorPage(502, 'The headers of the response are too large.', requestId, 'Error');
}

/** Resolves to undefined after so long, or as soon as nobody waits for it any more. */
async function expiry(waitMs: number, signal: AbortSignal): Promise<undefined> {
  try {
    await setTimeout(waitMs, undefined, { signal });
  } catch {
    // The origin has answered.
  }
}
