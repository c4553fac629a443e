import { isJsonObject, parseJson } from '../../json.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';

/** The content type that says that a prelude comes first (Lambda Runtime API, response streaming). */
export const preludeContentType = 'application/vnd.awslambda.http-integration-response';

/** NUL bytes between the prelude and the body. */
const delimiter = Buffer.alloc(8);

/** Longest prelude. Lambda does not name a limit; what is longer here is a body that has none. */
const maxPreludeBytes = 1_048_576;

/** Status and headers of a streamed answer. */
export interface Prelude {
  /** Default 200. */
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Each a whole `set-cookie` value. */
  readonly cookies: readonly string[];
}

/** The prelude and the bytes after it that came in the same chunk. */
export interface PreludeAndRest {
  readonly prelude: Prelude;
  readonly rest: Buffer;
}

/** Bytes in, cut anywhere; the prelude out, once. */
export interface PreludeParser {
  /**
   * Takes the next bytes. Gives the prelude once its delimiter is complete.
   *
   * @throws LambdaFunctionError where these bytes cannot be a prelude.
   */
  push(bytes: Uint8Array): PreludeAndRest | undefined;
  /**
   * Tells that no more bytes come, and gives undefined where there was none at all.
   *
   * @throws LambdaFunctionError where there were some: a function that names this content type owes a prelude.
   */
  end(): undefined;
}

/** Makes the parser of one answer. */
export function createPreludeParser(): PreludeParser {
  let collected: Buffer = Buffer.alloc(0);
  return {
    push: (bytes) => {
      // The delimiter may have begun in the bytes before: look again at as many as can belong to it.
      const from = Math.max(0, collected.length - delimiter.length + 1);
      collected = collected.length === 0 ? Buffer.from(bytes) : Buffer.concat([collected, bytes]);
      const index = collected.indexOf(delimiter, from);
      if (index !== -1) {
        return {
          prelude: parsePrelude(collected.toString('utf8', 0, index)),
          rest: collected.subarray(index + delimiter.length),
        };
      }
      if (collected.length > maxPreludeBytes) {
        throw refusal(`there is none in the first ${maxPreludeBytes} bytes`);
      }
      return undefined;
    },
    end: () => {
      if (collected.length > 0) {
        throw refusal(
          `the answer ends after ${collected.length} bytes without one: HttpResponseStream.from sends the prelude with the first write(), never with end()`,
        );
      }
    },
  };
}

function parsePrelude(text: string): Prelude {
  const value = parseJson(text);
  if (value === undefined) {
    throw refusal('it is not JSON');
  }
  if (!isJsonObject(value)) {
    throw refusal(`it must be an object, not ${JSON.stringify(value)}`);
  }
  return {
    statusCode: readStatusCode(value['statusCode']),
    headers: readHeaders(value['headers']),
    cookies: readCookies(value['cookies']),
  };
}

function readStatusCode(value: unknown): number {
  const statusCode = value === undefined || value === null ? 200 : Number(value);
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) {
    throw refusal(`its statusCode is ${JSON.stringify(value)}; it must be 100 to 599`);
  }
  return statusCode;
}

function readHeaders(value: unknown): Record<string, string> {
  if (value === undefined || value === null) {
    return {};
  }
  if (!isJsonObject(value)) {
    throw refusal('its headers must be an object');
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, header]) => {
      if (typeof header !== 'string' && typeof header !== 'number' && typeof header !== 'boolean') {
        throw refusal(`its header ${name} must be a string, a number or a boolean`);
      }
      return [name, String(header)];
    }),
  );
}

function readCookies(value: unknown): readonly string[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (!Array.isArray(value) || !value.every((cookie) => typeof cookie === 'string')) {
    throw refusal('its cookies must be a list of strings');
  }
  return value;
}

function refusal(reason: string): LambdaFunctionError {
  return new LambdaFunctionError(
    'function-error',
    'Runtime.InvalidPrelude',
    `the prelude is missing or wrong: ${reason}`,
  );
}
