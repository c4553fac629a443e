import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import { defaultLifecycle } from '../../src/local/agentcore/agentcore-settings.ts';
import type { AgentHosting } from '../../src/local/agentcore/agentcore-settings.ts';
import { onlyCaller } from '../service-callers.ts';
import { agentRuntimeArn, invocation, json, scopeWith, serve, sessionId, start, textOf } from './agentcore-harness.ts';

describe('an agent at a URL', () => {
  it('is invoked for every session, with the session in its header', async (t) => {
    const seen: unknown[] = [];
    const url = await serve(t, (request, response) => {
      seen.push([request.url, request.headers['x-amzn-bedrock-agentcore-runtime-session-id']]);
      request.resume();
      response.end('data: 1\n\n');
    });
    const { client } = await start(t, { hosting: { ...defaultLifecycle, kind: 'url', url: `${url}/base/` } });
    assert.equal(await textOf(await client.send(invocation({ prompt: 'x' }))), 'data: 1\n\n');
    assert.deepEqual(seen, [['/base/invocations', sessionId]]);
  });

  it('is stopped in name only: its session begins anew, and it goes on', async (t) => {
    const url = await serve(t, (request, response) => {
      request.resume();
      response.end('{}');
    });
    const scope = scopeWith({ coldStartMs: 100 });
    const { client, lines } = await start(t, {
      hosting: { ...defaultLifecycle, kind: 'url', url },
      scopeOf: scope.scopeOf,
    });
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId });
    await assert.rejects(client.send(stop), { name: 'ResourceNotFoundException' });
    await json(client, {});
    await json(client, {});
    await client.send(stop);
    await json(client, {});
    assert.deepEqual(
      lines.map(({ coldStartMs }) => coldStartMs === undefined),
      [false, true, false],
    );
  });

  it('that does not run is 424', async (t) => {
    const { client } = await start(t, { hosting: { ...defaultLifecycle, kind: 'url', url: 'http://127.0.0.1:9' } });
    await assert.rejects(client.send(invocation({ prompt: 'x' })), { name: 'RuntimeClientError' });
  });
});

describe('a deployed agent', () => {
  const deployedArn = 'arn:aws:bedrock-agentcore:us-west-2:999999999999:runtime/deployed-0123456789';
  const own = { accessKeyId: 'AKIDDEVELOPER000', secretAccessKey: 'own-secret', sessionToken: 'own-token' };

  it("is invoked with the developer's own signature, and its answer passed on", async (t) => {
    // The second data plane stands for AWS: it takes only what is signed with the developer's credentials.
    const { agentCore: aws } = await start(t, {
      agentRuntimeArn: deployedArn,
      region: 'us-west-2',
      callerOf: onlyCaller(own),
    });
    const { client, lines } = await start(t, { hosting: deployed(aws.endpoint) });
    const seen = await json(client, { prompt: 'request' }, { qualifier: 'live' });
    assert.equal((seen['headers'] as Record<string, string>)['accept'], 'text/event-stream, application/json');
    assert.deepEqual(
      lines.map(({ status, coldStartMs }) => [status, coldStartMs]),
      [[200, undefined]],
    );
    await assert.rejects(client.send(invocation({ prompt: 'fail' })), { name: 'RuntimeClientError' });
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId });
    assert.equal((await client.send(stop)).statusCode, 200);
  });

  it('that AWS refuses is refused in the same words, of which the developer is told', async (t) => {
    const message = 'The security token included in the request is expired';
    const aws = await serve(t, (request, response) => {
      request.resume();
      response.writeHead(403, {
        'x-amzn-errortype': 'ExpiredTokenException:http://internal',
        'x-other': 'not for callers',
      });
      response.end(JSON.stringify({ message }));
    });
    const { client, notes } = await start(t, { hosting: deployed(aws) });
    await assert.rejects(client.send(invocation({ prompt: 'x' })), { name: 'ExpiredTokenException', message });
    assert.deepEqual(notes, [
      `AWS answers the call of the deployed agent with 403 ExpiredTokenException: ${message}; log in again`,
    ]);
  });

  it('that cannot be reached is 503; one without credentials is 403', async (t) => {
    const { client, notes } = await start(t, { hosting: deployed('http://127.0.0.1:9') });
    await assert.rejects(client.send(invocation({ prompt: 'x' })), {
      name: 'ServiceUnavailableException',
      message: '127.0.0.1:9 cannot be reached: ECONNREFUSED',
    });
    const noLogin = await start(t, {
      hosting: { ...deployed('http://127.0.0.1:9'), credentials: () => Promise.reject(new Error('run aws sso login')) },
    });
    await assert.rejects(noLogin.client.send(invocation({ prompt: 'x' })), {
      name: 'UnrecognizedClientException',
      message: 'there are no AWS credentials to sign with: run aws sso login',
    });
    assert.deepEqual(
      [notes, noLogin.notes],
      [
        ['127.0.0.1:9 cannot be reached: ECONNREFUSED'],
        ['there are no AWS credentials any more: run aws sso login; log in again'],
      ],
    );
  });

  function deployed(endpoint: string): Extract<AgentHosting, { readonly kind: 'deployed' }> {
    return {
      kind: 'deployed',
      agentRuntimeArn: deployedArn,
      region: 'us-west-2',
      credentials: () => Promise.resolve(own),
      endpoint,
    };
  }
});
