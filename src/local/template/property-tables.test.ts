import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { originProperties } from './cloudfront-properties.ts';
import type { PropertyTable } from './property-rules.ts';
import { propertyTables } from './property-tables.ts';

/** The CDK's modules by the services of CloudFormation. */
const modules: Readonly<Record<string, string>> = {
  BedrockAgentCore: 'aws-bedrockagentcore/lib/bedrockagentcore',
  CloudFront: 'aws-cloudfront/lib/cloudfront',
  IAM: 'aws-iam/lib/iam',
  Lambda: 'aws-lambda/lib/lambda',
  SecretsManager: 'aws-secretsmanager/lib/secretsmanager',
};

const library = createRequire(import.meta.url)
  .resolve('aws-cdk-lib/package.json')
  .replace(/package\.json$/u, '');

for (const [type, table] of Object.entries(propertyTables)) {
  test(`names the properties of ${type} that the CDK can write, all of them and no others`, () => {
    const [, service = '', resource = ''] = type.split('::');
    const source = readFileSync(`${library}${modules[service]}.generated.js`, 'utf8');
    assert.deepEqual(differencesOf(table, source, `convertCfn${resource}PropsToCloudFormation`, ''), []);
  });
}

test('names the properties of an origin that the CDK can write, all of them and no others', () => {
  const source = readFileSync(`${library}${modules['CloudFront']}.generated.js`, 'utf8');
  assert.deepEqual(
    differencesOf(originProperties, source, 'convertCfnDistributionOriginPropertyToCloudFormation', ''),
    [],
  );
});

/** The paths that only the CDK's function writes, or only the table names. */
function differencesOf(table: PropertyTable, source: string, writer: string, path: string): readonly string[] {
  const written = new Map(membersOf(source, writer));
  const names = new Set([...written.keys(), ...Object.keys(table)]);
  return [...names].flatMap((name) => {
    const rule = table[name];
    if (rule === undefined || !written.has(name)) {
      return [`${path}${name}`];
    }
    const inner = written.get(name);
    return rule.kind === 'object' && inner !== undefined
      ? differencesOf(rule.members, source, inner, `${path}${name}.`)
      : [];
  });
}

/** The names that one of the CDK's generated functions writes, and the functions that write what is in them. */
function membersOf(source: string, writer: string): readonly (readonly [name: string, inner: string | undefined])[] {
  const begin = source.indexOf(`function ${writer}(`);
  const body = source.slice(source.indexOf('assertSuccess(),{', begin), source.indexOf('}):properties}', begin));
  return [...body.matchAll(/[{,](?<name>[A-Z]\w*):(?<value>.*?)\(properties\.\w+\)/gu)].map(({ groups }) => [
    groups?.['name'] ?? '',
    /convertCfn\w+ToCloudFormation/u.exec(groups?.['value'] ?? '')?.[0],
  ]);
}
