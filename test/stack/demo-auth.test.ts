import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRelayApp } from '../../infra/relay-app.ts';
import { onlyResource, resource, resourcesOf, synthesizeApp, templateOf } from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const url = ['https://', { 'Fn::GetAtt': ['RelayDistributionF48850AF', 'DomainName'] }];
const question = ` -d '{"prompt":"What is 6 times 7?","response":"transformed"}'`;

test('lets nobody in at first, and says with which command the first one gets in', () => {
  const byDefault = deploy({});
  assert.deepEqual(deploy({ auth: 'api-keys' }).Resources, byDefault.Resources);
  const kinds = [
    ['keys', 'Who may call agentcore-relay: hashes of keys', '-H "authorization: Bearer $RELAY_KEY" ', byDefault],
    ['users', 'Who may call agentcore-relay: hashes of passwords', '-u alice ', deploy({ auth: 'basic' })],
  ] as const;
  for (const [member, description, curlOptions, template] of kinds) {
    const secret = onlyResource(template, 'AWS::SecretsManager::Secret');
    assert.deepEqual(
      { ...secret },
      {
        Type: 'AWS::SecretsManager::Secret',
        Properties: { Description: description, SecretString: `{"${member}":[]}` },
        DeletionPolicy: 'Delete',
        UpdateReplacePolicy: 'Delete',
      },
    );
    const secretName = template.Outputs?.['Secret']?.Value;
    const [logicalId] = Object.entries(template.Resources).find(([, { Type }]) => Type === secret.Type) ?? [];
    assert.match(JSON.stringify(secretName), new RegExp(`\\{"Ref":"${logicalId}"\\}`, 'u'));
    assert.deepEqual(template.Outputs, {
      Url: { Value: { 'Fn::Join': ['', url] } },
      Curl: { Value: { 'Fn::Join': ['', [`curl --no-buffer ${curlOptions}https://`, url[1], question]] } },
      Secret: { Value: secretName },
      LetSomebodyIn: {
        Value: {
          'Fn::Join': [
            '',
            [
              `npx node src/cli.ts ${member === 'keys' ? 'key' : 'user'} create alice && aws secretsmanager put-secret-value --region us-east-1 --secret-id `,
              secretName,
              ` --secret-string file://relay-${member}.json`,
            ],
          ],
        },
      },
    });
  }
});

test('makes another secret where keys become passwords: CloudFormation would empty the one that there is', () => {
  const [keys, users] = ['api-keys', 'basic'].map((auth) =>
    Object.entries(deploy({ auth }).Resources).flatMap(([id, { Type }]) =>
      Type === 'AWS::SecretsManager::Secret' ? [id] : [],
    ),
  );
  assert.notDeepEqual(keys, users);
});

test('takes the tokens of an issuer, for any of several audiences', () => {
  const template = deploy({ auth: 'jwt', issuer: 'https://login.example.com', audience: 'chat, api' });
  assert.equal(authOf(template), '{"kind":"jwt","issuer":"https://login.example.com","audience":["chat","api"]}');
  assert.deepEqual(resourcesOf(template, 'AWS::SecretsManager::Secret'), []);
  assert.deepEqual(Object.keys(template.Outputs ?? {}), ['Url', 'Curl']);
});

test('is open to everybody only where that is said', () => {
  const template = deploy({ auth: 'anonymous' });
  assert.equal(authOf(template), '{"kind":"anonymous"}');
  assert.deepEqual(resourcesOf(template, 'AWS::SecretsManager::Secret'), []);
});

for (const [context, message] of [
  [{ auth: 'none' }, 'auth is "none"; it must be one of api-keys, basic, jwt, anonymous'],
  [
    { auth: 'jwt', issuer: 'https://login.example.com' },
    'auth is "jwt"; it needs -c issuer=<https URL> and -c audience=<what tokens are meant for>, with commas between several',
  ],
  [
    { auth: 'jwt', issuer: 'http://login.example.com', audience: 'chat' },
    'auth has the issuer "http://login.example.com"; it must be an https URL',
  ],
] as const) {
  test(`fails at synth for ${JSON.stringify(context)}`, () => {
    assert.throws(
      () => createRelayApp({ environment: {}, context }),
      (error: Error) => error.message.startsWith(message),
    );
  });
}

function deploy(context: Readonly<Record<string, string>>): StackTemplate {
  return templateOf(synthesizeApp({}, context), 'AgentcoreRelay');
}

function authOf(template: StackTemplate): unknown {
  const { Environment: environment } = resource(template, 'RelayFunctionE902C34E').Properties;
  return (environment as { readonly Variables: Record<string, unknown> }).Variables['RELAY_AUTH'];
}
