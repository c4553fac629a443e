import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { findBundle } from './bundles.ts';
import { bundleIdentity } from './identity-module.ts';

/**
 * The code of the relay: your own, or the package's own bundle, with the user's identity module beside it where there is one.
 *
 * @throws Error where the module cannot be bundled, and where there is one for code of your own.
 */
export function createRelayCode(code: lambda.Code | undefined, identityEntry: string | undefined): lambda.Code {
  if (identityEntry === undefined) return code ?? lambda.Code.fromAsset(findBundle('relay').directory);
  if (code !== undefined) {
    throw new Error(
      'auth has a handler and code is your own; give createHandler an "authenticator" in your code instead',
    );
  }
  const { directory } = findBundle('relay');
  // Before the CDK asks for it: what goes wrong is then said in one sentence of our own.
  const identity = bundleIdentity(identityEntry);
  return lambda.Code.fromAsset(directory, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: all is done in this process.
      image: DockerImage.fromRegistry('none'),
      // The CDK bundles once for each folder and options, and sees no difference between two functions: without the module
      // in here, each relay of an app would get the first one's.
      environment: { IDENTITY: identity },
      local: {
        tryBundle: (outputDirectory) => {
          cpSync(directory, outputDirectory, { recursive: true });
          writeFileSync(join(outputDirectory, 'identity.mjs'), identity);
          return true;
        },
      },
    },
  });
}
