import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { App, Aws, Duration, Fn, Stack } from 'aws-cdk-lib';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { checkAuthSettings } from '../../src/auth-settings.ts';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import type { AgentRelayProps, JwtAlgorithm, RelayJwtOptions } from '../../src/cdk.ts';
import { findBundle } from '../../src/cdk/bundles.ts';
import { emptyStack, relayProps, resource, synthesizeRelay, synthesizeStack } from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const issuer = 'https://login.example.com/tenant';

describe('the construct of a relay', () => {
  it('is not made where nobody says who may call', () => {
    const { agent } = relayProps;
    assert.throws(() => new AgentRelay(emptyStack(), 'Relay', { agent } as AgentRelayProps), {
      message: 'auth is missing: say who may call, such as RelayAuth.anonymous() for everybody',
    });
  });

  it('tells a relay for everybody so, and lets it read no secret', () => {
    const { settings, statements } = relayOf(() => RelayAuth.anonymous());
    assert.deepEqual(settings, '{"kind":"anonymous"}');
    assert.deepEqual(statements, []);
  });

  for (const [kind, make] of [
    ['api-keys', RelayAuth.apiKeys],
    ['basic', RelayAuth.basic],
  ] as const) {
    it(`names the secret of ${kind}, and lets the relay read that one alone`, () => {
      const { settings, statements } = relayOf((stack) => make(new Secret(stack, 'Callers')));
      assert.deepEqual(settings, { 'Fn::Join': ['', [`{"kind":"${kind}","secretArn":"`, callers, '"}']] });
      assert.deepEqual(statements, [readingOf(callers)]);
    });
  }

  it('lets the relay decrypt with the own key of a secret, nothing but secrets, and with no other', () => {
    const { statements } = relayOf((stack) => {
      const encryptionKey = new Key(stack, 'Key');
      return RelayAuth.apiKeys(new Secret(stack, 'Callers', { encryptionKey }));
    });
    assert.deepEqual(statements, [
      readingOf(callers),
      {
        Action: 'kms:Decrypt',
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } },
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
      },
    ]);
  });

  it('allows for the six characters at the end of an ARN that is known by its name only', () => {
    const { settings, statements } = relayOf((stack) =>
      RelayAuth.apiKeys(Secret.fromSecretNameV2(stack, 'Callers', 'relay/callers')),
    );
    const region = [{ Ref: 'AWS::Partition' }, ':secretsmanager:us-east-1:', { Ref: 'AWS::AccountId' }];
    assert.deepEqual(settings, {
      'Fn::Join': ['', ['{"kind":"api-keys","secretArn":"arn:', ...region, ':secret:relay/callers"}']],
    });
    assert.deepEqual(statements, [
      readingOf({ 'Fn::Join': ['', ['arn:', ...region, ':secret:relay/callers-??????']] }),
    ]);
  });

  it('writes down which tokens are taken, as the relay reads it', () => {
    const { settings, statements } = relayOf(() =>
      RelayAuth.jwt({
        issuer,
        audience: 'chat',
        jwksUri: 'https://login.example.com/keys',
        scopes: ['chat:write'],
        tokenUse: 'access',
        algorithms: ['ES256'],
        clockTolerance: Duration.minutes(1),
      }),
    );
    assert.deepEqual(statements, []);
    assert.deepEqual(checkAuthSettings(JSON.parse(String(settings))), {
      kind: 'jwt',
      issuer,
      audience: ['chat'],
      jwksUri: 'https://login.example.com/keys',
      scopes: ['chat:write'],
      tokenUse: 'access',
      algorithms: ['ES256'],
      clockToleranceSeconds: 60,
    });
  });

  it('leaves out of the tokens that are taken what nobody has said', () => {
    const { settings } = relayOf(() => RelayAuth.jwt({ issuer, audience: ['chat', 'api'] }));
    assert.equal(settings, `{"kind":"jwt","issuer":"${issuer}","audience":["chat","api"]}`);
  });

  it("takes the tokens of a user pool's clients, and of no other client", () => {
    const { settings } = relayOf((stack) => {
      const pool = new UserPool(stack, 'Pool');
      return RelayAuth.cognito(pool, [pool.addClient('Web'), pool.addClient('App')], { tokenUse: 'access' });
    });
    assert.deepEqual(settings, {
      'Fn::Join': [
        '',
        [
          '{"kind":"jwt","issuer":"https://cognito-idp.us-east-1.amazonaws.com/',
          { Ref: 'PoolD3F588B8' },
          '","audience":["',
          { Ref: 'PoolWeb224A1DFF' },
          '","',
          { Ref: 'PoolApp0FDA91BA' },
          '"],"tokenUse":"access"}',
        ],
      ],
    });
  });

  it('takes an issuer that only the deployment knows', () => {
    const { settings } = relayOf(() =>
      RelayAuth.jwt({ issuer: Fn.importValue('Issuer'), audience: Fn.importValue('Audience') }),
    );
    assert.deepEqual(settings, {
      'Fn::Join': [
        '',
        [
          '{"kind":"jwt","issuer":"',
          { 'Fn::ImportValue': 'Issuer' },
          '","audience":["',
          { 'Fn::ImportValue': 'Audience' },
          '"]}',
        ],
      ],
    });
  });

  it('takes several kinds, with the secrets of each', () => {
    const { settings, statements } = relayOf((stack) =>
      RelayAuth.anyOf(
        RelayAuth.apiKeys(new Secret(stack, 'Callers')),
        RelayAuth.anyOf(RelayAuth.jwt({ issuer, audience: 'chat' })),
      ),
    );
    assert.deepEqual(settings, {
      'Fn::Join': [
        '',
        [
          '{"kind":"any-of","of":[{"kind":"api-keys","secretArn":"',
          callers,
          `"},{"kind":"jwt","issuer":"${issuer}","audience":["chat"]}]}`,
        ],
      ],
    });
    assert.deepEqual(statements, [readingOf(callers)]);
  });

  it('fails at synth for what the relay would refuse once it is deployed', () => {
    const jwt = (options: Partial<RelayJwtOptions>) => () => RelayAuth.jwt({ issuer, audience: 'chat', ...options });
    const refusals: [() => unknown, RegExp][] = [
      [
        jwt({ issuer: 'http://login.example.com' }),
        /^auth has the issuer "http:\/\/login\.example\.com"; it must be an /u,
      ],
      [jwt({ issuer: 'login.example.com' }), /^auth has the issuer "login\.example\.com"; it must be an https URL/u],
      [jwt({ audience: [] }), /^auth needs "audience", a list of at least one string$/u],
      [jwt({ audience: '' }), /^auth needs "audience", a list of at least one string$/u],
      [jwt({ jwksUri: 'http://login.example.com/keys' }), /^auth has a "jwksUri" that is not an https URL$/u],
      [
        jwt({ algorithms: ['HS256' as JwtAlgorithm] }),
        /^auth has "algorithms" of which one is not known; allowed are RS/u,
      ],
      [
        jwt({ algorithms: ['none' as JwtAlgorithm] }),
        /^auth has "algorithms" of which one is not known; allowed are RS/u,
      ],
      [
        jwt({ clockTolerance: Duration.minutes(6) }),
        /^auth has a "clockToleranceSeconds" that is not a number from 0 to/u,
      ],
      [() => RelayAuth.cognito(new UserPool(emptyStack(), 'Pool'), []), /^auth needs "audience"/u],
      ...[RelayAuth.apiKeys, RelayAuth.basic].map((make): [() => unknown, RegExp] => [
        () => make({ secretArn: 'relay/callers' }),
        /^auth has the secret "relay\/callers"; it must be an ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>$/u,
      ]),
      [() => RelayAuth.anyOf(), /^auth with the kind any-of needs "of", a list of at least one$/u],
      [
        () => RelayAuth.anyOf(RelayAuth.handler('a.mjs'), RelayAuth.handler('b.mjs')),
        /^auth has more than one handler/u,
      ],
    ];
    for (const [make, message] of refusals) assert.throws(make, { name: 'Error', message });
  });
});

