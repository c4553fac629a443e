import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BedrockAgentCoreServiceException, StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import { modelledExceptions } from '../../src/local/agentcore/modelled-exceptions.ts';
import {
  agentRuntimeArn,
  clientOf,
  credentials,
  invocation,
  scopeWith,
  signedFetch,
  start,
} from './agentcore-harness.ts';
import { contractOf } from '../../src/local/container-contract.ts';
import type { ServerProtocol } from '../../src/local/container-contract.ts';

/** What the SDK makes of each exception: its status, and how often it asks when it may ask twice. */
const expected: Readonly<Record<string, readonly [status: number, attempts: number]>> = {
  ValidationException: [400, 1],
  UnauthorizedException: [401, 1],
  ServiceQuotaExceededException: [402, 1],
  AccessDeniedException: [403, 1],
  ResourceNotFoundException: [404, 1],
  ConflictException: [409, 1],
  RetryableConflictException: [409, 2],
  RuntimeClientError: [424, 1],
  ThrottlingException: [429, 2],
  InternalServerException: [500, 2],
};

describe('an exception of the service model', () => {
  for (const [name, [status, attempts]] of Object.entries(expected)) {
    it(`is ${name} to the AWS SDK's own client, which asks ${attempts === 1 ? 'once' : 'again'}`, async (t) => {
      const scope = scopeWith({ exception: name });
      const { agentCore, lines } = await start(t, { scopeOf: scope.scopeOf });
      const retrying = clientOf(agentCore, credentials, 2);
      const thrown = await retrying.send(invocation({ prompt: 'who' })).catch((error: unknown) => error);
      assert.ok(thrown instanceof BedrockAgentCoreServiceException);
      const { message, $fault, $metadata, ...members } = thrown;
      const { reason, fieldList } = members as { readonly reason?: unknown; readonly fieldList?: unknown };
      const modelled = modelledExceptions.find((exception) => exception.name === name);
      assert.deepEqual(
        {
          name: thrown.name,
          message,
          $fault,
          status: $metadata.httpStatusCode,
          attempts: $metadata.attempts,
          reason,
          fieldList,
        },
        {
          name,
          message: modelled?.message,
          $fault: status < 500 ? 'client' : 'server',
          status,
          attempts,
          reason: name === 'ValidationException' ? 'CannotParse' : undefined,
          fieldList: undefined,
        },
      );
      assert.match($metadata.requestId ?? '', /^[0-9a-f-]{36}$/u);
      assert.deepEqual(
        lines.map((line) => line.status),
        Array.from({ length: attempts }, () => status),
      );
    });
  }

  it('is in the table above, each of them', () => {
    assert.deepEqual(Object.keys(expected).toSorted(), modelledExceptions.map(({ name }) => name).toSorted());
  });
});

/** What a protocol makes of each exception: its status and its body. */
const worded: Readonly<Record<Exclude<ServerProtocol, 'HTTP'>, Readonly<Record<string, readonly [number, unknown]>>>> =
  {
    A2A: {
      ValidationException: [400, rpc(-32_052, 'Validation error - Invalid request data')],
      UnauthorizedException: [
        500,
        rpc(-32_603, 'Internal error - An unexpected error occurred while processing the request'),
      ],
      ServiceQuotaExceededException: [429, rpc(-32_053, 'Rate limit exceeded - Too many requests')],
      AccessDeniedException: [403, { message: 'You do not have sufficient access to perform this action.' }],
      ResourceNotFoundException: [404, rpc(-32_051, 'Resource not found - Requested resource does not exist')],
      ConflictException: [409, rpc(-32_054, 'Resource conflict - Resource already exists')],
      RetryableConflictException: [409, rpc(-32_054, 'Session operation in progress, please retry')],
      RuntimeClientError: [
        424,
        rpc(-32_055, 'Runtime client error - Please check your CloudWatch logs for more information'),
      ],
      ThrottlingException: [429, rpc(-32_053, 'Rate limit exceeded - Too many requests')],
      InternalServerException: [
        500,
        rpc(-32_603, 'Internal error - An unexpected error occurred while processing the request'),
      ],
    },
    MCP: {
      ValidationException: [200, rpc(-32_006, 'Validation error - Invalid request data')],
      UnauthorizedException: [401, rpc(-32_001, 'Authentication error - Invalid credentials')],
      ServiceQuotaExceededException: [200, rpc(-32_003, 'Rate limit exceeded - Too many requests')],
      AccessDeniedException: [403, rpc(-32_002, 'Authorization error - Insufficient permissions')],
      ResourceNotFoundException: [200, rpc(-32_004, 'Resource not found - Requested resource does not exist')],
      ConflictException: [200, rpc(-32_005, 'Resource conflict - Resource already exists')],
      RetryableConflictException: [200, rpc(-32_005, 'Session operation in progress, please retry')],
      RuntimeClientError: [
        200,
        rpc(-32_010, 'Tool execution error - Please check your CloudWatch logs for more information'),
      ],
      ThrottlingException: [200, rpc(-32_003, 'Rate limit exceeded - Too many requests')],
      InternalServerException: [200, rpc(-32_603, 'Internal error - Server error')],
    },
    AGUI: {
      ValidationException: [400, run('VALIDATION_ERROR', 'Invalid request data or parameters')],
      UnauthorizedException: [401, run('UNAUTHORIZED', 'Authentication required or invalid credentials')],
      ServiceQuotaExceededException: [429, run('SERVICE_QUOTA_EXCEEDED', 'Service quota exceeded')],
      AccessDeniedException: [403, run('ACCESS_DENIED', 'Insufficient permissions for requested operation')],
      ResourceNotFoundException: [
        500,
        run('INTERNAL_ERROR', 'An internal error occurred while processing the request'),
      ],
      ConflictException: [409, run('SESSION_BUSY', 'Resource conflict - Resource already exists')],
      RetryableConflictException: [409, run('SESSION_BUSY', 'Session operation in progress, please retry')],
      RuntimeClientError: [200, run('AGENT_ERROR', 'Agent code failed during execution – check your CloudWatch logs')],
      ThrottlingException: [429, run('RATE_LIMIT_EXCEEDED', 'Too many requests from client')],
      InternalServerException: [500, run('INTERNAL_ERROR', 'An internal error occurred while processing the request')],
    },
  };

