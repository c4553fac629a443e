import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRuntimeApi } from './runtime-api.ts';

test('refuses an answer under an id that is none, and goes on', async () => {
  const api = await startRuntimeApi();
  try {
    const ask = async (id: string): Promise<readonly unknown[]> => {
      const url = `http://${api.address}/2018-06-01/runtime/invocation/${id}/response`;
      const response = await fetch(url, { method: 'POST', body: '{}' });
      return [response.status, await response.json()];
    };
    const refused = [400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' }];
    assert.deepEqual([await ask('%zz'), await ask('unknown')], [refused, refused]);
  } finally {
    await api.close();
  }
});