describe('a handler of your own', () => {
  it('is deployed as one file beside the bundle of the relay, and is loaded from there', async (t) => {
    const directory = createDirectory(t);
    const entry = join(directory, 'who.ts');
    mkdirSync(join(directory, 'node_modules', 'staff'), { recursive: true });
    writeFileSync(join(directory, 'node_modules', 'staff', 'index.js'), "module.exports = new Map([['alice', 1]]);");
    writeFileSync(
      entry,
      `import staff from 'staff';
       export const identify = (request: { headers: Record<string, string> }): { id: string } | undefined =>
         staff.has(request.headers['x-staff']) ? { id: 'staff:' + request.headers['x-staff'] } : undefined;`,
    );
    const deployed = deployHandler(entry, join(directory, 'out'));
    const { identify } = (await import(pathToFileURL(join(deployed, 'identity.mjs')).href)) as {
      identify(request: unknown): unknown;
    };
    assert.deepEqual(
      ['alice', 'mallory'].map((name) => identify({ headers: { 'x-staff': name } })),
      [{ id: 'staff:alice' }, undefined],
    );
    const bundle = join(findBundle('relay').directory, 'index.mjs');
    assert.equal(readFileSync(join(deployed, 'index.mjs'), 'utf8'), readFileSync(bundle, 'utf8'));
  });

  it('is not the one of another relay of the app', (t) => {
    const directory = createDirectory(t);
    const app = new App({ outdir: join(directory, 'out') });
    const names = ['alice', 'bob'];
    for (const name of names) {
      const entry = join(directory, `${name}.mjs`);
      writeFileSync(entry, `export const identify = () => ({ id: '${name}' });`);
      const stack = new Stack(app, name, { env: { region: 'us-east-1' } });
      new AgentRelay(stack, 'Relay', { ...relayProps, auth: RelayAuth.handler(entry) });
    }
    const assembly = app.synth();
    const deployed = names.map((name) => {
      const code = directoryOf(assembly.getStackByName(name).template as StackTemplate);
      return /id: "(\w+)"/u.exec(readFileSync(join(directory, 'out', code, 'identity.mjs'), 'utf8'))?.[1];
    });
    assert.deepEqual(deployed, names);
  });

  it('asks nothing of the role, and says no more of itself than that it is there', (t) => {
    const entry = join(createDirectory(t), 'who.mjs');
    writeFileSync(entry, 'export const identify = () => undefined;');
    const { settings, statements } = relayOf(() => RelayAuth.anyOf(RelayAuth.anonymous(), RelayAuth.handler(entry)));
    assert.equal(settings, '{"kind":"any-of","of":[{"kind":"anonymous"},{"kind":"handler"}]}');
    assert.deepEqual(statements, []);
  });

  it('fails at synth where it does not exist, exports something else, or has a mistake in it', (t) => {
    const directory = createDirectory(t);
    const write = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const failures: [entry: string, message: RegExp][] = [
      [join(directory, 'nowhere.ts'), /the handler of auth, .*nowhere\.ts, does not exist/u],
      [write('other.ts', 'export const whoIs = 1;'), /other\.ts, exports whoIs; it must export a function "identify"/u],
      [write('none.ts', '1;'), /none\.ts, exports nothing; it must export a function "identify"/u],
      [write('wrong.ts', 'export const identify = ;'), /wrong\.ts:1:24: ERROR: Unexpected ";"/u],
      [write('lost.ts', "import 'not-there'; export const identify = 1;"), /Could not resolve "not-there"/u],
    ];
    for (const [entry, message] of failures) {
      assert.throws(() => synthesizeRelay({ auth: RelayAuth.handler(entry) }), { message });
    }
  });

  it('is refused beside code of your own, which has its own way to say it', () => {
    assert.throws(() => synthesizeRelay({ auth: RelayAuth.handler('who.mjs'), code: Code.fromInline('1') }), {
      message: 'auth has a handler and code is your own; give createHandler an "authenticator" in your code instead',
    });
  });

  function createDirectory(t: { after(cleanUp: () => void): void }): string {
    const directory = mkdtempSync(join(tmpdir(), 'relay-handler-'));
    t.after(() => rmSync(directory, { recursive: true }));
    return directory;
  }

  function deployHandler(entry: string, outdir: string): string {
    const app = new App({ outdir });
    const stack = new Stack(app, 'Test', { env: { region: 'us-east-1' } });
    new AgentRelay(stack, 'Relay', { ...relayProps, auth: RelayAuth.handler(entry) });
    const template = app.synth().getStackByName('Test').template as StackTemplate;
    return join(outdir, directoryOf(template));
  }

  function directoryOf(template: StackTemplate): string {
    const { S3Key } = resource(template, 'RelayFunctionE902C34E').Properties['Code'] as { readonly S3Key: string };
    return `asset.${S3Key.replace('.zip', '')}`;
  }
});

