import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RelayError } from '../errors.ts';
import { describeBreak, readErrorName, readRetryAfter } from './errors.ts';

describe('readRetryAfter', () => {
  const now = (): number => Date.parse('2026-11-22T12:00:00Z');
  for (const [value, seconds] of [
    ['0', 0],
    ['7', 7],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['99999999999', undefined],
    [undefined, undefined],
  ] as const) {
    test(`reads ${value ?? 'no header'} as ${seconds ?? 'no wish'}`, () => {
      assert.equal(readRetryAfter(value, now), seconds);
    });
  }
});

describe('readErrorName', () => {
  for (const [raw, name] of [
    ['ThrottlingException', 'ThrottlingException'],
    ['ThrottlingException:http://internal.example/doc', 'ThrottlingException'],
    ['com.amazonaws.bedrockagentcore#ThrottlingException', 'ThrottlingException'],
    ['aws.example#ThrottlingException:http://internal.example/doc', 'ThrottlingException'],
    ['', undefined],
    ['<script>', undefined],
    [`A${'a'.repeat(200)}`, undefined],
    [42, undefined],
    [undefined, undefined],
  ] as const) {
    test(`reads ${JSON.stringify(raw)?.slice(0, 60) ?? 'nothing'} as ${name ?? 'no name'}`, () => {
      assert.equal(readErrorName(raw), name);
    });
  }
});

describe('describeBreak', () => {
  for (const [thrown, code] of [
    [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'agent_unreachable'],
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'agent_unreachable'],
    [{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'agent_unreachable'],
    [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'agent_unreachable'],
    [{ code: 'ETIMEDOUT', syscall: 'read' }, 'agent_interrupted'],
    [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'agent_unreachable'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'agent_unreachable'],
    [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'agent_unreachable'],
    [{ code: 'ECONNRESET' }, 'agent_interrupted'],
    [{ code: 'EPIPE' }, 'agent_interrupted'],
    [{ code: 'HPE_INVALID_CHUNK_SIZE' }, 'agent_interrupted'],
    [{ code: 'ERR_STREAM_PREMATURE_CLOSE' }, 'agent_interrupted'],
    [{ name: 'TimeoutError' }, 'agent_timeout'],
    [{ code: 'ERR_INVALID_CHAR' }, 'internal_error'],
    [{ name: 'CredentialsProviderError' }, 'internal_error'],
    [null, 'internal_error'],
  ] as const) {
    test(`takes ${JSON.stringify(thrown)} for ${code}`, () => {
      assert.equal(describeBreak(thrown).code, code);
    });
  }

  test('passes an error on that is described already', () => {
    const error = new RelayError('agent_busy');
    assert.equal(describeBreak(error), error);
  });
});
