import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readAssembly } from './template-file.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'template-file-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('reads a template in JSON or YAML, with the templates that are nested in it', async () => {
  write('inner.yaml', 'Resources:\n  Queue: { Type: "AWS::SQS::Queue" }\nOutputs: { Url: { Value: !Ref Queue } }\n');
  const file = write('outer.template.json', {
    Parameters: { Stage: { Type: 'String' } },
    Resources: { Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: './inner.yaml' } } },
  });
  const empty = { conditions: {}, mappings: {}, region: undefined, accountId: undefined, directory };
  assert.deepEqual(await readAssembly(file), {
    directory: file,
    assets: new Map(),
    stacks: [
      {
        ...empty,
        name: 'outer',
        parameters: { Stage: { Type: 'String' } },
        resources: { Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: './inner.yaml' } } },
        outputs: {},
        nested: {
          Inner: {
            ...empty,
            name: 'Inner',
            parameters: {},
            resources: { Queue: { Type: 'AWS::SQS::Queue' } },
            outputs: { Url: { Value: { Ref: 'Queue' } } },
            nested: {},
          },
        },
      },
    ],
  });
});

for (const [what, template, message] of [
  [
    'a SAM template',
    { Transform: 'AWS::Serverless-2016-10-31', Resources: {} },
    /is a SAM template \(Transform: AWS::Serverless-2016-10-31\), which CloudFormation turns into another one at the deployment; the local chain reads CloudFormation templates and cloud assemblies$/u,
  ],
  [
    'a macro',
    { Transform: ['AWS::LanguageExtensions', { Name: 'Own' }], Resources: {} },
    /is transformed by Own at the deployment, which the local chain cannot do; it reads templates without Transform$/u,
  ],
  ['what is no template', { Resource: {} }, /is no CloudFormation template: it has no Resources$/u],
  ['what is no JSON', '{"Resources":', /cannot be read: Unexpected end of JSON input$/u],
  [
    'a nested template that is on S3',
    {
      Resources: {
        Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'https://s3.amazonaws.com/b/t.json' } },
      },
    },
    /^resource Inner \(AWS::CloudFormation::Stack\) of stack refused: property TemplateURL must be a path, as "aws cloudformation package" takes it, not "https:.+"$/u,
  ],
] as const) {
  test(`refuses ${what} with a sentence`, async () => {
    await assert.rejects(readAssembly(write('refused.json', template)), { name: 'LocalChainError', message });
  });
}

test('refuses a template that is nested in itself', async () => {
  const nested = (url: string): object => ({
    Resources: { Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: url } } },
  });
  write('two.json', nested('./one.json'));
  const file = write('one.json', nested('./two.json'));
  await assert.rejects(readAssembly(file), {
    name: 'LocalChainError',
    message:
      'resource Inner (AWS::CloudFormation::Stack) of stack Inner: property TemplateURL is "./one.json", in which this template itself is nested',
  });
});

test('says where there is nothing, or a folder without an assembly', async () => {
  for (const location of [path.join(directory, 'nowhere.yaml'), directory]) {
    await assert.rejects(readAssembly(location), {
      name: 'LocalChainError',
      message: /^there is no cloud assembly in ".+": manifest.json is missing; /u,
    });
  }
});

function write(name: string, template: unknown): string {
  const file = path.join(directory, name);
  writeFileSync(file, typeof template === 'string' ? template : JSON.stringify(template));
  return file;
}