describe('pages of other origins', () => {
  it('are exact origins, of web views too, or of what only the deployment knows', () => {
    const origins = [
      'https://app.example.com',
      'http://localhost:3000',
      'capacitor://localhost',
      `https://${Aws.ACCOUNT_ID}.example.com`,
    ];
    assert.deepEqual(environmentOf(synthesizeRelay({ cors: { origins } }))['RELAY_CORS'], {
      'Fn::Join': [
        '',
        [
          '{"origins":["https://app.example.com","http://localhost:3000","capacitor://localhost","https://',
          { Ref: 'AWS::AccountId' },
          '.example.com"]}',
        ],
      ],
    });
    assert.equal(environmentOf(synthesizeRelay({ cors: { origins: ['*'] } }))['RELAY_CORS'], '{"origins":["*"]}');
  });

  it('fail at synth where the relay would refuse them', () => {
    const exact = 'it must be an origin, such as https://app.example.com, and no more';
    const refusals: [cors: NonNullable<AgentRelayProps['cors']>, message: string][] = [
      [{ origins: [] }, 'cors.origins is empty; leave cors out where no other origin may call'],
      [{ origins: ['*', 'https://a.example'] }, 'cors.origins has "*" and others; "*" is already all of them'],
      [
        { origins: ['*'], credentials: true },
        'cors.origins is "*" and cors.credentials true: every page could act for whoever visits it',
      ],
      ...[
        'https://a.example/',
        'https://a.example/app',
        'https://A.example',
        'https://a.example:443',
        'https://*.a.example',
        'a.example',
        'null',
        'https://user@a.example',
        'capacitor://localhost/',
      ].map((origin): [{ origins: string[] }, string] => [
        { origins: ['https://ok.example', origin] },
        `cors.origins has "${origin}"; ${exact}`,
      ]),
      [
        { origins: ['https://a.example'], maxAge: Duration.days(2) },
        'cors.maxAge is 172800 s; at most 86,400 s are allowed',
      ],
    ];
    for (const [cors, message] of refusals) assert.throws(() => synthesizeRelay({ cors }), { message });
  });
});

