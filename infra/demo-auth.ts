import { RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { RelayAuth } from '../src/cdk.ts';

/** Who may call the demo. */
export type DemoAuthSettings =
  | { readonly kind: 'api-keys' | 'basic' | 'anonymous' }
  | { readonly kind: 'jwt'; readonly issuer: string; readonly audience: readonly string[] };

/** The kinds of {@link DemoAuthSettings}, the default first. */
export const demoAuthKinds: readonly DemoAuthSettings['kind'][] = ['api-keys', 'basic', 'jwt', 'anonymous'];

/** Who may call the demo, with the secret that this takes. At first nobody is in it, and nobody gets in. */
export class DemoAuth extends Construct {
  /** As {@link AgentRelayProps.auth} takes it. */
  readonly auth: RelayAuth;
  /** What `curl` needs to get in, before the URL; empty where nothing. */
  readonly curlOptions: string;
  /** Name of the secret, where there is one. */
  readonly secretName: string | undefined;
  /** The command that puts the first caller into the secret. */
  readonly admission: string | undefined;

  constructor(scope: Construct, id: string, settings: DemoAuthSettings) {
    super(scope, id);
    switch (settings.kind) {
      case 'api-keys': {
        const secret = createSecret(this, 'keys');
        this.auth = RelayAuth.apiKeys(secret);
        this.curlOptions = '-H "authorization: Bearer $RELAY_KEY" ';
        this.secretName = secret.secretName;
        this.admission = admit('key create alice', 'relay-keys.json', secret);
        break;
      }
      case 'basic': {
        const secret = createSecret(this, 'users');
        this.auth = RelayAuth.basic(secret);
        this.curlOptions = '-u alice ';
        this.secretName = secret.secretName;
        this.admission = admit('user create alice', 'relay-users.json', secret);
        break;
      }
      case 'jwt':
        this.auth = RelayAuth.jwt({ issuer: settings.issuer, audience: [...settings.audience] });
        this.curlOptions = '-H "authorization: Bearer $TOKEN" ';
        break;
      case 'anonymous':
        this.auth = RelayAuth.anonymous();
        this.curlOptions = '';
        break;
    }
  }
}

/**
 * CloudFormation writes the value when the secret is made, and again only where it is changed here: what you put there stays. Hence a
 * secret for each kind: as a new value of the same one, an empty list of users would wipe the keys, also in a deployment that fails.
 */
function createSecret(scope: Construct, member: 'keys' | 'users'): Secret {
  const [id, what] = member === 'keys' ? ['Keys', 'keys'] : ['Users', 'passwords'];
  return new Secret(scope, id, {
    description: `Who may call agentcore-relay: hashes of ${what}`,
    secretStringValue: SecretValue.unsafePlainText(JSON.stringify({ [member]: [] })),
    // Hashes for a relay that is gone; whoever still needs them has the file.
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** `npx node` is the project's own Node.js, whichever is installed. */
function admit(command: string, file: string, { secretName, env }: Secret): string {
  return `npx node src/cli.ts ${command} && aws secretsmanager put-secret-value --region ${env.region} --secret-id ${secretName} --secret-string file://${file}`;
}
