import { RelayError } from '../errors.ts';
import type { Environment } from '../settings.ts';

/** AWS credentials, temporary or not. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Comes with temporary credentials only. */
  readonly sessionToken?: string | undefined;
}

/**
 * Reads the credentials that Lambda, and any AWS tool, finds in its environment (AWS Lambda Developer Guide, "Defined
 * runtime environment variables").
 *
 * @throws RelayError `internal_error` whose cause names the variables that are missing.
 */
export function readEnvironmentCredentials(environment: Environment): Credentials {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'] ?? '';
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'] ?? '';
  const missing = [
    ...(accessKeyId === '' ? ['AWS_ACCESS_KEY_ID'] : []),
    ...(secretAccessKey === '' ? ['AWS_SECRET_ACCESS_KEY'] : []),
  ];
  if (missing.length > 0) {
    throw new RelayError('internal_error', {
      cause: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set; calls to AWS must be signed with credentials`,
    });
  }
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}
