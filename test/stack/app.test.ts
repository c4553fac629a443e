import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const app = fileURLToPath(new URL('../../infra/app.ts', import.meta.url));

function synthesize(context: Readonly<Record<string, string>>) {
  const outdir = mkdtempSync(join(tmpdir(), 'relay-app-'));
  try {
    return spawnSync(process.execPath, [app], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        CDK_OUTDIR: outdir,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify(context),
      },
    });
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

test('synthesizes with an environment that knows nothing of AWS', () => {
  const { status, stderr } = synthesize({});
  assert.deepEqual([status, stderr], [0, '']);
});

test('fails with one sentence, and no stack, for an ARN that is none', () => {
  const { status, stderr } = synthesize({ agentRuntimeArn: 'my-agent' });
  assert.deepEqual(
    [status, stderr],
    [
      1,
      'agent is "my-agent"; it must be a runtime, or the ARN of one, arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>\n',
    ],
  );
});
