/** What the demo's stack permits is enough, and what AWS refuses without it the local chain refuses, too. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  AccessDeniedException,
  BedrockAgentCoreClient,
  InvokeAgentRuntimeCommand,
  StopRuntimeSessionCommand,
} from '@aws-sdk/client-bedrock-agentcore';
import { App, Stack } from 'aws-cdk-lib';
import { CfnRuntimeEndpoint } from 'aws-cdk-lib/aws-bedrockagentcore';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DemoAgent } from '../../infra/demo-agent.ts';
import { createRelayApp } from '../../infra/relay-app.ts';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import type { CommandConsole } from '../../src/keys/console.ts';
import { runKeyCommand } from '../../src/keys/key-command.ts';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';
import type { DeployedFunction } from '../../src/local/template/deployment.ts';
import { ask } from '../end-to-end/deployed-chain.ts';
import { sentinels, startWatchedChain } from '../watched-servers.ts';
import { changeStatements, isRelayRole, lockedFor, withStatements } from './edit-permissions.ts';
import { copyAssembly } from './fixture-assembly.ts';
import type { LooseResource } from './fixture-assembly.ts';

const accountId = sentinels['the account id'];
const sessionId = 'session-0123456789-0123456789-012';
const prompt = { prompt: 'hello', response: 'transformed' };
const invoke = 'bedrock-agentcore:InvokeAgentRuntime';
const read = 'secretsmanager:GetSecretValue';

let folder: string;
let keysFile: string;
let key: string;
let copies = 0;

before(async () => {
  // The CDK's own check of templates takes three seconds; the tests of the stack do it.
  process.env['CDK_VALIDATION'] = 'false';
  folder = mkdtempSync(join(tmpdir(), 'relay-iam-'));
  keysFile = join(folder, 'keys.json');
  key = await createKey(keysFile);
  createRelayApp({ environment: {}, context: { lockAgent: 'true' }, outdir: join(folder, 'locked') }).synth();
  createRelayApp({ environment: {}, context: { auth: 'anonymous' }, outdir: join(folder, 'open') }).synth();
  synthesizeOwnStack();
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('what the construct grants', () => {
  it('is enough where the agent is locked and callers have keys', async () => {
    await using chain = await start('locked', { keysFile });
    assert.equal(await statusOf(chain), 200);
    assert.deepEqual(
      chain.deployment.notices.filter(({ text }) => text.includes('permissions')),
      [],
    );
  });

  it('is enough for an endpoint and in the name of a user, with a secret that has a key and a lock', async () => {
    const logs: string[] = [];
    await using chain = await start('own', { keysFile, onLog: ({ text }) => logs.push(text) });
    assert.equal(await statusOf(chain), 200, logs.join('\n'));
    const denial = await denialOf(chain, { qualifier: 'DEFAULT' });
    assert.match(denial, /runtime-endpoint\/DEFAULT because no identity-based policy allows the/u);
  });

  it('does not include to stop a session', async () => {
    await using chain = await start('open');
    const { agentRuntimeArn = '' } = chain.deployment;
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId });
    await assert.rejects(clientOf(chain).send(stop), {
      name: 'AccessDeniedException',
      message: denied(chain, 'bedrock-agentcore:StopRuntimeSession', agentRuntimeArn),
    });
  });
});

describe('a role that lacks something', () => {
  it('may not invoke the agent without the action: AccessDeniedException, 502 for the viewer, a sentence for us', async () => {
    const logs: string[] = [];
    await using chain = await start(
      edited('open', (resource) => withStatements(resource, ({ Action }) => Action !== invoke)),
      { onLog: ({ text }) => logs.push(text) },
    );
    const { agentRuntimeArn = '' } = chain.deployment;
    assert.equal(await denialOf(chain), denied(chain, invoke, agentRuntimeArn));
    const sentence = `the role ${relayOf(chain).role.name} may not ${invoke} on ${agentRuntimeArn}: no identity-based policy allows it`;
    assert.ok(logs.includes(sentence), logs.join('\n'));
    const { status, text } = await ask(chain.url, prompt);
    const { requestId, ...error } = (JSON.parse(text) as { error: Record<string, unknown> }).error;
    assert.deepEqual(
      { status, error, requestId: typeof requestId },
      {
        status: 502,
        error: { code: 'agent_access_denied', message: 'the relay is not permitted to invoke the agent' },
        requestId: 'string',
      },
    );
    assert.equal(logs.filter((line) => line === sentence).length, 2);
  });

  for (const [what, own] of [
    ['the endpoint', 'runtime'],
    ['the runtime', 'endpoint'],
  ] as const) {
    it(`may not invoke the agent without ${what} among its resources`, async () => {
      const keep = own === 'runtime' ? 0 : 1;
      await using chain = await start(
        edited('open', (resource) =>
          changeStatements(resource, invoke, (statement) => ({ ...statement, Resource: statement.Resource[keep] })),
        ),
      );
      const { agentRuntimeArn = '' } = chain.deployment;
      const missing = own === 'runtime' ? `${agentRuntimeArn}/runtime-endpoint/DEFAULT` : agentRuntimeArn;
      assert.equal(await denialOf(chain), denied(chain, invoke, missing));
    });
  }

  it('may not invoke another endpoint, nor in the name of a user', async () => {
    await using chain = await start('open');
    const { agentRuntimeArn = '' } = chain.deployment;
    assert.equal(
      await denialOf(chain, { qualifier: 'other' }),
      denied(chain, invoke, `${agentRuntimeArn}/runtime-endpoint/other`),
    );
    assert.equal(await denialOf(chain, { runtimeUserId: 'ada' }), denied(chain, `${invoke}ForUser`, agentRuntimeArn));
  });

  it('may not pass on who calls without the second action that this takes', async () => {
    const logs: string[] = [];
    await using chain = await start(
      edited('own', (resource) =>
        resource.Type === 'AWS::BedrockAgentCore::ResourcePolicy'
          ? undefined
          : changeStatements(resource, `${invoke},${invoke}ForUser`, (statement) => ({ ...statement, Action: invoke })),
      ),
      { keysFile, onLog: ({ text }) => logs.push(text) },
    );
    assert.deepEqual(await outcomeOf(chain), [502, 'agent_access_denied']);
    const sentence = `may not ${invoke}ForUser on ${chain.deployment.agentRuntimeArn}: no identity-based policy allows it`;
    assert.ok(
      logs.some((line) => line.endsWith(sentence)),
      logs.join('\n'),
    );
  });

  it('may not read the secret: nobody is let in, 503, and the log says what is missing', async () => {
    const logs: string[] = [];
    await using chain = await start(
      edited('locked', (resource) => withStatements(resource, ({ Action }) => Action !== read)),
      { keysFile, onLog: ({ text }) => logs.push(text) },
    );
    assert.deepEqual(await outcomeOf(chain), [503, 'identity_unavailable']);
    const [secret] = chain.deployment.auth.secrets;
    assert.ok(
      logs.includes(
        `the role ${relayOf(chain).role.name} may not ${read} on ${secret?.arn}: no identity-based policy allows it`,
      ),
      logs.join('\n'),
    );
  });

  it('is limited by its boundary, which has to allow the same', async () => {
    const boundary = {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: { PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }] } },
    };
    const assembly = edited(
      'open',
      (resource) =>
        isRelayRole(resource)
          ? { ...resource, Properties: { ...resource.Properties, PermissionsBoundary: { Ref: 'Boundary' } } }
          : resource,
      { Boundary: boundary },
    );
    await using chain = await start(assembly);
    const { agentRuntimeArn = '' } = chain.deployment;
    assert.equal(await denialOf(chain), denied(chain, invoke, agentRuntimeArn, 'permissions boundary'));
  });
});

describe('the policy of a resource', () => {
  it('of the runtime refuses everybody but another role, whatever the role may', async () => {
    const logs: string[] = [];
    await using chain = await start(
      edited('locked', (resource) => lockedFor(resource, 'arn:aws:iam::998877665544:role/Other')),
      { keysFile, onLog: ({ text }) => logs.push(text) },
    );
    const { agentRuntimeArn = '' } = chain.deployment;
    assert.equal(
      await denialOf(chain),
      `User: ${sessionOf(chain)} is not authorized to perform: ${invoke} on resource: ${agentRuntimeArn} with an explicit deny in a resource-based policy`,
    );
    assert.deepEqual(await outcomeOf(chain), [502, 'agent_access_denied']);
    assert.ok(
      logs.some((line) =>
        /may not bedrock-agentcore:InvokeAgentRuntime on .+: resource policy RelayRuntimeLock\w+ denies it$/u.test(
          line,
        ),
      ),
    );
  });

  it('of the runtime permits what the role does not say', async () => {
    await using chain = await start(
      edited('locked', (resource) => withStatements(resource, ({ Action }) => Action !== invoke)),
      { keysFile },
    );
    assert.equal(await statusOf(chain), 200);
  });

  it('of AgentCore that names another resource is refused at the start, as AWS refuses it', async () => {
    const assembly = edited('locked', (resource) =>
      resource.Type === 'AWS::BedrockAgentCore::ResourcePolicy'
        ? {
            ...resource,
            Properties: {
              ...resource.Properties,
              Policy: '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}',
            },
          }
        : resource,
    );
    await assert.rejects(start(assembly), {
      name: 'LocalChainError',
      message:
        /^resource RelayRuntimeLock\w+ \(AWS::BedrockAgentCore::ResourcePolicy\) of stack AgentcoreRelay: property Policy names the resource "\*"; AgentCore takes only the one that it is attached to, "arn:aws:bedrock-agentcore:/u,
    });
  });

  it('of a secret refuses too, and the viewer is told no more than that nobody can be recognized', async () => {
    await using chain = await start(
      edited('locked', (resource) => resource, {
        Refusal: {
          Type: 'AWS::SecretsManager::ResourcePolicy',
          Properties: {
            SecretId: { Ref: idOf('locked', 'AWS::SecretsManager::Secret') },
            ResourcePolicy: {
              Statement: { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:*', Resource: '*' },
            },
          },
        },
      }),
      { keysFile },
    );
    assert.deepEqual(await outcomeOf(chain), [503, 'identity_unavailable']);
  });
});

describe('a role', () => {
  it('that is not of the assembly is not checked, and a notice says so', async () => {
    const role = 'arn:aws:iam::998877665544:role/SentinelRelayRole';
    await using chain = await start(
      edited('open', (resource) => {
        const isRelay = JSON.stringify(resource.Properties).includes('AGENT_RUNTIME_ARN');
        return isRelay ? { ...resource, Properties: { ...resource.Properties, Role: role } } : resource;
      }),
    );
    assert.equal(await statusOf(chain), 200);
    assert.deepEqual(
      chain.deployment.notices.filter(({ property }) => property === 'Role').map(({ text }) => text),
      [`is ${role}, which is not of this assembly: its permissions are not checked`],
    );
  });

  it('with a policy of AWS that is not known here is said to have it', async () => {
    const other = 'arn:aws:iam::aws:policy/SomethingNew';
    await using chain = await start(
      edited('open', (resource) =>
        isRelayRole(resource)
          ? { ...resource, Properties: { ...resource.Properties, ManagedPolicyArns: [other] } }
          : resource,
      ),
    );
    assert.deepEqual(
      chain.deployment.notices.filter(({ property }) => property === 'ManagedPolicyArns[0]').map(({ text }) => text),
      [`is ${other}: nobody here knows what it allows, and it is taken to allow nothing`],
    );
  });

  it('that Lambda may not assume is refused at the start, and at the edge one that Lambda@Edge may not', async () => {
    const trustedBy = (service: string) => (resource: LooseResource) =>
      resource.Type === 'AWS::IAM::Role'
        ? {
            ...resource,
            Properties: {
              ...resource.Properties,
              AssumeRolePolicyDocument: {
                Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
              },
            },
          }
        : resource;
    await assert.rejects(start(edited('open', trustedBy('ec2.amazonaws.com'))), {
      name: 'LocalChainError',
      message: /property Role is .+, which lambda.amazonaws.com may not assume: Lambda would not take it$/u,
    });
    await assert.rejects(start(edited('open', trustedBy('lambda.amazonaws.com'))), {
      name: 'LocalChainError',
      message: /ole is .+, which edgelambda.amazonaws.com may not assume: Lambda@Edge would not take it$/u,
    });
  });

  it('has other credentials in each run, and no other token will do', async () => {
    await using chain = await start('open');
    await using another = await start('open');
    const [own, others] = [chain, another].map((each) => credentialsOf(each));
    assert.notDeepEqual(own, others);
    assert.match(own?.accessKeyId ?? '', /^ASIALOCAL[A-Z2-7]{11}$/u);
    const { agentRuntimeArn, agentRegion = '' } = chain.deployment;
    const client = new BedrockAgentCoreClient({
      region: agentRegion,
      endpoint: chain.agentCoreEndpoint ?? '',
      credentials: { ...credentialsOf(chain), sessionToken: others?.sessionToken ?? '' },
      maxAttempts: 1,
    });
    await assert.rejects(
      client.send(new InvokeAgentRuntimeCommand({ agentRuntimeArn, runtimeSessionId: sessionId, payload: '{}' })),
      {
        name: 'UnrecognizedClientException',
        message: 'The security token included in the request is invalid.',
      },
    );
  });
});

describe('a runtime on AWS', () => {
  before(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEVELOPER', AWS_SECRET_ACCESS_KEY: 'own' }));
  after(() => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  });

  it('in the place of the agent is for AWS to refuse, the very one that the template names for its role first', async () => {
    // A region that is none: nothing answers there, and nothing is sent.
    const agentRuntimeArn = 'arn:aws:bedrock-agentcore:xx-nowhere-1:998877665544:runtime/agent-0123456789';
    const names = async (assembly: string): Promise<string> => {
      await using chain = await start(assembly, { agent: { kind: 'deployed', agentRuntimeArn } });
      const command = new InvokeAgentRuntimeCommand({ agentRuntimeArn, runtimeSessionId: sessionId, payload: '{}' });
      const error: unknown = await clientOf(chain, 'xx-nowhere-1')
        .send(command)
        .catch((thrown: unknown) => thrown);
      return error instanceof Error ? error.name : 'none';
    };
    const without = edited('open', (resource) => withStatements(resource, ({ Action }) => Action !== invoke));
    const naming = edited('open', (resource) => {
      const variables = { Variables: { AGENT_RUNTIME_ARN: agentRuntimeArn } };
      const isRelay = JSON.stringify(resource.Properties).includes('AGENT_RUNTIME_ARN');
      return isRelay ? { ...resource, Properties: { ...resource.Properties, Environment: variables } } : resource;
    });
    assert.deepEqual(
      [await names(without), await names(naming)],
      ['ServiceUnavailableException', 'AccessDeniedException'],
    );
  });
});

/** A stack with what the demo has not: an endpoint, a user's name, and a secret with a key of its own. */
function synthesizeOwnStack(): void {
  const app = new App({ outdir: join(folder, 'own') });
  const stack = new Stack(app, 'Own', { env: { region: 'eu-central-1' } });
  const agent = new DemoAgent(stack, 'Agent', { modelId: 'amazon.nova-lite-v1:0' }).runtime;
  const endpoint = new CfnRuntimeEndpoint(stack, 'Endpoint', { agentRuntimeId: agent.agentRuntimeId, name: 'live' });
  const relay = new AgentRelay(stack, 'Relay', {
    agent,
    qualifier: endpoint.name,
    passUserId: true,
    lockAgent: true,
    auth: RelayAuth.apiKeys(new Secret(stack, 'Keys', { encryptionKey: new Key(stack, 'Key') })),
  });
  assert.ok(relay.url);
  app.synth();
}

