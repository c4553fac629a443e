import type { AwsCredentials } from './agentcore/agentcore-settings.ts';
import { LocalChainError } from './local-chain-error.ts';

/**
 * Finds the developer's own AWS credentials as the AWS SDK does: environment, profiles, SSO, and so on. They are asked
 * for once here, so that a missing login is said at the start.
 *
 * @throws LocalChainError where there are none, or where the AWS SDK is not installed.
 */
export async function findAwsCredentials(
  region: string,
  profile: string | undefined,
): Promise<() => Promise<AwsCredentials>> {
  const { BedrockAgentCoreClient } = await import('@aws-sdk/client-bedrock-agentcore').catch(() => {
    throw new LocalChainError(
      'a deployed agent needs the AWS SDK to find your credentials: npm install @aws-sdk/client-bedrock-agentcore',
    );
  });
  const client = new BedrockAgentCoreClient({ region, ...(profile !== undefined && { profile }) });
  const credentials = async (): Promise<AwsCredentials> => {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, sessionToken };
  };
  await credentials().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalChainError(
      `there are no AWS credentials for ${profile === undefined ? 'the deployed agent' : `profile "${profile}"`}: ${reason}; log in (aws sso login, aws configure), or name another profile with --profile`,
      { cause: error },
    );
  });
  return credentials;
}
