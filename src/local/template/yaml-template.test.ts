import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseYamlTemplate } from './yaml-template.ts';

test('reads every short form as the long one, at any depth', async () => {
  const text = `
Ref: !Ref A
GetAtt: !GetAtt A.B.C
Sub: !Sub 'a-\${B}'
SubWith: !Sub ['\${x}-\${B}', { x: !Ref X }]
Nested: !Select [2, !Split [/, !GetAtt Url.FunctionUrl]]
If: !If
  - IsLive
  - Rate: !FindInMap [Map, !Ref Stage, rate]
  - !Ref AWS::NoValue
Not: !Not [!And [!Condition A, !Or [!Equals [1, !Ref B], !Condition C]]]
Base64: !Base64 text
Import: !ImportValue
  Fn::Sub: '\${Stack}-out'
Join: !Join [',', &list [a, b]]
Again: *list
`;
  assert.deepEqual(await parseYamlTemplate(text, 'template.yaml'), {
    Ref: { Ref: 'A' },
    GetAtt: { 'Fn::GetAtt': 'A.B.C' },
    Sub: { 'Fn::Sub': 'a-${B}' },
    SubWith: { 'Fn::Sub': ['${x}-${B}', { x: { Ref: 'X' } }] },
    Nested: { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': 'Url.FunctionUrl' }] }] },
    If: {
      'Fn::If': ['IsLive', { Rate: { 'Fn::FindInMap': ['Map', { Ref: 'Stage' }, 'rate'] } }, { Ref: 'AWS::NoValue' }],
    },
    Not: {
      'Fn::Not': [
        {
          'Fn::And': [{ Condition: 'A' }, { 'Fn::Or': [{ 'Fn::Equals': [1, { Ref: 'B' }] }, { Condition: 'C' }] }],
        },
      ],
    },
    Base64: { 'Fn::Base64': 'text' },
    Import: { 'Fn::ImportValue': { 'Fn::Sub': '${Stack}-out' } },
    Join: { 'Fn::Join': [',', ['a', 'b']] },
    Again: ['a', 'b'],
  });
});

test('takes dates for strings, and yes and on for booleans, as CloudFormation does', async () => {
  const text = 'Version: 2012-10-17\nEnabled: yes\nDisabled: off\nY: n\nAccount: "012345678901"\n';
  assert.deepEqual(await parseYamlTemplate(text, 'template.yaml'), {
    Version: '2012-10-17',
    Enabled: true,
    Disabled: false,
    Y: 'n',
    Account: '012345678901',
  });
});

test('reads any document back that a writer of YAML 1.1 wrote', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      assert.deepEqual(await parseYamlTemplate(stringify(plain, { version: '1.1' }), 'template.yaml'), plain);
    }),
  );
});

test('refuses aliases that would fill the memory, or stand in what they name', async () => {
  const names = Array.from('abcdefgh');
  const bomb = names
    .map((name, at) => `${name}: &${name} [${`*${names[at - 1] ?? ''},`.repeat(9)}]`)
    .join('\n')
    .replaceAll('*,', 'x,');
  for (const [text, message] of [
    [bomb, 'Excessive alias count indicates a resource exhaustion attack'],
    ['a: &a { b: *a }', 'an alias stands in what it names'],
  ] as const) {
    await assert.rejects(parseYamlTemplate(text, 't.yaml'), {
      name: 'LocalChainError',
      message: `"t.yaml" cannot be read: ${message}`,
    });
  }
});

test('says what to install where there is no package for YAML, and where the text is no YAML', async () => {
  const missing = Promise.reject(new Error('Cannot find package'));
  await assert.rejects(
    parseYamlTemplate('a: 1', 'template.yaml', () => missing),
    {
      name: 'LocalChainError',
      message: '"template.yaml" is YAML, for which the package yaml is needed: npm install --save-dev yaml',
    },
  );
  for (const [text, message] of [
    ['a: [1', /^"template.yaml" cannot be read: Flow sequence .+ at line 1, column 6$/u],
    ['a: 1\na: 2', /^"template.yaml" cannot be read: Map keys must be unique at line 2, column 1$/u],
    ['a: !Unheard 1', /^"template.yaml" cannot be read: Unresolved tag: !Unheard at line 1, column 4$/u],
  ] as const) {
    await assert.rejects(parseYamlTemplate(text, 'template.yaml'), { name: 'LocalChainError', message });
  }
});