describe('an error of an invocation', () => {
  for (const protocol of ['A2A', 'MCP', 'AGUI'] as const) {
    it(`is worded as ${protocol} has it, for every exception of the service model`, async (t) => {
      const answers: Record<string, unknown> = {};
      for (const { name } of modelledExceptions) {
        const { scopeOf } = scopeWith({ exception: name });
        const { agentCore } = await start(t, { scopeOf, contract: contractOf(protocol) });
        const response = await signedFetch(urlOf(agentCore.endpoint, 'invocations'), {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: '{"jsonrpc":"2.0","id":"req-1","method":"m"}',
        });
        const type = response.headers.get('content-type');
        const text = await response.text();
        answers[name] = [response.status, type === 'text/event-stream' ? text : JSON.parse(text)];
      }
      assert.deepEqual(answers, worded[protocol]);
    });
  }

  it("is AWS's own where StopRuntimeSession fails, or the path names another runtime, whatever the protocol", async (t) => {
    const { agentCore, client } = await start(t, { contract: contractOf('AGUI') });
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: 's'.repeat(33) });
    await assert.rejects(client.send(stop), { name: 'ResourceNotFoundException' });
    const other = await signedFetch(urlOf(agentCore.endpoint, 'invocations').replace('demo', 'other'), {
      method: 'POST',
      body: '{}',
    });
    assert.deepEqual(
      [other.status, other.headers.get('x-amzn-errortype'), await other.json()],
      [
        404,
        'ResourceNotFoundException',
        {
          message: `No endpoint or agent found with qualifier 'DEFAULT' for agent '${agentRuntimeArn.replace('demo', 'other')}'`,
        },
      ],
    );
  });

  it('of a request without a signature is access denied in the words of the protocol', async (t) => {
    const answers = [];
    for (const protocol of ['HTTP', 'A2A', 'MCP', 'AGUI'] as const) {
      const { agentCore } = await start(t, { contract: contractOf(protocol) });
      const response = await fetch(urlOf(agentCore.endpoint, 'invocations'), { method: 'POST', body: '{"id":7}' });
      answers.push([response.status, await response.text()]);
    }
    assert.deepEqual(answers, [
      [403, '{"message":"Missing Authentication Token"}'],
      [403, '{"message":"Missing Authentication Token"}'],
      [
        403,
        '{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"Authorization error - Insufficient permissions"}}',
      ],
      [403, run('ACCESS_DENIED', 'Insufficient permissions for requested operation')],
    ]);
  });
});

function urlOf(endpoint: string, operation: string): string {
  return `${endpoint}/runtimes/${encodeURIComponent(agentRuntimeArn)}/${operation}`;
}

function rpc(code: number, message: string): unknown {
  return { jsonrpc: '2.0', id: 'req-1', error: { code, message } };
}

function run(code: string, message: string): string {
  return `data: ${JSON.stringify({ type: 'RUN_ERROR', code, message })}\n\n`;
}
