import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { CloudAssembly } from './cloud-assembly.ts';
import type { DeployedAgent, Notice } from './deployment.ts';
import { readAgent, readAgentNotices } from './read-agent.ts';
import type { TemplateResource } from './resource.ts';
import { openTemplates } from './templates.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'read-agent-'));
after(() => rmSync(scratch, { recursive: true }));
const bundle = path.join(scratch, 'bundle');
mkdirSync(bundle);

const code = {
  CodeConfiguration: {
    Code: { S3: { Bucket: 'assets', Prefix: 'bundle.zip' } },
    EntryPoint: ['main.mjs'],
    Runtime: 'NODE_22',
  },
};

/** Reads a runtime with these properties, among these other resources. */
function read(
  properties: object,
  others: object = {},
): { readonly agent: DeployedAgent; readonly notices: readonly Notice[] } {
  const { runtime, assembly } = open(properties, others);
  const templates = openTemplates(assembly, { accountId: '000000000000', region: 'eu-west-1' });
  return { agent: readAgent(runtime, templates, assembly), notices: readAgentNotices(runtime) };
}

function open(
  properties: object,
  others: object,
): { readonly runtime: TemplateResource; readonly assembly: CloudAssembly } {
  const resources = {
    Agent: {
      Type: 'AWS::BedrockAgentCore::Runtime',
      Properties: { AgentRuntimeName: 'demo', AgentRuntimeArtifact: code, ...properties },
    },
    ...others,
  };
  const stack = { name: 'Front', region: undefined, accountId: undefined, resources, parameters: {}, outputs: {} };
  const assembly = { directory: scratch, stacks: [stack], assets: new Map([['bundle.zip', bundle]]) };
  const templates = openTemplates(assembly, { accountId: '000000000000', region: 'eu-west-1' });
  const [runtime] = templates.all('AWS::BedrockAgentCore::Runtime');
  assert.ok(runtime !== undefined);
  return { runtime, assembly };
}

