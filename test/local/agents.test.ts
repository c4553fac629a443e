import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BedrockAgentCoreClient, InvokeAgentRuntimeCommand } from '@aws-sdk/client-bedrock-agentcore';
import { findAgent } from '../../src/local/agent-hosting.ts';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';
import { readDeployment } from '../../src/local/template/read-deployment.ts';
import { startWatchedChain } from '../watched-servers.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';

const agentFolder = fileURLToPath(new URL('fixture-functions/agent', import.meta.url));
const accountId = '999988887777';

let assembly: FixtureAssembly;
before(() => {
  assembly = synthesizeFixture();
});
after(() => assembly.remove());

describe('the agent of the template', () => {
  it('that is a bundle for Python is run, with its variables', async () => {
    await using chain = await start({ assembly: withArtifact(pythonArtifact) });
    const { asked, python, model } = await invoke(chain, { prompt: 'hello' });
    const { status } = await fetch(chain.url, { method: 'POST', body: 'the relay of the fixture answers by itself' });
    assert.deepEqual([asked, python, model, status], [{ prompt: 'hello' }, 3, 'offline', 200]);
    assert.deepEqual(
      chain.deployment.notices
        .map(({ property }) => property)
        .filter((property) => property.startsWith('AgentRuntime')),
      ['AgentRuntimeArtifact.CodeConfiguration.Runtime'],
    );
  });

  it('that is a container image is refused in a sentence, and stood for by a command', async () => {
    const directory = withArtifact({ ContainerConfiguration: { ContainerUri: 'public.ecr.aws/demo/agent:latest' } });
    await assert.rejects(start({ assembly: directory }), {
      name: 'LocalChainError',
      message:
        /property AgentRuntimeArtifact.ContainerConfiguration is a container image, which the local chain does not run; use --agent for a command that starts the agent, or --agent-url for one that runs already$/u,
    });
    await using chain = await start({ assembly: directory, agent: python });
    const { asked, model } = await invoke(chain, { prompt: 'hello' });
    assert.deepEqual([asked, model], [{ prompt: 'hello' }, 'offline']);
  });

  it("has the endpoints of the template, and passes the headers on that the template's list has", async () => {
    const directory = withRuntime(() => ({
      RequestHeaderConfiguration: { RequestHeaderAllowlist: ['X-Tenant'] },
    }));
    await using chain = await start({ assembly: directory });
    assert.deepEqual(
      [chain.deployment.agent?.qualifiers, chain.deployment.agent?.headerAllowlist],
      [['DEFAULT'], ['x-tenant']],
    );
    await assert.rejects(invoke(chain, { prompt: 'hello' }, 'live'), { name: 'ResourceNotFoundException' });
  });
});

describe('a command in its place', () => {
  it('is told of in the log of the agent and of AgentCore, by what each of them says', async () => {
    const lines: string[] = [];
    await using chain = await start({
      agent: { kind: 'command', command: 'echo it begins; no-such-program' },
      onLog: ({ source, text }) => lines.push(`${source.replace(/[0-9A-F]{8}$/u, '')}: ${text}`),
    });
    await assert.rejects(invoke(chain, { prompt: 'hello' }), { name: 'RuntimeClientError' });
    assert.equal(lines[0], 'Agent: it begins');
    assert.match(
      lines.slice(1).join('\n'),
      /^Agent: .*no-such-program.*not found\nAgentCore: the agent ended with exit code 127 before it was healthy: .*no-such-program.*not found(?:\n|$)/u,
    );
  });

  it('speaks what the developer says, where that is not what the template says', async () => {
    await using chain = await start({ agent: python, agentProtocol: 'MCP' });
    await assert.rejects(invoke(chain, { prompt: 'hello' }), (error: Record<string, unknown>) => {
      assert.equal((error['$metadata'] as { readonly httpStatusCode: number }).httpStatusCode, 406);
      return true;
    });
  });
});

