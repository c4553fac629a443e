import { RelayError } from './errors.ts';
import { isJsonObject, parseJson } from './json.ts';
import { environmentNames } from './settings.ts';
import type { CorsSettings, Environment } from './settings.ts';

/**
 * Reads from the environment which pages of other origins may call.
 *
 * @returns undefined where none may.
 * @throws RelayError `internal_error` whose cause says what is wrong and what is allowed.
 */
export function readCorsSettings(environment: Environment): CorsSettings | undefined {
  const text = environment[environmentNames.cors] ?? '';
  return text === '' ? undefined : checkCorsSettings(parseJson(text));
}

/** A scheme, a host and a port where it is not the scheme's own: what browsers send as `Origin` (RFC 6454, 6.2). */
const originForm = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/u;

/**
 * Checks settings that were read from somewhere.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong and what is allowed.
 */
export function checkCorsSettings(value: unknown): CorsSettings {
  if (!isJsonObject(value)) throw refuse('must be a JSON object with "origins"');
  const { origins, credentials, maxAgeSeconds, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refuse(`has "${unknown}", which is none of origins, credentials, maxAgeSeconds`);
  if (!Array.isArray(origins) || origins.length === 0) throw refuse('needs "origins", a list of at least one');
  for (const origin of origins as readonly unknown[]) checkOrigin(origin);
  if (origins.includes('*') && origins.length > 1) throw refuse('has "*" beside other origins; it is allowed alone');
  if (credentials !== undefined && typeof credentials !== 'boolean')
    throw refuse('has "credentials" that are no boolean');
  if (credentials === true && origins.includes('*')) {
    throw refuse('has "*" with credentials: any page could act as its visitor; name the origins');
  }
  if (maxAgeSeconds !== undefined && !isMaxAge(maxAgeSeconds)) {
    throw refuse('has a "maxAgeSeconds" that is not a whole number from 0 to 86400');
  }
  return { origins: origins as readonly string[], credentials, maxAgeSeconds };
}

function checkOrigin(origin: unknown): void {
  if (origin === '*') return;
  const isWeb = typeof origin === 'string' && /^https?:/u.test(origin);
  const isExact =
    typeof origin === 'string' &&
    originForm.test(origin) &&
    (!isWeb || (URL.canParse(origin) && new URL(origin).origin === origin));
  if (isExact) return;
  throw refuse(
    `has the origin ${JSON.stringify(origin)}; allowed are "*" and exact origins as a browser sends them, such as https://app.example.com: lower case, no path, no port that is the scheme's own`,
  );
}

function isMaxAge(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 86_400;
}

function refuse(fault: string): RelayError {
  return new RelayError('internal_error', { cause: `${environmentNames.cors} ${fault}` });
}
