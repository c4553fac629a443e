import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';

/** A rule before it has its place among the others. */
export type UnorderedRule = Omit<CfnWebACL.RuleProperty, 'priority'>;

/** Why the firewall refuses a request; also the `error.code` that the viewer reads. */
export type FirewallCode = 'blocked' | 'rate_limited' | 'payload_too_large';

const statuses: Readonly<Record<FirewallCode, number>> = { blocked: 403, rate_limited: 429, payload_too_large: 413 };

/** What the firewall answers with, by {@link FirewallCode}: the body of the relay's own errors, less the request id. */
export function createAnswers(
  messages: Readonly<Record<FirewallCode, string>>,
): Record<string, CfnWebACL.CustomResponseBodyProperty> {
  return Object.fromEntries(
    Object.entries(messages).map(([code, message]) => [
      code,
      { contentType: 'APPLICATION_JSON', content: JSON.stringify({ error: { code, message } }) },
    ]),
  );
}

/**
 * Refuses a request.
 *
 * @param retryAfterSeconds - When a new try makes sense. An OpenAI client's own tries, seconds later, would only keep the rate
 * up: requests that are refused count too.
 */
export function block(code: FirewallCode, retryAfterSeconds?: number): CfnWebACL.RuleActionProperty {
  return {
    block: {
      customResponse: {
        responseCode: statuses[code],
        customResponseBodyKey: code,
        responseHeaders: [
          { name: 'cache-control', value: 'no-store' },
          ...(retryAfterSeconds === undefined
            ? []
            : [
                { name: 'retry-after', value: String(retryAfterSeconds) },
                { name: 'x-should-retry', value: 'false' },
              ]),
        ],
      },
    },
  };
}

/** A metric under the rule's own name, and samples of the requests that match. */
export function observe(name: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName: name, sampledRequestsEnabled: true };
}
