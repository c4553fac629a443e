import { RelayError } from '../errors.ts';

/** Where a secret is read. */
export interface SecretLocation {
  /** The region that requests are signed for. */
  readonly region: string;
  /** Base URL of the service. */
  readonly endpoint: URL;
}

/** ARNs of secrets; the name may have any of `/_+=.@-` (Secrets Manager, CreateSecret, `Name`). */
const secretArnPattern = /^arn:(aws[a-z-]*):secretsmanager:([a-z0-9-]+):\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/u;

/**
 * Finds the service that holds a secret: in the ARN's region, whatever the relay's own.
 *
 * @param endpoint Base URL to be used instead of the region's own; may be `http:`.
 * @throws RelayError `internal_error` whose cause says it, where the ARN is none or the endpoint is no http or https URL.
 */
export function locateSecret(secretArn: string, endpoint?: string): SecretLocation {
  const parts = secretArnPattern.exec(secretArn);
  if (parts === null) {
    throw new RelayError('internal_error', {
      cause: `the secret is "${secretArn}"; it must be an ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>`,
    });
  }
  const [, partition, region = ''] = parts;
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const text = endpoint ?? `https://secretsmanager.${region}.${suffix}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RelayError('internal_error', {
      cause: `the endpoint of Secrets Manager is "${text}"; it must be an https or http URL`,
    });
  }
  return { region, endpoint: url };
}
