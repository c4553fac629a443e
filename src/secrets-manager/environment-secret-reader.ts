import { readEnvironmentCredentials } from '../agentcore/environment-credentials.ts';
import type { Environment } from '../settings.ts';
import { createSecretReader } from './secret-reader.ts';
import type { SecretReader } from './secret-reader.ts';

/**
 * The reader of a secret with everything else from the environment, under the names of the AWS SDKs: the endpoint from
 * `AWS_ENDPOINT_URL_SECRETS_MANAGER` before `AWS_ENDPOINT_URL` before the region's own; the credentials anew for each read.
 *
 * @throws RelayError `internal_error` whose cause says it, where the ARN is none or the endpoint is no http or https URL.
 */
export function createEnvironmentSecretReader(secretArn: string, environment: Environment): SecretReader {
  return createSecretReader({
    secretArn,
    credentials: () => readEnvironmentCredentials(environment),
    endpoint: environment['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? environment['AWS_ENDPOINT_URL'],
  });
}
