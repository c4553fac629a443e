import { isJsonObject, parseJson } from '../../json.ts';
import { environmentNames } from '../../settings.ts';
import type { Environment } from '../../settings.ts';
import type { DeployedAuth, DeployedSecret, SecretKind } from './deployment.ts';
import type { Templates } from './templates.ts';

/** The kinds of authentication whose hashes are in a secret. */
const secretKinds: readonly SecretKind[] = ['api-keys', 'basic'];

/** Reads from the environments of the relay's functions who may call, and of the templates the secrets that `RELAY_AUTH` names. */
export function readAuth(environments: readonly Environment[], templates: Templates): DeployedAuth {
  const texts = new Set(environments.map((environment) => environment[environmentNames.auth]));
  const settings = [...texts].flatMap((text) => flatten(parseJson(text ?? '')));
  const secrets = new Map<string, DeployedSecret>();
  for (const { kind, secretArn } of settings) {
    const secretKind = secretKinds.find((known) => known === kind);
    if (secretKind !== undefined && secretArn !== undefined) {
      secrets.set(secretArn, readSecret(secretKind, secretArn, templates));
    }
  }
  return { kinds: [...new Set(settings.map(({ kind }) => kind))], secrets: [...secrets.values()] };
}

interface Setting {
  readonly kind: string;
  readonly secretArn: string | undefined;
}

/** What is wrong in it is for the relay to say. */
function flatten(settings: unknown): readonly Setting[] {
  if (!isJsonObject(settings) || typeof settings['kind'] !== 'string') {
    return [];
  }
  const { kind, of, secretArn } = settings;
  if (Array.isArray(of)) {
    return of.flatMap(flatten);
  }
  return [{ kind, secretArn: typeof secretArn === 'string' ? secretArn : undefined }];
}

function readSecret(kind: SecretKind, arn: string, templates: Templates): DeployedSecret {
  const resource = templates.findBy('AWS::SecretsManager::Secret', 'Ref', arn);
  return {
    kind,
    arn,
    logicalId: resource?.logicalId,
    value: resource?.get('SecretString').optionalString(),
  };
}
