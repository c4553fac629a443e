/** Gets a JSON document. Rejects where there is none; settles within seconds. */
export type FetchJson = (url: string) => Promise<unknown>;

/** Bounds of {@link createFetchJson}. */
export interface FetchJsonOptions {
  /** Time for all of it, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Longest document, in bytes. Default 1,048,576. */
  readonly maxBytes?: number | undefined;
}

/**
 * Gets JSON documents by Node's `fetch`, which is loaded by the first one. Only status 200 is an answer: whoever could redirect
 * a request for an issuer's keys would be the issuer.
 */
export function createFetchJson({ timeoutMs = 5_000, maxBytes = 1_048_576 }: FetchJsonOptions = {}): FetchJson {
  return async (url) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'application/json' }, signal });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new Error(`${url} answered with status ${response.status}, not with 200`);
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    // To leave the loop early cancels the response.
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      if (length > maxBytes) throw new Error(`${url} answered with more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    try {
      return JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      throw new Error(`${url} answered with what is not JSON`);
    }
  };
}
