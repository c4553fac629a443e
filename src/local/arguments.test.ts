import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localUsage, readLocalArguments } from './arguments.ts';
import { agentEnvironmentOf } from './agent-environment.ts';

const arn = 'arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/agent-1';

test('reads every option, and has a default for each', () => {
  assert.deepEqual(readLocalArguments([]), {
    port: 8787,
    assembly: 'cdk.out',
    parameters: {},
    synth: false,
    build: undefined,
    context: {},
    keysFile: undefined,
    usersFile: undefined,
    agent: { kind: 'template' },
    agentProtocol: undefined,
    faults: [],
    faultSeed: 1,
    traceFile: undefined,
    json: false,
    watch: false,
    help: false,
  });
  const line =
    '--port=0 --assembly out --synth -c auth=jwt -ca=b=c --context auth=basic --keys k.json --users u.json --agent-url http://a:1/ --agent-protocol AGUI';
  const parameters = ['--parameter', 'Stage=test', '--parameter=Stage=live', '--parameter', 'Empty='];
  const rest = ['--build', 'npm run build', '--watch', '--json', '--trace', 't.har'];
  const faults = ['--fault', 'cut-after=20', '--fault=throttle=0.3', '--fault-seed', '7'];
  assert.deepEqual(readLocalArguments([...line.split(' '), ...parameters, ...rest, ...faults]), {
    port: 0,
    assembly: 'out',
    parameters: { Stage: 'live', Empty: '' },
    synth: true,
    build: 'npm run build',
    context: { auth: 'basic', a: 'b=c' },
    keysFile: 'k.json',
    usersFile: 'u.json',
    agent: { kind: 'url', url: 'http://a:1' },
    agentProtocol: 'AGUI',
    faults: ['cut-after=20', 'throttle=0.3'],
    faultSeed: 7,
    traceFile: 't.har',
    json: true,
    watch: true,
    help: false,
  });
  assert.deepEqual(readLocalArguments(['--agent', 'python main.py']).agent, {
    kind: 'command',
    command: 'python main.py',
  });
  assert.equal(readLocalArguments(['--agent-protocol', 'MCP']).agentProtocol, 'MCP');
  assert.deepEqual(readLocalArguments(['--agent-arn', arn]).agent, {
    kind: 'deployed',
    agentRuntimeArn: arn,
    region: 'us-west-2',
    profile: undefined,
  });
  assert.deepEqual(readLocalArguments(['--agent-arn', arn, '--profile', 'p', '--region', 'eu-west-1']).agent, {
    kind: 'deployed',
    agentRuntimeArn: arn,
    region: 'eu-west-1',
    profile: 'p',
  });
});

test('says in a sentence what is wrong with a command line', () => {
  const lines: readonly [string, string][] = [
    [
      '--bogus',
      'unknown option --bogus; allowed are --port, --assembly, --parameter, --synth, --context, --build, --watch, --keys, --users, --agent, --agent-url, --agent-arn, --profile, --region, --agent-protocol, --fault, --fault-seed, --trace, --json, --help',
    ],
    ['--port', '--port needs a value'],
    ['--assembly --synth', '--assembly needs a value'],
    ['--port abc', '--port is "abc"; it must be a number from 0 to 65535'],
    ['--port 65536', '--port is "65536"; it must be a number from 0 to 65535'],
    ['--port 1 --port 2', '--port is given twice'],
    ['extra', 'unexpected argument "extra"'],
    ['--synth=yes', '--synth takes no value, and got "yes"'],
    ['--agent-url localhost:8080', '--agent-url is "localhost:8080"; it must be a URL like http://localhost:8080'],
    [
      '--agent-arn arn:aws:lambda:x',
      '--agent-arn: "arn:aws:lambda:x" is not the ARN of an AgentCore Runtime: arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>',
    ],
    ['--synth -c', '-c needs a value'],
    ['--synth -c --port', '-c needs a value'],
    ['--synth -c auth', '-c is "auth"; it must be <key>=<value>'],
    ['--synth --context =jwt', '-c is "=jwt"; it must be <key>=<value>'],
    ['--parameter Stage', '--parameter is "Stage"; it must be <name>=<value>'],
    ['-c auth=jwt', '-c has a meaning only with --synth'],
    ['--keys a --keys b', '--keys is given twice'],
    ['--agent-protocol mcp', '--agent-protocol is "mcp"; it must be one of HTTP, AGUI, A2A, MCP'],
    ['--build make', '--build has a meaning only with --synth'],
    ['--trace', '--trace needs a value'],
    ['--watch=src', '--watch takes no value, and got "src"'],
    ['--fault', '--fault needs a value'],
    ['--fault split', '--fault: the fault split needs a value, as in split=1; it must be a number of bytes from 1'],
    ['--fault-seed -1', '--fault-seed needs a value'],
    ['--fault-seed 1.5', '--fault-seed is "1.5"; it must be a whole number from 0 to 9007199254740991'],
    ['--profile p', '--profile has a meaning only with --agent-arn'],
    [`--agent-url http://a --agent-arn ${arn}`, '--agent-url and --agent-arn exclude each other: there is one agent'],
    ['--agent-url http://a --agent x', '--agent and --agent-url exclude each other: there is one agent'],
  ];
  for (const [line, message] of lines) {
    assert.throws(() => readLocalArguments(line.split(' ')), { name: 'UsageError', message });
  }
});

test('lists every option in its usage, and every fault', () => {
  for (const option of [
    '--build',
    '--watch',
    '--agent <command>',
    '--fault-seed',
    '--trace',
    '--json',
    'cut-after=20',
  ]) {
    assert.ok(localUsage.includes(`\n  ${option}`), option);
  }
  assert.ok(Math.max(...localUsage.split('\n').map((line) => line.length)) <= 130, 'a line is too long for a terminal');
});

test("gives the agent the developer's own model, never the template's, and AWS credentials only for Bedrock", () => {
  const developer = { OPENAI_BASE_URL: 'http://a', OPENAI_MODEL: 'm', AWS_ACCESS_KEY_ID: 'AKIA', PATH: '/bin' };
  assert.deepEqual(agentEnvironmentOf(developer), {
    OPENAI_BASE_URL: 'http://a',
    OPENAI_MODEL: 'm',
    BEDROCK_MODEL_ID: undefined,
  });
  assert.deepEqual(agentEnvironmentOf({ BEDROCK_MODEL_ID: 'nova', AWS_ACCESS_KEY_ID: 'AKIA', PATH: '/bin' }), {
    AWS_ACCESS_KEY_ID: 'AKIA',
    BEDROCK_MODEL_ID: 'nova',
  });
});
