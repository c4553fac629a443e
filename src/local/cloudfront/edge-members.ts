import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import type { HeaderField, HeaderList } from './header-list.ts';
import { toHeaderMap } from './header-rules.ts';

/** The headers of a Lambda@Edge event, by name in lower case. */
export type HeaderMap = Record<string, { readonly key: string; readonly value: string }[]>;

/** The largest response that a function at the origin's side may generate, in bytes (CloudFront, Quotas on Lambda@Edge). */
const maxGeneratedBytes = 1_048_576;

/** The lines of a header map, or what is wrong with it. A missing `key` is the name itself. */
export function readHeaderMap(map: unknown): HeaderList | string {
  const object = asObject(map);
  if (object === undefined) {
    return 'The headers must be an object.';
  }
  const fields: HeaderField[] = [];
  for (const [name, entries] of Object.entries(object)) {
    if (!Array.isArray(entries)) {
      return `The header ${name} must be an array of { key, value }.`;
    }
    for (const entry of entries.map(asObject)) {
      const { key = name, value } = entry ?? {};
      if (typeof key !== 'string' || typeof value !== 'string') {
        return `The header ${name} must have a string as its value.`;
      }
      if (key.toLowerCase() !== name.toLowerCase()) {
        return `The header ${name} has the key ${key}.`;
      }
      fields.push({ name: key, value });
    }
  }
  return fields;
}

/** The body of a response that a function wrote, or what is wrong with it. */
export function readGeneratedBody(response: JsonObject): Uint8Array | string {
  const { body = '', bodyEncoding = 'text' } = response;
  if (typeof body !== 'string' || (bodyEncoding !== 'text' && bodyEncoding !== 'base64')) {
    return 'The body must be a string, and its encoding text or base64.';
  }
  return JSON.stringify(response).length > maxGeneratedBytes
    ? 'The generated response is too large.'
    : Buffer.from(body, bodyEncoding === 'base64' ? 'base64' : 'utf8');
}

/** An origin as a Lambda@Edge event shows it. */
export function describeOrigin(origin: DeployedOrigin): JsonObject {
  return {
    custom: {
      customHeaders: toHeaderMap(Object.entries(origin.customHeaders).map(([name, value]) => ({ name, value }))),
      domainName: origin.domainName,
      keepaliveTimeout: origin.keepAliveTimeoutSeconds,
      path: origin.path,
      port: 443,
      protocol: 'https',
      readTimeout: origin.readTimeoutMs / 1000,
      sslProtocols: origin.sslProtocols,
    },
  };
}
