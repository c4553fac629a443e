import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { anonymous } from '../../src/identity/anonymous.ts';
import { createHandler } from '../../src/lambda.ts';
import type { HandlerOptions } from '../../src/lambda.ts';
import type { FunctionUrlEvent, FunctionUrlHandler } from '../../src/hosts/lambda-types.ts';
import type { LogEntry } from '../../src/relay/relay-request.ts';
import type { Environment } from '../../src/settings.ts';
import { refuse, startAgentCoreServer, stream } from '../agentcore/agentcore-server.ts';
import type { AgentCoreServer, AgentScript } from '../agentcore/agentcore-server.ts';
import { runtimeSessionOf, sessionId } from '../scripted-relay.ts';
import { startWatchedServer } from '../watched-servers.ts';
import { awslambda, context, createResponseStream, functionUrlEvent } from './awslambda.ts';

const frames = [
  'data: {"event":{"messageStart":{"role":"assistant"}}}\n\n',
  'data: {"event":{"contentBlockDelta":{"delta":{"text":"Hé"},"contentBlockIndex":0}}}\n\n',
  'data: {"event":{"messageStop":{"stopReason":"end_turn"}}}\n\n',
];
const runtimeSessionId = 'session-0123456789-0123456789-0123456789';
const everybody = { RELAY_AUTH: '{"kind":"anonymous"}' };

