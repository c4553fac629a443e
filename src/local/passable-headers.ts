/** Most headers that a runtime's allowlist names (AgentCore Runtime, "Pass custom headers"). */
export const maxAllowlistLength = 20;

/** Largest value of a header that is passed on, in bytes (AgentCore Runtime, "Pass custom headers"). */
export const maxPassedHeaderBytes = 4096;

/** The only names with AWS's own prefixes that may be passed on. */
const customPrefix = 'x-amzn-bedrock-agentcore-runtime-custom-';

/** Headers that a runtime may not be configured for (AgentCore Runtime, "Pass custom headers", "Restricted headers"). */
const restricted: ReadonlySet<string> = new Set(
  [
    'proxy-authorization www-authenticate',
    'accept accept-charset accept-encoding accept-language content-type content-length content-encoding content-language',
    'content-location content-range',
    'cache-control etag expires if-match if-modified-since if-none-match if-range if-unmodified-since last-modified pragma',
    'vary connection keep-alive proxy-connection upgrade host user-agent referer from',
    'range accept-ranges transfer-encoding te trailer server date location retry-after set-cookie cookie',
    'content-security-policy content-security-policy-report-only strict-transport-security x-content-type-options',
    'x-frame-options x-xss-protection referrer-policy permissions-policy cross-origin-embedder-policy',
    'cross-origin-opener-policy cross-origin-resource-policy',
    'access-control-allow-origin access-control-allow-methods access-control-allow-headers',
    'access-control-allow-credentials access-control-expose-headers access-control-max-age',
    'access-control-request-method access-control-request-headers origin',
    'accept-ch accept-ch-lifetime dpr width viewport-width downlink ect rtt save-data',
    'clear-site-data feature-policy expect-ct public-key-pins public-key-pins-report-only',
    'via forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip x-requested-with x-csrf-token',
    'true-client-ip x-client-ip x-cluster-client-ip x-originating-ip x-source-ip x-original-url x-original-host',
    'x-rewrite-url cf-ray cf-connecting-ip x-amz-cf-id x-cache x-served-by link',
    'sec-websocket-key sec-websocket-accept sec-websocket-version sec-websocket-protocol sec-websocket-extensions',
  ].flatMap((names) => names.split(' ')),
);

/** Why AgentCore does not take a name into a runtime's allowlist, in words that follow it; undefined where it does. */
export function explainRestriction(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (!/^[a-z][a-z0-9_-]{0,255}$/u.test(lower)) {
    return 'is no name of a header: a letter, then letters, digits, hyphens and underscores, 256 at most';
  }
  if (restricted.has(lower)) {
    return 'is a header that AgentCore never passes on';
  }
  if (lower.startsWith('x-amz-') || (lower.startsWith('x-amzn-') && !lower.startsWith(customPrefix))) {
    return "has a prefix that AWS keeps to itself; only X-Amzn-Bedrock-AgentCore-Runtime-Custom-… is the runtime's";
  }
  return undefined;
}