/** A copy of an assembly with every resource edited, and resources more in the stack of the relay. */
function edited(
  assembly: string,
  edit: (resource: LooseResource) => LooseResource | undefined,
  more: Readonly<Record<string, LooseResource>> = {},
): string {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  copyAssembly(join(folder, assembly), copy, edit, more);
  return copy;
}

function idOf(assembly: string, type: string): string {
  const template = JSON.parse(readFileSync(join(folder, assembly, 'AgentcoreRelay.template.json'), 'utf8')) as {
    readonly Resources: Readonly<Record<string, LooseResource>>;
  };
  const found = Object.entries(template.Resources).find(([, resource]) => resource.Type === type);
  return found?.[0] ?? assert.fail(`there is no ${type}`);
}

function start(assembly: string, options: Partial<LocalChainOptions> = {}): Promise<LocalChain> {
  return startWatchedChain({
    assembly: assembly.startsWith('/') ? assembly : join(folder, assembly),
    port: 0,
    accountId,
    agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '0' },
    ...options,
  });
}

async function statusOf(chain: LocalChain): Promise<number> {
  const { status } = await ask(chain.url, prompt, withKey());
  return status;
}

async function outcomeOf(chain: LocalChain): Promise<readonly [number, string]> {
  const { status, text } = await ask(chain.url, prompt, withKey());
  return [status, (JSON.parse(text) as { error: { code: string } }).error.code];
}

