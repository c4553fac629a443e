import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../aws-service/service-error.ts';
import type { DeployedFunction, DeployedResourcePolicy } from '../template/deployment.ts';
import { readPolicy } from './policy.ts';
import { openRoleSessions } from './role-sessions.ts';
import type { RoleSessions } from './role-sessions.ts';

const accountId = '111122223333';
const action = 'secretsmanager:GetSecretValue';
const secret = `arn:aws:secretsmanager:eu-west-1:${accountId}:secret:keys-AbCdEf`;
const elsewhere = secret.replace(accountId, '999999999999');
const allow = { Effect: 'Allow', Action: action, Resource: '*' };

test('gives each function credentials of its own, which look like those of AWS and say where they are from', () => {
  const [relay, edge] = [functionOf([], 'Relay'), functionOf([], 'Edge')];
  const { sessions } = open([relay, edge, relay]);
  const credentials = sessions.credentialsOf(relay);
  assert.deepEqual(credentials, {
    accessKeyId: 'ASIALOCALBBBBBBBBBBB',
    secretAccessKey: 'local-secret-access-key/AgICAgICAgICAgIC',
    sessionToken: `local-session-token/${Buffer.alloc(48, 3).toString('base64')}`,
  });
  assert.notDeepEqual(sessions.credentialsOf(edge), credentials);
  const caller = sessions.callerOf(credentials.accessKeyId);
  assert.deepEqual(
    [caller?.secretAccessKey, caller?.sessionToken, sessions.callerOf('ASIAOTHER')],
    [credentials.secretAccessKey, credentials.sessionToken, undefined],
  );
  assert.throws(() => sessions.credentialsOf(functionOf([], 'Other')), { name: 'TypeError' });
});

for (const [what, condition] of [
  ['the role', { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${accountId}:role/a/Role` } }],
  ['its account', { StringEquals: { 'aws:PrincipalAccount': accountId, 'aws:ResourceAccount': accountId } }],
  ['its tags', { StringEquals: { 'aws:PrincipalTag/Team': 'blue' }, Null: { 'aws:PrincipalTag/Other': 'true' } }],
  ['the function', { ArnLike: { 'lambda:SourceFunctionArn': 'arn:aws:lambda:*:*:function:Relay' } }],
  ['the region', { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }],
  ['the connection', { Bool: { 'aws:SecureTransport': 'true', 'aws:ViaAWSService': 'false' } }],
  ['the time', { DateGreaterThan: { 'aws:CurrentTime': '2026-11-22T19:59:59Z', 'aws:TokenIssueTime': '2026-11-22' } }],
  ['the kind of session', { StringEquals: { 'aws:PrincipalType': 'AssumedRole' }, Null: { 'aws:username': 'true' } }],
  ["the service's own keys", { StringEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' } }],
] as const) {
  test(`knows ${what} in conditions`, () => {
    const relay = functionOf([{ ...allow, Condition: condition }]);
    const { ask, notes } = open([relay]);
    assert.deepEqual([ask(relay, secret), notes], ['allowed', []]);
  });
}

test('tells the developer of each denial, and of what only AWS knows once', () => {
  const relay = functionOf([
    { ...allow, Sid: 'Office', Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } },
  ]);
  const { ask, notes } = open([relay]);
  const denial = `User: arn:aws:sts::${accountId}:assumed-role/Role/Relay is not authorized to perform: ${action} on resource: ${secret} because no identity-based policy allows the ${action} action`;
  assert.deepEqual([ask(relay, secret), ask(relay, secret)], [denial, denial]);
  const sentence = `Relay: the role Role may not ${action} on ${secret}: no identity-based policy allows it`;
  assert.deepEqual(notes, [
    'Relay: statement Office of policy Own is taken not to apply: nobody here knows aws:SourceIp',
    sentence,
    sentence,
  ]);
});

test('takes a resource of another account to allow, where its policy is of another assembly, and asks it where it is not', () => {
  const relay = functionOf([allow]);
  const policy = { name: 'theirs', arn: undefined, policy: readPolicy({ Statement: [] }, 'resource') };
  const theirs = open([relay], [{ resourceArn: elsewhere, policy }]);
  const unknown = open([relay]);
  assert.match(theirs.ask(relay, elsewhere), /because no resource-based policy allows the/u);
  assert.deepEqual([unknown.ask(relay, elsewhere), unknown.ask(relay, elsewhere)], ['allowed', 'allowed']);
  assert.deepEqual(unknown.notes, [
    `Relay: ${elsewhere} is of another account, and its policy is not of this assembly: it is taken to allow`,
  ]);
  assert.match(open([functionOf([])]).ask(functionOf([]), elsewhere), /because no identity-based policy allows the/u);
});

test('asks for what does not exist under the name that it is asked for', () => {
  const relay = functionOf([{ ...allow, Resource: secret }]);
  assert.match(open([relay]).ask(relay, 'keys'), /on resource: keys because no identity-based policy allows the/u);
});

function open(
  functions: readonly DeployedFunction[],
  resourcePolicies: readonly DeployedResourcePolicy[] = [],
): { sessions: RoleSessions; notes: readonly string[]; ask(deployed: DeployedFunction, resource: string): string } {
  const notes: string[] = [];
  let calls = 0;
  const sessions = openRoleSessions({
    functions,
    resourcePolicies,
    onNote: ({ logicalId }, sentence) => notes.push(`${logicalId}: ${sentence}`),
    randomBytes: (count) => Buffer.alloc(count, (calls += 1)),
    now: () => Date.parse('2026-11-22T20:00:00Z'),
  });
  return {
    sessions,
    notes,
    ask: (deployed, resource) => {
      const { accessKeyId } = sessions.credentialsOf(deployed);
      try {
        const context = { 'secretsmanager:VersionStage': 'AWSCURRENT' };
        sessions.callerOf(accessKeyId)?.authorize({ action, resource, context });
        return 'allowed';
      } catch (error) {
        assert.ok(error instanceof ServiceError);
        assert.deepEqual([error.status, error.errorName], [403, 'AccessDeniedException']);
        return error.message;
      }
    },
  };
}

function functionOf(statements: readonly object[], name = 'Relay'): DeployedFunction {
  const policy = readPolicy({ Version: '2012-10-17', Statement: statements }, 'identity');
  return {
    logicalId: name,
    name,
    arn: `arn:aws:lambda:eu-west-1:${accountId}:function:${name}`,
    codeDirectory: '',
    handler: '',
    runtime: 'nodejs24.x',
    environment: {},
    timeoutMs: 3000,
    memorySizeMb: 128,
    architecture: 'arm64',
    logFormat: 'JSON',
    logLevel: undefined,
    reservedConcurrency: undefined,
    region: 'eu-west-1',
    accountId,
    role: {
      arn: `arn:aws:iam::${accountId}:role/a/Role`,
      name: 'Role',
      accountId,
      policies: [{ name: 'policy Own', arn: undefined, policy }],
      boundary: undefined,
      trust: undefined,
      tags: { Team: 'blue' },
    },
  };
}
