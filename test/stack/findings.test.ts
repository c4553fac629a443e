import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { createRelayApp } from '../../infra/relay-app.ts';
import { runtimeArn, synthesizeApp } from './synthesize.ts';

delete process.env['CDK_VALIDATION'];

const variants: Record<string, [environment: Record<string, string>, context?: Record<string, string>]> = {
  'in us-east-1, for any account': [{}],
  'elsewhere, in a known account': [{ CDK_DEFAULT_REGION: 'eu-west-1', CDK_DEFAULT_ACCOUNT: '123456789012' }],
  'in front of an existing agent': [{}, { agentRuntimeArn: runtimeArn }],
  'for users with passwords': [{}, { auth: 'basic' }],
  'for users with passwords, elsewhere': [{ CDK_DEFAULT_REGION: 'eu-west-1' }, { auth: 'basic' }],
  'for the tokens of an issuer': [{}, { auth: 'jwt', issuer: 'https://login.example.com', audience: 'chat' }],
  'without a firewall': [{}, { firewall: 'off' }],
  'without a firewall, elsewhere': [{ CDK_DEFAULT_REGION: 'eu-west-1' }, { firewall: 'off' }],
  'with a locked agent': [{}, { lockAgent: 'true' }],
  'for everybody': [{}, { auth: 'anonymous' }],
  'for everybody, elsewhere': [{ CDK_DEFAULT_REGION: 'eu-west-1' }, { auth: 'anonymous' }],
  'with a model of one region': [{}, { modelId: 'amazon.nova-lite-v1:0' }],
};

for (const [variant, [environment, context]] of Object.entries(variants)) {
  test(`leaves no finding of cdk-nag, or of the CDK itself, without a reason ${variant}`, () => {
    assert.deepEqual(synthesizeApp(environment, context).findings, []);
  });
}

test('fails at synth for a wildcard that nobody has given a reason for', (t) => {
  const outdir = mkdtempSync(join(tmpdir(), 'relay-findings-'));
  t.after(() => rmSync(outdir, { recursive: true }));
  const app = createRelayApp({ environment: {}, outdir });
  const role = new Role(app.node.findChild('AgentcoreRelay'), 'Greedy', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
  });
  role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::bucket/*'] }));
  assert.throws(() => app.synth(), /Validation failed/u);
  const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
  assert.match(report, /AwsSolutions-IAM5\[Action::s3:\*\]/u);
  assert.match(report, /AwsSolutions-IAM5\[Resource::arn:aws:s3:::bucket\/\*\]/u);
});