function withKey(): RequestInit {
  return { headers: { 'content-type': 'application/json', 'x-api-key': key } };
}

/** What the AWS SDK makes of a refusal, called with the relay's own credentials. */
async function denialOf(
  chain: LocalChain,
  changes: { readonly qualifier?: string; readonly runtimeUserId?: string } = {},
): Promise<string> {
  const { agentRuntimeArn } = chain.deployment;
  const command = new InvokeAgentRuntimeCommand({
    agentRuntimeArn,
    runtimeSessionId: sessionId,
    payload: '{}',
    ...changes,
  });
  try {
    await clientOf(chain).send(command);
  } catch (error) {
    assert.ok(error instanceof AccessDeniedException, String(error));
    assert.equal(error.$metadata.httpStatusCode, 403);
    return error.message;
  }
  return assert.fail('it was not denied');
}

function clientOf(chain: LocalChain, region = chain.deployment.agentRegion ?? ''): BedrockAgentCoreClient {
  const endpoint = chain.agentCoreEndpoint ?? '';
  return new BedrockAgentCoreClient({
    region,
    endpoint,
    credentials: credentialsOf(chain),
    maxAttempts: 1,
  });
}

function credentialsOf(chain: LocalChain): LocalChain['roleCredentials'][string] {
  return chain.roleCredentials[relayOf(chain).logicalId] ?? assert.fail('the relay has no role');
}

function relayOf({ deployment }: LocalChain): DeployedFunction {
  const [relay] = deployment.distribution.behaviours.flatMap(({ origin }) => origin.functionUrl?.function ?? []);
  return relay ?? assert.fail('there is no relay');
}

function sessionOf(chain: LocalChain): string {
  const { name, role } = relayOf(chain);
  return `arn:aws:sts::${accountId}:assumed-role/${role.name}/${name}`;
}

function denied(chain: LocalChain, action: string, resource: string, type = 'identity-based policy'): string {
  return `User: ${sessionOf(chain)} is not authorized to perform: ${action} on resource: ${resource} because no ${type} allows the ${action} action`;
}

async function createKey(file: string): Promise<string> {
  writeFileSync(file, '{"keys":[]}');
  let printed = '';
  const console: CommandConsole = {
    print: (text) => {
      printed += text;
    },
    explain: () => undefined,
    readInput: () => Promise.resolve(undefined),
    now: Date.now,
  };
  assert.equal(await runKeyCommand(['create', 'alice', '--file', file], console), 0);
  return printed.trimEnd();
}
