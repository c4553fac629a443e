import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AuthSettings } from '../src/auth-settings.ts';
import type { FileRequest, LoadedFiles } from './report-loaded-files.ts';

const functions = fileURLToPath(new URL('../dist/functions', import.meta.url));
const relayFolder = join(functions, 'relay');
const read = (file: string) => readFileSync(join(functions, file));
const relayFiles = readdirSync(relayFolder).map((name) => `relay/${name}`);

/** What each deployed file may weigh, in bytes; CloudFront's own limit for a function is 10 KB. */
const budgets: Readonly<Record<string, number>> = {
  ...Object.fromEntries(relayFiles.map((file) => [file, 30_000])),
  'relay/index.mjs': 100_000,
  'body-hash/index.mjs': 5_000,
  'viewer-request/index.js': 5_000,
  'agent/main.mjs': 5_000_000,
};

describe('the deployed bundles', () => {
  for (const [file, maxBytes] of Object.entries(budgets)) {
    it(`stay within their budget: ${file}, ${maxBytes.toLocaleString('en')} bytes`, () => {
      const { byteLength } = read(file);
      assert.ok(byteLength > 0 && byteLength <= maxBytes, `${byteLength} bytes`);
    });
  }

  it('stay within it together, as far as they are the relay', () => {
    const bytes = relayFiles.reduce((sum, file) => sum + read(file).byteLength, 0);
    assert.ok(bytes <= 200_000, `${bytes} bytes`);
  });

  it('hold no AWS SDK in the relay, whose start it would slow by a third', () => {
    for (const file of relayFiles) {
      assert.doesNotMatch(read(file).toString('utf8'), /@smithy|aws-sdk-js|BedrockAgentCoreClient/u, file);
    }
  });

  it("import no node:http and no node:crypto into the relay, which would load Node's fetch and its webcrypto with them", () => {
    for (const file of relayFiles)
      assert.doesNotMatch(read(file).toString('utf8'), /from"node:(?:https?|crypto)"/u, file);
  });

  it('import no node:fs into what the start reads, which would load a dozen modules of Node with it', () => {
    assert.doesNotMatch(read('relay/index.mjs').toString('utf8'), /from"node:fs"/u);
  });

  it('export a handler under the name that the stack deploys', () => {
    for (const file of ['relay/index.mjs', 'body-hash/index.mjs']) {
      assert.match(read(file).toString('utf8'), /export\{[^}]*\bas handler\b[^}]*\}/u, file);
    }
    assert.match(read('viewer-request/index.js').toString('utf8'), /^function handler\(/mu);
  });
});

/** Starts a relay's bundle in a process of its own. */
async function startRelay(folder: string, auth: AuthSettings = { kind: 'anonymous' }) {
  const child = fork(new URL('report-loaded-files.ts', import.meta.url), [folder], {
    env: {
      AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/agent-0123456789',
      AWS_REGION: 'us-east-1',
      RELAY_AUTH: JSON.stringify(auth),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exited = once(child, 'exit');
  const died = exited.then(([code, signal]): never => {
    throw new Error(`the relay's process ended with ${String(code ?? signal)}: ${said}`);
  });
  died.catch(() => undefined);
  const next = async (): Promise<LoadedFiles> => {
    const [loaded] = (await Promise.race([once(child, 'message'), died])) as [LoadedFiles];
    return loaded;
  };
  return {
    started: await next(),
    send(request: FileRequest): Promise<LoadedFiles> {
      const answered = next();
      child.send(request);
      return answered;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

describe('the relay’s bundle in a process of its own', () => {
  it('is one file at the start, and one more when the first request for a protocol comes', async () => {
    await using relay = await startRelay(relayFolder);
    assert.deepEqual(relay.started.files, ['index.mjs']);
    const steps: readonly (readonly [method: string, rawPath: string, status: number, files: readonly string[]])[] = [
      // A sentence with a value in it is looked at before a viewer reads it.
      ['POST', '/', 400, ['scrub.mjs']],
      ['OPTIONS', '/api/chat', 204, []],
      ['POST', '/api/chat', 400, ['ui-message.mjs']],
      ['POST', '/api/chat', 400, []],
      ['POST', '/ag-ui', 400, ['ag-ui.mjs']],
      ['GET', '/v1/models', 200, ['openai-chat.mjs']],
      ['POST', '/v1/chat/completions', 400, []],
      ['POST', '/v1/responses', 400, ['openai-responses.mjs']],
    ];
    for (const [method, rawPath, expectedStatus, expectedFiles] of steps) {
      const { status, files } = await relay.send({ method, rawPath });
      assert.deepEqual({ status, files }, { status: expectedStatus, files: expectedFiles }, `${method} ${rawPath}`);
    }
  });

  it('loads of all ways to know a caller the one that is configured', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relay-bundle-'));
    try {
      cpSync(relayFolder, folder, { recursive: true });
      writeFileSync(join(folder, 'identity.mjs'), 'export const identify = () => undefined;');
      const nowhere = 'https://127.0.0.1:9/';
      for (const [auth, expectedFiles] of [
        [{ kind: 'handler' }, ['handler.mjs', 'identity.mjs']],
        [{ kind: 'jwt', issuer: nowhere, audience: ['me'], jwksUri: nowhere }, ['jwt.mjs']],
      ] as const satisfies readonly (readonly [AuthSettings, readonly string[]])[]) {
        await using relay = await startRelay(folder, auth);
        const { status, files } = await relay.send({ method: 'POST', rawPath: '/' });
        // It is loaded in the background, so the file may be read when the start is already over.
        assert.deepEqual(
          { status, files: [...relay.started.files, ...files] },
          { status: 401, files: ['index.mjs', ...expectedFiles] },
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('answers where the file of a protocol is missing, and speaks the protocol as soon as it is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relay-bundle-'));
    try {
      cpSync(relayFolder, folder, { recursive: true });
      renameSync(join(folder, 'ui-message.mjs'), join(folder, 'taken-away'));
      await using relay = await startRelay(folder);
      const ask = () => relay.send({ method: 'POST', rawPath: '/api/chat' });
      const missing = await ask();
      assert.deepEqual(
        [
          missing.status,
          JSON.parse(missing.body ?? '').error.code,
          (await relay.send({ method: 'POST', rawPath: '/' })).status,
        ],
        [500, 'internal_error', 400],
      );
      assert.equal(missing.body?.includes(folder), false);
      renameSync(join(folder, 'taken-away'), join(folder, 'ui-message.mjs'));
      const { status, body } = await ask();
      assert.deepEqual([status, body?.startsWith('{')], [400, false]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