describe('createHandler', () => {
  test('serves the interface with no more than the agent, who may call it, and what Lambda sets itself', async (t) => {
    const agentCore = await serve(t, stream(...frames));
    const { response } = await invoke(
      environmentFor(agentCore),
      functionUrlEvent({
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-amzn-trace-id': 'Self=1-a;Root=1-b' },
        body: Buffer.from(JSON.stringify({ prompt: 'hi', runtimeSessionId })).toString('base64'),
        isBase64Encoded: true,
      }),
    );
    assert.deepEqual(
      { status: response.statusCode, type: response.headers['content-type'], body: response.body },
      { status: 200, type: 'text/event-stream', body: frames.join('') },
    );
    const { headers, body } = agentCore.requests[0] ?? assert.fail('nothing was asked of AgentCore');
    assert.deepEqual(
      [headers['x-amzn-bedrock-agentcore-runtime-session-id'], headers['x-amzn-trace-id'], body.toString()],
      [runtimeSessionOf(runtimeSessionId), 'Self=1-a;Root=1-b', '{"prompt":"hi"}'],
    );
  });

  test('answers an upstream failure with a status of its own and lives on', async (t) => {
    const agentCore = await serve(t, refuse(424, 'RuntimeClientError'));
    const event = functionUrlEvent({ body: '{"prompt":"hi"}' });
    for (const _ of [1, 2]) {
      const { response } = await invoke(environmentFor(agentCore), event);
      assert.equal(response.statusCode, 502);
      assert(!response.body.includes('123456789012'), response.body);
      assert.equal(JSON.parse(response.body).error.code, 'agent_failed');
    }
  });

  const agentEnvironment = {
    AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    ...everybody,
  };
  for (const [name, environment, cause] of [
    ['AGENT_RUNTIME_ARN is not set', everybody, /AGENT_RUNTIME_ARN is not set/u],
    [
      'AGENT_RUNTIME_ARN is no ARN',
      { ...everybody, AGENT_RUNTIME_ARN: 'my-agent' },
      /AGENT_RUNTIME_ARN is "my-agent"/u,
    ],
    [
      'the endpoint is no URL',
      {
        AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567',
        AWS_ENDPOINT_URL: 'localhost',
        ...everybody,
      },
      /endpoint of AgentCore is "localhost"/u,
    ],
    [
      'the agent speaks what is not known',
      { ...agentEnvironment, AGENT_RUNTIME_PROTOCOL: 'MCP' },
      /^AGENT_RUNTIME_PROTOCOL has "MCP"; allowed are HTTP, AGUI$/u,
    ],
    [
      'a protocol is not known',
      { ...agentEnvironment, RELAY_PROTOCOLS: 'ndjson, graphql' },
      /^RELAY_PROTOCOLS has "graphql"; allowed are original, transformed, ndjson, ui-message, ag-ui, openai-chat, openai-responses$/u,
    ],
    ['nobody has said who may call', { ...agentEnvironment, RELAY_AUTH: undefined }, /^RELAY_AUTH is not set; /u],
    [
      'who may call is said in words that are not known',
      { ...agentEnvironment, RELAY_AUTH: '{"kind":"everybody"}' },
      /^RELAY_AUTH has the kind "everybody"; allowed are /u,
    ],
    [
      'a session policy is not known',
      { ...agentEnvironment, RELAY_SESSIONS: 'shared' },
      /^RELAY_SESSIONS has "shared"; allowed are derived, as-given$/u,
    ],
    ['a page is no origin', { ...agentEnvironment, RELAY_CORS: '{"origins":["example.com"]}' }, /^RELAY_CORS has /u],
    ['a flag is neither', { ...agentEnvironment, RELAY_PASS_USER_ID: 'yes' }, /^RELAY_PASS_USER_ID has "yes"/u],
  ] as const) {
    test(`says once in the log that ${name}, and answers all the same`, async () => {
      const { response, entries } = await invoke(environment, functionUrlEvent({ body: '{"prompt":"hi"}' }));
      assert.equal(response.statusCode, 500);
      assert.deepEqual(
        { code: JSON.parse(response.body).error.code, message: JSON.parse(response.body).error.message },
        { code: 'internal_error', message: 'the relay failed' },
      );
      const [said, ...others] = entries.filter(({ message }) => message === 'the relay is not configured');
      assert.match(String(said?.['cause']), cause);
      assert.deepEqual(others, []);
      const preflight = await invoke(environment, functionUrlEvent({ method: 'OPTIONS' }));
      assert.equal(preflight.response.statusCode, 204);
      const probe = await invoke(environment, functionUrlEvent({ method: 'HEAD' }));
      assert.equal(probe.response.statusCode, 500, 'nobody is let in by a relay that is not configured');
    });
  }

  test('lets nobody in by a wrong environment, also where the function has an authenticator of its own', async () => {
    const event = functionUrlEvent({ method: 'GET', rawPath: '/v1/models' });
    const environment = { ...agentEnvironment, RELAY_CORS: '{"origins":["example.com"]}' };
    const { response } = await invoke(environment, event, { authenticator: anonymous() });
    assert.equal(response.statusCode, 406);
    const good = await invoke(agentEnvironment, event, { authenticator: anonymous() });
    assert.equal(good.response.statusCode, 200);
  });

  test('says in the log, and not to the viewer, which credentials are missing', async (t) => {
    const agentCore = await serve(t, stream());
    const { response, entries } = await invoke(
      { ...environmentFor(agentCore), AWS_SECRET_ACCESS_KEY: undefined },
      functionUrlEvent({ body: '{"prompt":"hi"}' }),
    );
    assert.equal(response.statusCode, 500);
    assert(!response.body.includes('AWS_'), response.body);
    assert.match(String(entries[0]?.['cause']), /AWS_SECRET_ACCESS_KEY is not set/u);
    assert.equal(agentCore.requests.length, 0);
  });
});