describe('a runtime of the template', () => {
  it("is read with AgentCore's defaults", () => {
    assert.deepEqual(read({}), {
      agent: {
        logicalId: 'Agent',
        artifact: {
          kind: 'code',
          language: 'node',
          runtime: 'NODE_22',
          codeDirectory: bundle,
          entryPoint: ['main.mjs'],
        },
        environment: {},
        contract: { protocol: 'HTTP', port: 8080, path: '/invocations' },
        qualifiers: ['DEFAULT'],
        headerAllowlist: [],
        idleTimeoutMs: 900_000,
        maxLifetimeMs: 28_800_000,
      },
      notices: [],
    });
  });

  it('is read with all that it sets, and its own endpoints', () => {
    const endpoint = (name: string, id: unknown): object => ({
      Type: 'AWS::BedrockAgentCore::RuntimeEndpoint',
      Properties: { Name: name, AgentRuntimeId: id },
    });
    const { agent } = read(
      {
        EnvironmentVariables: { MODEL: 'offline' },
        ProtocolConfiguration: 'AGUI',
        LifecycleConfiguration: { IdleRuntimeSessionTimeout: 60, MaxLifetime: '120' },
        RequestHeaderConfiguration: {
          RequestHeaderAllowlist: ['X-Api-Key', 'X-Amzn-Bedrock-AgentCore-Runtime-Custom-User', 'Authorization'],
        },
        AuthorizerConfiguration: {
          CustomJWTAuthorizer: { DiscoveryUrl: 'https://x/.well-known/openid-configuration' },
        },
      },
      {
        Live: endpoint('live', { 'Fn::GetAtt': ['Agent', 'AgentRuntimeId'] }),
        Other: endpoint('other', 'another-0123456789'),
      },
    );
    const { artifact: _artifact, logicalId: _logicalId, ...rest } = agent;
    assert.deepEqual(rest, {
      environment: { MODEL: 'offline' },
      contract: { protocol: 'AGUI', port: 8080, path: '/invocations' },
      qualifiers: ['DEFAULT', 'live'],
      headerAllowlist: ['x-api-key', 'x-amzn-bedrock-agentcore-runtime-custom-user', 'authorization'],
      idleTimeoutMs: 60_000,
      maxLifetimeMs: 120_000,
    });
  });

  for (const [configuration, contract] of [
    ['A2A', { protocol: 'A2A', port: 9000, path: '/' }],
    ['MCP', { protocol: 'MCP', port: 8000, path: '/mcp' }],
    [
      { ServerProtocol: 'MCP', Port: 8081, Path: '/tools' },
      { protocol: 'MCP', port: 8081, path: '/tools' },
    ],
  ] as const) {
    it(`speaks ${JSON.stringify(configuration)} where its contract says`, () => {
      assert.deepEqual(read({ ProtocolConfiguration: configuration }).agent.contract, contract);
    });
  }

  it('is idle no longer than it lives', () => {
    const { idleTimeoutMs } = read({ LifecycleConfiguration: { MaxLifetime: 300 } }).agent;
    assert.equal(idleTimeoutMs, 300_000);
  });

  const artifacts: readonly (readonly [string, object, object])[] = [
    [
      'a bundle for Python is run with python3',
      { CodeConfiguration: { ...code.CodeConfiguration, Runtime: 'PYTHON_3_13', EntryPoint: ['main.py'] } },
      { kind: 'code', language: 'python', runtime: 'PYTHON_3_13', codeDirectory: bundle, entryPoint: ['main.py'] },
    ],
    [
      'a container image is refused',
      {
        ContainerConfiguration: {
          ContainerUri: { 'Fn::Sub': '${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/agent' },
        },
      },
      {
        kind: 'refused',
        reason:
          'resource Agent (AWS::BedrockAgentCore::Runtime) of stack Front: property AgentRuntimeArtifact.ContainerConfiguration is a container image, which the local chain does not run; use --agent for a command that starts the agent, or --agent-url for one that runs already',
      },
    ],
    [
      'a bundle of another language is refused',
      { CodeConfiguration: { ...code.CodeConfiguration, Runtime: 'RUBY_4' } },
      {
        kind: 'refused',
        reason:
          'resource Agent (AWS::BedrockAgentCore::Runtime) of stack Front: property AgentRuntimeArtifact.CodeConfiguration.Runtime is "RUBY_4"; the local chain runs bundles of NODE and PYTHON; use --agent for a command that starts the agent, or --agent-url for one that runs already',
      },
    ],
    [
      'a bundle that is no asset is refused',
      { CodeConfiguration: { ...code.CodeConfiguration, Code: { S3: { Prefix: 'gone.zip' } } } },
      {
        kind: 'refused',
        reason:
          'resource Agent (AWS::BedrockAgentCore::Runtime) of stack Front is deployed from "gone.zip", which is no asset of this assembly',
      },
    ],
  ];
  for (const [name, artifact, expected] of artifacts) {
    it(`names what starts it: ${name}`, () => {
      assert.deepEqual(read({ AgentRuntimeArtifact: artifact }).agent.artifact, expected);
    });
  }

  it('tells that a bundle for Python runs under the Python that is here', () => {
    const { notices } = read({
      AgentRuntimeArtifact: { CodeConfiguration: { ...code.CodeConfiguration, Runtime: 'PYTHON_3_13' } },
    });
    assert.deepEqual(
      notices.map(({ property, text }) => `${property} ${text}`),
      [
        'AgentRuntimeArtifact.CodeConfiguration.Runtime is PYTHON_3_13; the bundle is run with the python3 of this machine',
      ],
    );
  });

  const allow = (...names: readonly string[]): object => ({
    RequestHeaderConfiguration: { RequestHeaderAllowlist: names },
  });
  const faults: readonly (readonly [string, object, RegExp])[] = [
    [
      'a protocol that is none',
      { ProtocolConfiguration: 'SOAP' },
      /property ProtocolConfiguration is "SOAP"; it must be one of HTTP, AGUI, A2A, MCP$/u,
    ],
    [
      'sessions that are idle for longer than they live',
      { LifecycleConfiguration: { IdleRuntimeSessionTimeout: 900, MaxLifetime: 300 } },
      /property LifecycleConfiguration.IdleRuntimeSessionTimeout is 900; it must not be more than MaxLifetime, 300$/u,
    ],
    [
      'a header that is never passed on',
      allow('X-Api-Key', 'Cookie'),
      /RequestHeaderAllowlist\[1\] is "Cookie", which is a header that AgentCore never passes on$/u,
    ],
    [
      "a header of AWS's own",
      allow('X-Amzn-Trace-Id'),
      /is "X-Amzn-Trace-Id", which has a prefix that AWS keeps to itself; only X-Amzn-Bedrock-AgentCore-Runtime-Custom-… is the runtime's$/u,
    ],
    ['a name that is none of a header', allow('x y'), /is "x y", which is no name of a header: /u],
    [
      'an authorization that nobody checks',
      allow('authorization'),
      /is "Authorization", which AgentCore takes only with a CustomJWTAuthorizer$/u,
    ],
    ['a header twice', allow('X-A', 'x-a'), /RequestHeaderAllowlist names a header twice, which AgentCore refuses$/u],
    [
      '21 headers',
      allow(...Array.from({ length: 21 }, (_value, index) => `x-${index}`)),
      /has 21 names; AgentCore takes 20$/u,
    ],
  ];
  for (const [name, properties, message] of faults) {
    it(`is refused as AWS refuses it: ${name}`, () => {
      assert.throws(() => read(properties), { name: 'LocalChainError', message });
    });
  }
});
