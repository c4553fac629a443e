import { STATUS_CODES } from 'node:http';
import { maskHeader, maskPath } from './har-headers.ts';
import type { HopTrace, TracedHeader } from './hop-trace.ts';
import type { RequestLine, ResponseEnding } from './request-line.ts';

/**
 * One entry of an HTTP Archive 1.2, which is one request of a viewer. Times are in milliseconds, sizes in bytes, and -1 is
 * what does not apply or is not known. Members with an underscore are ours, as HAR allows. Neither bodies nor queries are in it.
 */
export interface HarEntry {
  /** ISO 8601, with milliseconds. */
  readonly startedDateTime: string;
  /** From the request's arrival to the end of the response. */
  readonly time: number;
  readonly request: {
    readonly method: string;
    /** Without the query. */
    readonly url: string;
    readonly httpVersion: 'HTTP/1.1';
    /** Always empty: a cookie is a credential. */
    readonly cookies: readonly never[];
    /** As the viewer sent them, credentials masked. */
    readonly headers: readonly TracedHeader[];
    /** Always empty: a query may hold a prompt. */
    readonly queryString: readonly never[];
    readonly headersSize: -1;
    readonly bodySize: number;
  };
  readonly response: {
    readonly status: number;
    readonly statusText: string;
    readonly httpVersion: 'HTTP/1.1';
    readonly cookies: readonly never[];
    /** As the viewer got them, credentials masked. */
    readonly headers: readonly TracedHeader[];
    readonly content: { readonly size: number; readonly mimeType: string };
    readonly redirectURL: string;
    readonly headersSize: -1;
    readonly bodySize: number;
  };
  readonly cache: Readonly<Record<string, never>>;
  readonly timings: {
    readonly blocked: -1;
    readonly dns: -1;
    readonly connect: -1;
    readonly ssl: -1;
    readonly send: 0;
    /** Until the head of the response. */
    readonly wait: number;
    /** From there to its end. */
    readonly receive: number;
  };
  readonly serverIPAddress: '127.0.0.1';
  /** Where a viewer files it. */
  readonly _resourceType: 'fetch';
  /** `x-amz-cf-id`. */
  readonly _requestId: string;
  /** `x-cache`. */
  readonly _cacheResult: string;
  readonly _ending: ResponseEnding;
  /** The faults that met it, as they were written. */
  readonly _faults: readonly string[];
  /** Every hop that the request has passed, in the order of the beginnings; what is not known of one is left out. */
  readonly _hops: readonly HopTrace[];
}

/**
 * Makes an entry of a request.
 *
 * @param origin where the chain listens, `http://127.0.0.1:<port>`
 */
export function toHarEntry(line: RequestLine, origin: string): HarEntry {
  const hops = line.trace.map(withoutSecrets);
  const viewer = hops.find(({ hop }) => hop === 'viewer');
  const wait = Math.min(roundMs(viewer?.headMs ?? line.firstByteMs ?? line.totalMs), roundMs(line.totalMs));
  const receive = roundMs(line.totalMs - wait);
  const headers = viewer?.responseHeaders ?? [];
  return {
    startedDateTime: new Date(line.at).toISOString(),
    time: roundMs(wait + receive),
    request: {
      method: line.method,
      url: `${origin}${maskPath(line.path)}`,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: viewer?.requestHeaders ?? [],
      queryString: [],
      headersSize: -1,
      bodySize: viewer?.requestBytes ?? -1,
    },
    response: {
      status: line.status,
      statusText: STATUS_CODES[line.status] ?? '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers,
      content: { size: line.bytes, mimeType: findHeader(headers, 'content-type') ?? 'x-unknown' },
      redirectURL: findHeader(headers, 'location') ?? '',
      headersSize: -1,
      bodySize: line.bytes,
    },
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait, receive },
    serverIPAddress: '127.0.0.1',
    _resourceType: 'fetch',
    _requestId: line.requestId,
    _cacheResult: line.cacheResult,
    _ending: line.ending,
    _faults: line.faults,
    _hops: hops,
  };
}

function withoutSecrets(hop: HopTrace): HopTrace {
  const { startMs, headMs, endMs, coldStartMs } = hop;
  return {
    ...hop,
    startMs: roundMs(startMs),
    requestHeaders: hop.requestHeaders.map(maskHeader),
    headMs: headMs === undefined ? undefined : roundMs(headMs),
    responseHeaders: hop.responseHeaders.map(maskHeader),
    coldStartMs: coldStartMs === undefined ? undefined : roundMs(coldStartMs),
    chunks: hop.chunks.map(({ atMs, bytes }) => ({ atMs: roundMs(atMs), bytes })),
    endMs: endMs === undefined ? undefined : roundMs(endMs),
  };
}

function findHeader(headers: readonly TracedHeader[], name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value;
}

/** To the microsecond: more digits are noise, and fill the file. */
function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
