import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RelayError } from '../errors.ts';
import { scrubError } from './scrub-error.ts';

describe('an error, the moment before a viewer reads it', () => {
  it('loses what shows the account, and nothing else', async () => {
    const options = {
      cause: 'arn:aws:iam::123456789012:role/x',
      upstreamName: 'AccessDeniedException',
      retryAfterSeconds: 3,
      allow: 'GET',
      challenge: 'Bearer',
    };
    const message = 'no permission on arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo';
    const said = await scrubError(new RelayError('forbidden', { ...options, message }));
    const { code, status, cause, upstreamName, retryAfterSeconds, allow, challenge } = said;
    assert.equal(said.message, 'no permission on [arn]');
    assert.deepEqual({ cause, upstreamName, retryAfterSeconds, allow, challenge }, options);
    assert.deepEqual([code, status], ['forbidden', 403]);
  });

  it('is the same one where nothing is to be lost', async () => {
    const errors = [new RelayError('invalid_prompt'), new RelayError('invalid_prompt', { message: 'it is empty' })];
    for (const error of errors) assert.equal(await scrubError(error), error);
  });
});
