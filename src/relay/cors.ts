import type { DirectAnswer } from '../protocols/protocol.ts';
import type { CorsSettings } from '../settings.ts';
import type { RelayRequest } from './relay-request.ts';

/** What is to be done about the page that a request comes from. */
export type CorsDecision =
  /** The browser asks whether the page may send what it is about to send: this answers it, without authentication. */
  | { readonly kind: 'preflight'; readonly answer: DirectAnswer }
  /** The request may go on; every answer to it, errors too, has these headers. */
  | { readonly kind: 'allowed'; readonly headers: Readonly<Record<string, string>> }
  /** The page may not: `origin_not_allowed`. */
  | { readonly kind: 'refused' };

type Headers = RelayRequest['headers'];

/** How long a browser may keep a preflight's answer, in seconds, where the settings do not say it. */
const defaultMaxAgeSeconds = 600;

/** What clients read of an answer and a page would not see otherwise (Fetch, "CORS-safelisted response-header name"). */
const exposedHeaders = 'allow, retry-after, www-authenticate, x-request-id, x-runtime-session-id, x-should-retry';

/**
 * The headers that pages may send: credentials, what names a conversation, tracing, and what the browser builds of clients add
 * of their own (`openai` 4, 6 and 7: `x-stainless-*`, `openai-*`, `idempotency-key`; `ai` 5, 6 and 7: `user-agent`).
 */
const requestHeaderForm =
  /^(?:accept|authorization|baggage|cache-control|content-type|idempotency-key|last-event-id|openai-[a-z-]+|traceparent|tracestate|user-agent|x-amzn-trace-id|x-api-key|x-openwebui-chat-id|x-requested-with|x-session-id|x-stainless-[a-z-]+)$/u;

/**
 * Decides whether the page that a request comes from may send it, and whether it may read the answer: its own pages may, those
 * of other origins where they are listed, and whatever is no page.
 *
 * CORS alone keeps a page from reading, not from sending: a form, an image, a link and a `fetch` with `text/plain` need no
 * preflight (Fetch, "CORS-safelisted request-header"), and a browser adds Basic credentials by itself. So requests are
 * refused by where they come from: by `Sec-Fetch-Site` (Fetch Metadata, 2.4), which no page can set, and which all browsers
 * send to https and to this machine; else by `Origin` against `Host`. What an old browser sends to plain http without
 * `Origin`, an image or a link, cannot be told from a request of no browser.
 *
 * A public page's way into a private network (`Access-Control-Request-Private-Network`) is never opened.
 *
 * @param settings - undefined allows the relay's own pages only.
 * @param request - `host` is the one that the viewer called.
 * @param methods - The methods that the path takes.
 */
export function decideCors(
  settings: CorsSettings | undefined,
  { method, headers }: Pick<RelayRequest, 'method' | 'headers'>,
  methods: readonly string[],
): CorsDecision {
  const isListed = settings !== undefined && isListedOrigin(settings, headers);
  if (!isListed && !isOwnPage(headers)) return { kind: 'refused' };
  if (settings === undefined) return { kind: 'allowed', headers: {} };
  const shared = isListed ? admit(settings, headers['origin'] ?? '') : {};
  if (isListed && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
    const { maxAgeSeconds = defaultMaxAgeSeconds } = settings;
    const requested = listRequestHeaders(headers['access-control-request-headers'] ?? '');
    return {
      kind: 'preflight',
      answer: {
        status: 204,
        headers: {
          vary: 'origin, access-control-request-method, access-control-request-headers',
          ...shared,
          'access-control-allow-methods': methods.join(', '),
          ...(requested.length === 0 ? {} : { 'access-control-allow-headers': requested.join(', ') }),
          'access-control-max-age': String(maxAgeSeconds),
        },
        body: '',
      },
    };
  }
  return {
    kind: 'allowed',
    headers: {
      vary: 'origin',
      ...shared,
      ...(isListed ? { 'access-control-expose-headers': exposedHeaders } : {}),
    },
  };
}

/** Whether the settings let the page call. Without an `Origin` it cannot be known which page it is. */
function isListedOrigin({ origins }: CorsSettings, headers: Headers): boolean {
  const { origin } = headers;
  if (origin === undefined) return false;
  if (origins.includes(origin)) return true;
  return origins.includes('*') && !hasBrowserCredentials(headers);
}

/** The schemes whose credentials browsers add by themselves (IANA's registry: RFC 7617, 7616 and 4559; NTLM is Microsoft's). */
const browserScheme = /^(?:basic|digest|negotiate|ntlm)\b/iu;

/**
 * Whether a request may hold what a browser added by itself. Where any page may call, none may do it in its visitor's name:
 * the answer would be hidden from it, but the agent would have run.
 */
function hasBrowserCredentials({ authorization, cookie }: Headers): boolean {
  return cookie !== undefined || (authorization !== undefined && browserScheme.test(authorization.trim()));
}

/** Whether a request comes from a page of the relay's own origin, from the user directly, or from no page at all. */
function isOwnPage({ host, origin, 'sec-fetch-site': site }: Headers): boolean {
  switch (site) {
    case undefined:
      return origin === undefined || (host !== undefined && isOriginOf(origin, host));
    case 'same-origin':
      // A page whose origin is opaque, such as a sandboxed frame, is nobody's.
      return origin !== 'null';
    case 'none':
      return true;
    default:
      return false;
  }
}

/** The scheme is the page's: what is in front of the relay may have taken TLS off. */
function isOriginOf(origin: string, host: string): boolean {
  const [, scheme] = /^(https?:)\/\//u.exec(origin) ?? [];
  const own = `${scheme}//${host}`;
  return scheme !== undefined && URL.canParse(own) && new URL(own).origin === origin;
}

function admit({ origins, credentials = false }: CorsSettings, origin: string): Record<string, string> {
  if (!origins.includes(origin)) return { 'access-control-allow-origin': '*' };
  return {
    'access-control-allow-origin': origin,
    ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}

function listRequestHeaders(requested: string): string[] {
  const names = requested.split(',').map((name) => name.trim().toLowerCase());
  return [...new Set(names)].filter((name) => requestHeaderForm.test(name));
}
