import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ContextWindowOverflowError,
  Message,
  MaxTokensError,
  ModelError,
  ModelThrottledError,
} from '@strands-agents/sdk';
import { describeFailure } from './failure.ts';

test('gives a sentence of its own for every failure, never the error that may name roles and accounts', () => {
  const upstream = 'arn:aws:iam::123456789012:role/agent is not authorized to perform bedrock:InvokeModel';
  const failures = [
    new ModelThrottledError(upstream),
    new ContextWindowOverflowError(upstream),
    new MaxTokensError(upstream, new Message({ role: 'assistant', content: [] })),
    new ModelError(upstream),
    upstream,
  ];
  assert.deepEqual(failures.map(describeFailure), [
    'the model is throttled; try again in a moment',
    'the conversation is too long for the model; begin a new session',
    'the answer is longer than the model may write',
    'the model failed before the answer was complete',
    'the model failed before the answer was complete',
  ]);
});