describe('whose conversation it is', () => {
  it('fails at synth for what the relay does not know', () => {
    const sessions = 'shared' as 'derived';
    assert.throws(() => synthesizeRelay({ sessions }), {
      message: 'sessions has "shared"; allowed are derived, as-given',
    });
  });
});

const callers = { Ref: 'Callers8F14BAB6' };

function readingOf(arn: unknown): unknown {
  return { Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: arn };
}

/** What a relay is told of who may call, and what its role may do for it beyond logging and invoking the agent. */
function relayOf(make: (stack: Stack) => RelayAuth): { readonly settings: unknown; readonly statements: unknown } {
  const stack = emptyStack();
  new AgentRelay(stack, 'Relay', { ...relayProps, auth: make(stack) });
  const template = synthesizeStack(stack);
  const { Statement: statements } = resource(template, 'RelayRoleDefaultPolicyA4E9778C').Properties[
    'PolicyDocument'
  ] as { readonly Statement: readonly unknown[] };
  return { settings: environmentOf(template)['RELAY_AUTH'], statements: statements.slice(2) };
}

function environmentOf(template: StackTemplate): Readonly<Record<string, unknown>> {
  const { Environment: environment } = resource(template, 'RelayFunctionE902C34E').Properties;
  return (environment as { readonly Variables: Readonly<Record<string, unknown>> }).Variables;
}
