import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudAssembly } from './cloud-assembly.ts';
import { readAuth } from './read-auth.ts';
import { openTemplates } from './templates.ts';
import type { Templates } from './templates.ts';

const imported = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:imported-AbCdEf';

test('finds the secrets that the relay names, with what the template puts into them', () => {
  const templates = open({
    Keys: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: '{"keys":[]}' } },
    Users: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'relay/users', GenerateSecretString: {} } },
    Unused: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'unused' } },
    Relay: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Environment: {
          Variables: {
            RELAY_AUTH: {
              'Fn::Join': [
                '',
                [
                  '{"kind":"any-of","of":[{"kind":"api-keys","secretArn":"',
                  { Ref: 'Keys' },
                  '"},{"kind":"basic","secretArn":"',
                  { Ref: 'Users' },
                  `"},{"kind":"api-keys","secretArn":"${imported}"},{"kind":"jwt","issuer":"https://a"}]}`,
                ],
              ],
            },
          },
        },
      },
    },
  });
  const environments = templates
    .all('AWS::Lambda::Function')
    .map((lambda) => lambda.get('Environment').get('Variables').record());
  const { kinds, secrets } = readAuth([...environments, ...environments], templates);
  const [keys, users] = secrets;
  assert.match(
    keys?.arn ?? '',
    /^arn:aws:secretsmanager:eu-west-1:000000000000:secret:Keys-[A-Z0-9]{12}-[A-Z0-9]{6}$/u,
  );
  assert.match(users?.arn ?? '', /^arn:aws:secretsmanager:eu-west-1:000000000000:secret:relay\/users-[A-Z0-9]{6}$/u);
  assert.deepEqual(
    { kinds, secrets },
    {
      kinds: ['api-keys', 'basic', 'jwt'],
      secrets: [
        { kind: 'api-keys', arn: keys?.arn, logicalId: 'Keys', value: '{"keys":[]}' },
        { kind: 'basic', arn: users?.arn, logicalId: 'Users', value: undefined },
        { kind: 'api-keys', arn: imported, logicalId: undefined, value: undefined },
      ],
    },
  );
});

for (const [what, environment, kinds] of [
  ['a relay that everybody may call', { RELAY_AUTH: '{"kind":"anonymous"}' }, ['anonymous']],
  ['a relay that does not say who may call', {}, []],
  ['settings that are no JSON', { RELAY_AUTH: '{"kind":' }, []],
  ['settings that have no kind', { RELAY_AUTH: '{"of":[{"kind":"api-keys"}]}' }, []],
  ['keys in a file', { RELAY_AUTH: '{"kind":"api-keys","file":"keys.json"}' }, ['api-keys']],
] as const) {
  test(`finds no secret for ${what}`, () => {
    assert.deepEqual(readAuth([environment], open({})), { kinds, secrets: [] });
  });
}

function open(resources: Readonly<Record<string, unknown>>): Templates {
  const stack = {
    name: 'Stack',
    region: undefined,
    accountId: undefined,
    resources,
    parameters: {},
    outputs: {},
  };
  const assembly: CloudAssembly = { directory: '/nowhere', stacks: [stack], assets: new Map() };
  return openTemplates(assembly, { accountId: '000000000000', region: 'eu-west-1' });
}