describe('a deployed agent', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'aws-configuration-'));
  const agentRuntimeArn = 'arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/demo-0123456789';
  const names = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_EC2_METADATA_DISABLED', 'AWS_PROFILE'];
  const earlier = names.map((name) => [name, process.env[name]] as const);

  before(() => {
    writeFileSync(
      path.join(scratch, 'config'),
      `[profile work]\nregion = us-west-2\naws_access_key_id = AKIDWORK\naws_secret_access_key = work-secret\naws_session_token = work-token
[profile stale]\nsso_session = gone\nsso_account_id = 123456789012\nsso_role_name = role\nregion = us-east-1
[sso-session gone]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n`,
    );
    writeFileSync(path.join(scratch, 'credentials'), '');
    process.env['AWS_CONFIG_FILE'] = path.join(scratch, 'config');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = path.join(scratch, 'credentials');
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    delete process.env['AWS_PROFILE'];
  });
  after(() => {
    for (const [name, value] of earlier) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(scratch, { recursive: true });
  });

  async function find(changes: { readonly profile?: string; readonly region?: string }): ReturnType<typeof findAgent> {
    const deployment = await readDeployment(assembly.directory, { accountId, region: 'us-east-1' });
    return findAgent({ kind: 'deployed', agentRuntimeArn, ...changes }, deployment, {});
  }

  it("is called with the profile's credentials, in the runtime's own region unless another one is named", async () => {
    for (const [changes, region] of [
      [{ profile: 'work' }, 'eu-west-1'],
      [{ profile: 'work', region: 'us-gov-west-1' }, 'us-gov-west-1'],
    ] as const) {
      const hosting = await find(changes);
      assert.ok(hosting?.kind === 'deployed');
      assert.deepEqual(
        [hosting.region, hosting.agentRuntimeArn, await hosting.credentials()],
        [
          region,
          agentRuntimeArn,
          { accessKeyId: 'AKIDWORK', secretAccessKey: 'work-secret', sessionToken: 'work-token' },
        ],
      );
    }
  });

  for (const [what, changes, message] of [
    [
      'a profile that is not there',
      { profile: 'nobody' },
      /^there are no AWS credentials for profile "nobody": .+; log in \(aws sso login, aws configure\), or name another profile with --profile$/u,
    ],
    [
      'a login that is over',
      { profile: 'stale' },
      /^there are no AWS credentials for profile "stale": .*aws sso login.*; log in \(aws sso login, aws configure\), or name another profile with --profile$/u,
    ],
    [
      'no login at all',
      {},
      /^there are no AWS credentials for the deployed agent: .*; log in \(aws sso login, aws configure\), or name another profile with --profile$/u,
    ],
  ] as const) {
    it(`is told of in a sentence at the start with ${what}`, async () => {
      await assert.rejects(find(changes), { name: 'LocalChainError', message });
    });
  }
});

const python = { kind: 'command', command: 'python3 main.py', workingDirectory: agentFolder } as const;

const pythonArtifact = { Runtime: 'PYTHON_3_13', EntryPoint: ['main.py'] };

/** The fixture with another artifact; of a bundle only what is named changes. */
function withArtifact(artifact: object): string {
  return withRuntime(({ AgentRuntimeArtifact }) => {
    const { CodeConfiguration } = AgentRuntimeArtifact as { CodeConfiguration: object };
    return {
      AgentRuntimeArtifact:
        'ContainerConfiguration' in artifact ? artifact : { CodeConfiguration: { ...CodeConfiguration, ...artifact } },
    };
  });
}

/** The fixture with other properties of its runtime, which its functions may invoke. */
function withRuntime(change: (properties: Record<string, unknown>) => Record<string, unknown>): string {
  const statement = { Effect: 'Allow', Action: 'bedrock-agentcore:*', Resource: '*' };
  const policy = { PolicyName: 'invoke', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } };
  return assembly.copyWith((resource) => {
    const { Type, Properties } = resource;
    switch (Type) {
      case 'AWS::BedrockAgentCore::Runtime':
        return { Type, Properties: { ...Properties, ...change(Properties) } };
      case 'AWS::IAM::Role':
        return { Type, Properties: { ...Properties, Policies: [policy] } };
      default:
        return resource;
    }
  });
}

/** Invokes the agent as the relay would, and reads its answer. */
async function invoke(
  chain: LocalChain,
  payload: object,
  qualifier: string = 'DEFAULT',
): Promise<Record<string, unknown>> {
  const { agentRuntimeArn, agentRegion = '', distribution } = chain.deployment;
  const [relay] = distribution.behaviours.flatMap(({ origin }) => origin.functionUrl?.function ?? []);
  const client = new BedrockAgentCoreClient({
    region: agentRegion,
    endpoint: chain.agentCoreEndpoint ?? '',
    credentials: chain.roleCredentials[relay?.logicalId ?? ''] ?? assert.fail('the relay has no role'),
    maxAttempts: 1,
  });
  const command = new InvokeAgentRuntimeCommand({ agentRuntimeArn, qualifier, payload: JSON.stringify(payload) });
  const { response } = await client.send(command);
  return JSON.parse((await response?.transformToString()) ?? '') as Record<string, unknown>;
}

function start(options: Partial<LocalChainOptions>): Promise<LocalChain> {
  return startWatchedChain({ assembly: withRuntime(() => ({})), port: 0, accountId, ...options });
}
