import { Token } from 'aws-cdk-lib';
import type { Duration } from 'aws-cdk-lib';
import type { CorsSettings } from '../settings.ts';

/** Which pages of other origins a browser may let call. */
export interface RelayCors {
  /** Exact origins, such as `https://app.example.com`; `*` alone is every origin, and excludes `credentials`. */
  readonly origins: string[];

  /**
   * Whether browsers may send what they hold for the relay themselves: Basic credentials.
   *
   * @default false
   */
  readonly credentials?: boolean;

  /**
   * How long a browser may keep a preflight's answer; at most a day.
   *
   * @default Duration.minutes(10)
   */
  readonly maxAge?: Duration;
}

/** An origin of an app's web view, such as `capacitor://localhost`: the URL standard gives those no origin of their own. */
const otherOrigin = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d+)?$/u;

/**
 * Checks what the relay would refuse once it is deployed.
 *
 * @throws Error for no origin, for what is not an exact one, for `*` beside another or with credentials, and over a day.
 */
export function readCors({ origins, credentials, maxAge }: RelayCors): CorsSettings {
  if (origins.length === 0) throw new Error('cors.origins is empty; leave cors out where no other origin may call');
  const isEvery = origins.includes('*');
  if (isEvery && origins.length > 1) throw new Error('cors.origins has "*" and others; "*" is already all of them');
  if (isEvery && credentials === true) {
    throw new Error('cors.origins is "*" and cors.credentials true: every page could act for whoever visits it');
  }
  const inexact = isEvery ? undefined : origins.find((origin) => !isExactOrigin(origin));
  if (inexact !== undefined) {
    throw new Error(
      `cors.origins has "${inexact}"; it must be an origin, such as https://app.example.com, and no more`,
    );
  }
  const maxAgeSeconds = maxAge?.toSeconds();
  if (maxAgeSeconds !== undefined && maxAgeSeconds > 86_400) {
    throw new Error(`cors.maxAge is ${maxAgeSeconds} s; at most 86,400 s are allowed`);
  }
  return { origins, credentials, maxAgeSeconds };
}

/** As a browser writes it: lower case, no default port, no path. The relay compares it letter by letter. */
function isExactOrigin(origin: string): boolean {
  if (Token.isUnresolved(origin)) return true;
  if (otherOrigin.test(origin)) return true;
  return !origin.includes('*') && URL.canParse(origin) && new URL(origin).origin === origin;
}