describe('the environment', () => {
  test('decides which protocols there are, and what the first one of a path is', async (t) => {
    const agentCore = await serve(t, stream(...frames));
    const environment = { ...environmentFor(agentCore), RELAY_PROTOCOLS: 'ndjson,transformed' };
    const first = await invoke(environment, functionUrlEvent({ body: '{"prompt":"hi"}' }));
    assert.deepEqual([first.response.statusCode, first.response.body.split('\n')[0]], [200, 'Hé']);
    const refused = await invoke(environment, functionUrlEvent({ body: '{"prompt":"hi","response":"original"}' }));
    assert.deepEqual(
      [refused.response.statusCode, JSON.parse(refused.response.body).error.message],
      [400, '"response" must be one of "transformed", "ndjson", got "original"'],
    );
  });

  for (const [flag, said] of [
    ['true', 'data: {"error":"no access to [arn]"}\n\n'],
    ['false', 'data: {"error":"no access to arn:aws:s3:::the-bucket"}\n\n'],
  ] as const) {
    test(`says whether the agent's own error frames are scrubbed: ${flag}`, async (t) => {
      const agentCore = await serve(t, stream('data: {"error":"no access to arn:aws:s3:::the-bucket"}\n\n'));
      const environment = { ...environmentFor(agentCore), RELAY_SCRUB_AGENT_ERRORS: flag };
      const { response } = await invoke(environment, functionUrlEvent({ body: '{"prompt":"hi"}' }));
      assert.deepEqual([response.statusCode, response.body], [200, said]);
    });
  }

  test('says that the agent takes AG-UI, and the prompt becomes its input', async (t) => {
    const agentCore = await serve(t, stream(...frames));
    const environment = { ...environmentFor(agentCore), AGENT_RUNTIME_PROTOCOL: 'AGUI' };
    await invoke(environment, functionUrlEvent({ body: `{"prompt":"hi","runtimeSessionId":"${sessionId}"}` }));
    const { runId, ...input } = JSON.parse(String(agentCore.requests[0]?.body));
    assert.match(runId, /^[0-9a-f-]{36}$/u);
    assert.deepEqual(input, {
      threadId: runtimeSessionOf(sessionId),
      state: {},
      messages: [{ id: `${runId}-0`, role: 'user', content: 'hi' }],
      tools: [],
      context: [],
      forwardedProps: {},
    });
  });
});

describe('startServer', () => {
  test('serves the interface on this machine', async (t) => {
    const agentCore = await serve(t, stream(...frames));
    const server = await startWatchedServer({ environment: environmentFor(agentCore), port: 0, log: () => undefined });
    t.after(() => server.close(0));
    const response = await fetch(`${server.url}/?prompt=hi&response=transformed`);
    const [text] = (await response.text()).split('\n');
    assert.deepEqual([response.status, text], [200, 'Hé']);
  });

  test('fails to start without an agent, for there is someone to read why', async () => {
    await assert.rejects(startWatchedServer({ environment: {}, port: 0 }), (error: Error) =>
      String(error.cause).startsWith('AGENT_RUNTIME_ARN is not set'),
    );
  });
});

test('the function that is deployed reads the process’s environment and exports its handler', async (t) => {
  const agentCore = await serve(t, stream(...frames));
  Object.assign(process.env, environmentFor(agentCore));
  Object.assign(globalThis, { awslambda });
  const { handler } = await import('../../src/functions/relay.ts');
  const response = createResponseStream();
  await handler(functionUrlEvent({ method: 'GET', rawQueryString: 'prompt=hi' }), response.sink, context);
  await response.ended();
  assert.equal(response.response().body, frames.join(''));
});

async function invoke(
  environment: Environment,
  event: FunctionUrlEvent,
  options: Pick<HandlerOptions, 'authenticator'> = {},
): Promise<{
  readonly response: ReturnType<ReturnType<typeof createResponseStream>['response']>;
  readonly entries: readonly LogEntry[];
}> {
  const entries: LogEntry[] = [];
  const response = createResponseStream();
  const handler = withAwsLambda(() =>
    createHandler({ ...options, environment, log: (entry) => void entries.push(entry) }),
  );
  await handler(event, response.sink, context);
  await response.ended();
  return { response: response.response(), entries };
}

/** Does what Lambda's runtime does before it loads a handler. */
function withAwsLambda(create: () => FunctionUrlHandler): FunctionUrlHandler {
  Object.assign(globalThis, { awslambda });
  try {
    return create();
  } finally {
    Reflect.deleteProperty(globalThis, 'awslambda');
  }
}

function environmentFor(agentCore: AgentCoreServer): Environment {
  return {
    AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    RELAY_AUTH: '{"kind":"anonymous"}',
  };
}

async function serve(t: TestContext, ...scripts: readonly AgentScript[]): Promise<AgentCoreServer> {
  const agentCore = await startAgentCoreServer(...scripts);
  t.after(() => agentCore.close());
  return agentCore;
}
