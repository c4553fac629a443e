import { Token } from 'aws-cdk-lib';
import type { Duration } from 'aws-cdk-lib';
import type { IUserPool, IUserPoolClient } from 'aws-cdk-lib/aws-cognito';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { checkAuthSettings } from '../auth-settings.ts';
import type { AuthSettings, JwtAlgorithm } from '../auth-settings.ts';
import { RelayError } from '../errors.ts';

/** A secret of AWS Secrets Manager: any `ISecret`, and a `Secret` under `exactOptionalPropertyTypes` too. */
export interface RelaySecret {
  /** ARN, or what of it is known by the secret's name. */
  readonly secretArn: string;
  /** ARN with the six characters that AWS puts at its end, where they are known. */
  readonly secretFullArn?: string | undefined;
  /** The secret's own key, where it has one. The relay may decrypt with it. */
  readonly encryptionKey?: IKey | undefined;
}

/** Which tokens are taken, whoever issues them. */
export interface RelayTokenOptions {
  /**
   * Scopes that a token must have, all of them. Without one the answer is 403.
   *
   * @default - none
   */
  readonly scopes?: string[];

  /**
   * Amazon Cognito's `token_use`.
   *
   * @default - either
   */
  readonly tokenUse?: 'access' | 'id';

  /**
   * How far the issuer's clock may be from AWS's; at most 5 minutes.
   *
   * @default Duration.seconds(30)
   */
  readonly clockTolerance?: Duration;
}

/** Which tokens of an OpenID Connect issuer are taken. */
export interface RelayJwtOptions extends RelayTokenOptions {
  /** `iss` of the tokens, exactly: an https URL. */
  readonly issuer: string;

  /** What the tokens must be meant for: one of these in `aud`, or in `client_id` where a token has no `aud`. */
  readonly audience: string | string[];

  /**
   * URL of the issuer's key set.
   *
   * @default - what `<issuer>/.well-known/openid-configuration` says
   */
  readonly jwksUri?: string;

  /**
   * The signature algorithms that are taken.
   *
   * @default - RS256, PS256, ES256, ES384 and EdDSA
   */
  readonly algorithms?: JwtAlgorithm[];
}

/** Who may call the relay. */
export class RelayAuth {
  /** What the relay reads from its environment; it may hold tokens of the CDK. */
  readonly settings: AuthSettings;
  /** The secrets that the relay has to read. */
  readonly secrets: readonly RelaySecret[];
  /** The user's own module, where there is one. */
  readonly entry: string | undefined;

  private constructor(settings: AuthSettings, secrets: readonly RelaySecret[] = [], entry?: string) {
    checkValues(settings);
    this.settings = settings;
    this.secrets = secrets;
    this.entry = entry;
  }

  /** Everybody who knows the URL. */
  static anonymous(): RelayAuth {
    return new RelayAuth({ kind: 'anonymous' });
  }

  /**
   * Whoever has one of the keys whose hashes are in this secret, as `Authorization: Bearer` or `x-api-key`. Its document is
   * `{"keys":[{"id":"alice","hash":"sha256:…"}]}`; `agentcore-relay key create` makes an entry.
   *
   * @throws Error for a secret whose ARN is none.
   */
  static apiKeys(secret: RelaySecret): RelayAuth {
    return new RelayAuth({ kind: 'api-keys', secretArn: requireArn(secret) }, [secret]);
  }

  /**
   * Whoever has an id and its password. The secret's document is `{"users":[{"id":"alice","hash":"scrypt:…"}]}`.
   *
   * @throws Error for a secret whose ARN is none.
   */
  static basic(secret: RelaySecret): RelayAuth {
    return new RelayAuth({ kind: 'basic', secretArn: requireArn(secret) }, [secret]);
  }

  /**
   * Whoever has a token of an OpenID Connect issuer.
   *
   * @throws Error for an issuer that is no https URL, for no audience, and for an algorithm with a shared secret or none.
   */
  static jwt(options: RelayJwtOptions): RelayAuth {
    const { issuer, audience, jwksUri, scopes, tokenUse, algorithms, clockTolerance } = options;
    return new RelayAuth({
      kind: 'jwt',
      issuer,
      audience: typeof audience === 'string' ? [audience] : audience,
      jwksUri,
      scopes,
      tokenUse,
      algorithms,
      clockToleranceSeconds: clockTolerance?.toSeconds(),
    });
  }

  /**
   * Whoever has a token of an Amazon Cognito user pool, made for one of these clients.
   *
   * @throws Error for no client.
   */
  static cognito(userPool: IUserPool, clients: IUserPoolClient[], options: RelayTokenOptions = {}): RelayAuth {
    return RelayAuth.jwt({
      ...options,
      issuer: `https://cognito-idp.${userPool.env.region}.amazonaws.com/${userPool.userPoolId}`,
      audience: clients.map((client) => client.userPoolClientId),
    });
  }

  /**
   * Whom a module of your own recognizes: a file that exports `identify(request)`. It is bundled with esbuild, which has to
   * be installed beside it.
   */
  static handler(entry: string): RelayAuth {
    return new RelayAuth({ kind: 'handler' }, [], entry);
  }

  /**
   * Whom one of these recognizes.
   *
   * @throws Error for none, and for more than one handler.
   */
  static anyOf(...kinds: RelayAuth[]): RelayAuth {
    const [entry, ...others] = kinds.flatMap((auth) => (auth.entry === undefined ? [] : [auth.entry]));
    if (others.length > 0) {
      throw new Error('auth has more than one handler; one module can try all that it knows');
    }
    const of = kinds.flatMap(({ settings }) => (settings.kind === 'any-of' ? settings.of : [settings]));
    return new RelayAuth(
      { kind: 'any-of', of },
      kinds.flatMap(({ secrets }) => secrets),
      entry,
    );
  }
}

function requireArn({ secretArn }: RelaySecret): string {
  if (Token.isUnresolved(secretArn) || /^arn:aws[a-z-]*:secretsmanager:/u.test(secretArn)) return secretArn;
  throw new Error(
    `auth has the secret "${secretArn}"; it must be an ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>`,
  );
}

/** The relay would refuse the same values, but only once it is deployed. */
function checkValues(settings: AuthSettings): void {
  try {
    checkAuthSettings(replaceTokens(settings));
  } catch (thrown) {
    const { cause } = RelayError.from(thrown);
    throw new Error(String(cause).replace(/^\S+/u, 'auth'), { cause: thrown });
  }
}

/** What only the deployment knows is taken to be right: a URL is one wherever a text is asked for. */
function replaceTokens(value: unknown): unknown {
  if (typeof value === 'string') return Token.isUnresolved(value) ? 'https://token.example' : value;
  if (Array.isArray(value)) return value.map(replaceTokens);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaceTokens(member)]));
}
