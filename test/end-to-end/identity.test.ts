import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { createRelayApp } from '../../infra/relay-app.ts';
import { DemoAgent } from '../../infra/demo-agent.ts';
import { AgentRelay, RelayAuth } from '../../src/cdk.ts';
import type { CommandConsole } from '../../src/keys/console.ts';
import { runKeyCommand } from '../../src/keys/key-command.ts';
import { runUserCommand } from '../../src/keys/user-command.ts';
import type { LocalChain, LocalChainOptions, RequestLine } from '../../src/local.ts';
import { createSigningKey, issuerPaths, signToken, startIssuer } from '../identity/issuer.ts';
import type { Issuer, SigningKey } from '../identity/issuer.ts';
import { sentinels, startWatchedChain } from '../watched-servers.ts';
import { ask, view } from './deployed-chain.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const prompt = { prompt: 'What is 12*(3+4)?', response: 'transformed' };

let folder: string;
before(() => {
  // The CDK's own check of templates takes three seconds; the tests of the stack do it.
  process.env['CDK_VALIDATION'] = 'false';
  folder = mkdtempSync(join(tmpdir(), 'relay-identity-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the stack as it is deployed, with keys', () => {
  let chain: LocalChain;
  let keysFile: string;
  let clock: { readonly environment: Record<string, string>; advance(byMs: number): void };
  const requests: RequestLine[] = [];

  before(async () => {
    keysFile = join(folder, 'keys.json');
    writeFileSync(keysFile, '{"keys":[]}');
    clock = createClock();
    createRelayApp({ environment: {}, outdir: join(folder, 'demo') }).synth();
    chain = await start('demo', {
      keysFile,
      relayEnvironment: clock.environment,
      onRequest: (line) => requests.push(line),
    });
  });
  after(async () => {
    await chain.close();
  });

  it('lets nobody in before there is a key, says what would do, and does not wake the agent', async () => {
    for (const headers of [undefined, { authorization: 'Bearer relay_made-up' }, { 'x-api-key': 'made-up' }]) {
      requests.length = 0;
      const { status, headers: answered, text } = await ask(chain.url, prompt, withHeaders(headers));
      const code = headers === undefined ? 'unauthenticated' : 'invalid_credentials';
      assert.deepEqual([status, (JSON.parse(text) as { error: { code: string } }).error.code], [401, code]);
      assert.match(answered.get('www-authenticate') ?? 'no challenge', /^Bearer realm="/u);
      assert.equal(answered.get('x-amzn-remapped-www-authenticate'), null);
      assert.equal(requests[0]?.hops.agentMs, undefined);
    }
  });

  it('refuses in the words of the client’s own protocol', async () => {
    const { status, headers, text } = await ask(`${chain.url}/v1/chat/completions`, {
      model: 'agent',
      messages: [{ role: 'user', content: 'hello' }],
    });
    const { error } = JSON.parse(text) as { error: Record<string, unknown> };
    assert.deepEqual([status, error['code'], typeof error['message']], [401, 'unauthenticated', 'string']);
    assert.match(headers.get('www-authenticate') ?? 'no challenge', /^Bearer realm="/u);
  });

  it('lets a new key in within seconds, as a bearer token and as x-api-key, and streams', async () => {
    const key = await createKey('alice');
    clock.advance(15_000);
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }]) {
      const { status, text } = await ask(chain.url, prompt, withHeaders(headers));
      assert.equal(status, 200, text);
      assert.match(text, /84[\s\S]*\n----------\n\{"usage":/u);
    }
  });

  it('takes no forwarded header for the viewer’s own', async () => {
    const key = await createKey('mallory');
    clock.advance(15_000);
    const { status } = await ask(chain.url, prompt, withHeaders({ 'x-relay-authorization': `Bearer ${key}` }));
    assert.equal(status, 401);
  });

  it('keeps two callers apart who name their conversations alike, and one together over two keys', async () => {
    const runtimeSessionId = 'conversation-0123456789-0123456789-0123456789';
    const say = async (key: string, words: string): Promise<string> => {
      const body = { prompt: words, runtimeSessionId, response: 'transformed' };
      const { status, headers, text } = await ask(chain.url, body, withHeaders({ 'x-api-key': key }));
      assert.deepEqual([status, headers.get('x-runtime-session-id')], [200, runtimeSessionId], text);
      return text;
    };
    const [ada, adasSecond, bob] = [await createKey('ada'), await createKey('ada'), await createKey('bob')];
    clock.advance(15_000);
    await say(ada, 'My name is Ada.');
    assert.doesNotMatch(await say(bob, 'What is my name?'), /Ada/u);
    assert.match(await say(adasSecond, 'What is my name?'), /Ada/u);
  });

  it('shuts a revoked key out once the relay has read the secret again', async () => {
    const key = await createKey('eve');
    clock.advance(15_000);
    const asEve = (): Promise<number> =>
      ask(chain.url, prompt, withHeaders({ 'x-api-key': key })).then(({ status }) => status);
    assert.equal(await asEve(), 200);
    assert.equal(await runKeyCommand(['revoke', 'eve', '--file', keysFile], silentConsole()), 0);
    clock.advance(61_000);
    // The first request over the minute starts the read and is still let in; how many more are depends on how long it takes.
    let status = 200;
    for (let tries = 0; status === 200 && tries < 50; tries += 1) status = await asEve();
    assert.equal(status, 401);
  });

  async function createKey(id: string): Promise<string> {
    const console = silentConsole();
    assert.equal(await runKeyCommand(['create', id, '--file', keysFile], console), 0);
    return console.printed().trimEnd();
  }
});

describe('a stack that takes keys, passwords and what its own module says', () => {
  let chain: LocalChain;
  let app: Server;
  let password: string;

  before(async () => {
    app = createServer((request, response) => {
      const user = { id: 'ada', mayChat: request.headers.authorization === 'Bearer session-of-ada' };
      response.writeHead(request.headers.authorization?.startsWith('Bearer session-') ? 200 : 401);
      response.end(JSON.stringify(user));
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    synthesizeOwnStack(writeExample());
    const usersFile = join(folder, 'users.json');
    const console = silentConsole();
    assert.equal(await runUserCommand(['create', 'böb', '--file', usersFile], console), 0);
    password = console.printed().trimEnd();
    const { port } = app.address() as AddressInfo;
    chain = await start('own', { usersFile, relayEnvironment: { APP_URL: `http://127.0.0.1:${port}` } });
  });
  after(async () => {
    await chain.close();
    app.close();
  });

  it('names all that would do, a challenge each', async () => {
    const { status, headers } = await ask(chain.url, prompt);
    assert.equal(status, 401);
    assert.equal(
      headers.get('www-authenticate'),
      'Bearer realm="agent", Basic realm="agent", charset="UTF-8", Bearer realm="app"',
    );
  });

  it('lets in with the right password and with no other', async () => {
    const basic = (words: string): RequestInit =>
      withHeaders({ authorization: `Basic ${Buffer.from(`böb:${words}`).toString('base64')}` });
    assert.equal((await ask(chain.url, prompt, basic(password))).status, 200);
    assert.equal((await ask(chain.url, prompt, basic(`${password}x`))).status, 401);
  });

  it('asks the module of docs/authenticate.md, bundled beside the relay', async () => {
    const as = async (session: string): Promise<readonly [number, string]> => {
      const { status, text } = await ask(
        chain.url,
        prompt,
        withHeaders({ authorization: `Bearer session-${session}` }),
      );
      return [status, status === 200 ? 'streamed' : (JSON.parse(text) as { error: { code: string } }).error.code];
    };
    assert.deepEqual(await as('of-ada'), [200, 'streamed']);
    assert.deepEqual(await as('of-bob'), [403, 'forbidden']);
    const { status } = await ask(chain.url, prompt, withHeaders({ authorization: 'Bearer other' }));
    assert.equal(status, 401);
  });

  it('lets a browser ask with GET, which gets its prompt for a password', async () => {
    const { status, headers } = await view(`${chain.url}/?prompt=hello`);
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /Basic realm=/u);
  });
});

describe('the stack as it is deployed, with tokens', () => {
  let chain: LocalChain;
  let issuer: Issuer;
  let key: SigningKey;
  let next: SigningKey;
  let clock: ReturnType<typeof createClock>;

  before(async () => {
    clock = createClock();
    [key, next] = await Promise.all([createSigningKey('first'), createSigningKey('second')]);
    issuer = await startIssuer(key);
    const context = { auth: 'jwt', issuer: issuer.url, audience: 'chat,other' };
    createRelayApp({ environment: {}, context, outdir: join(folder, 'tokens') }).synth();
    chain = await start('tokens', { relayEnvironment: clock.environment });
  });
  after(async () => {
    await chain.close();
    await issuer[Symbol.asyncDispose]();
  });

  const claims = (): Record<string, unknown> => ({
    iss: issuer.url,
    sub: 'ada',
    aud: 'chat',
    exp: Math.floor(Date.now() / 1000) + 60,
  });

  async function askWith(token: string) {
    const { status, headers, text } = await ask(chain.url, prompt, withHeaders({ authorization: `Bearer ${token}` }));
    return { status, challenge: headers.get('www-authenticate'), text };
  }

  it('lets in who has one of the issuer, and finds its keys by itself', async () => {
    assert.equal((await askWith(await signToken(key, claims()))).status, 200);
    assert.deepEqual(issuer.requests, [issuerPaths.discovery, issuerPaths.keys]);
  });

  it('lets nobody in with one that is expired, for another service, of another issuer, unsigned, or signed by a stranger', async () => {
    const stranger = await createSigningKey('first');
    const unsigned = `${encode({ alg: 'none' })}.${encode(claims())}.`;
    for (const token of [
      await signToken(key, { ...claims(), exp: Math.floor(Date.now() / 1000) - 3_600 }),
      await signToken(key, { ...claims(), aud: 'another service' }),
      await signToken(key, { ...claims(), iss: 'https://another.example' }),
      await signToken(stranger, claims()),
      unsigned,
    ]) {
      const { status, challenge, text } = await askWith(token);
      assert.deepEqual(
        [status, (JSON.parse(text) as { error: { code: string } }).error.code],
        [401, 'invalid_credentials'],
      );
      assert.match(challenge ?? 'no challenge', /^Bearer .*error="invalid_token"/u);
      assert.ok(!text.includes(token));
    }
  });

  it('learns a new key of the issuer when a token names it, half a minute after it last asked', async () => {
    issuer.publish(key, next);
    clock.advance(31_000);
    assert.equal((await askWith(await signToken(next, claims()))).status, 200);
  });
});

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The example of the documentation, where esbuild finds this package under its name. */
function writeExample(): string {
  const document = readFileSync(join(root, 'docs/authenticate.md'), 'utf8');
  const [, code] = /```ts\n(\/\/ identity\.ts\n[\s\S]*?)```/u.exec(document) ?? [];
  assert.ok(code !== undefined, 'the document has no example');
  mkdirSync(join(root, '.cache'), { recursive: true });
  const exampleFolder = mkdtempSync(join(root, '.cache/identity-'));
  process.on('exit', () => rmSync(exampleFolder, { recursive: true, force: true }));
  const entry = join(exampleFolder, 'identity.ts');
  writeFileSync(entry, code);
  return entry;
}

function synthesizeOwnStack(entry: string): void {
  const app = new App({ outdir: join(folder, 'own') });
  const stack = new Stack(app, 'Own', { env: { region: 'eu-central-1' } });
  const relay = new AgentRelay(stack, 'Relay', {
    agent: new DemoAgent(stack, 'Agent', { modelId: 'amazon.nova-lite-v1:0' }).runtime,
    auth: RelayAuth.anyOf(
      RelayAuth.apiKeys(new Secret(stack, 'Keys')),
      RelayAuth.basic(new Secret(stack, 'Users', { secretName: 'relay/users' })),
      RelayAuth.handler(entry),
    ),
  });
  assert.ok(relay.url);
  app.synth();
}

function start(assembly: string, options: Partial<LocalChainOptions>): Promise<LocalChain> {
  return startWatchedChain({
    assembly: join(folder, assembly),
    port: 0,
    accountId: sentinels['the account id'],
    agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '0' },
    ...options,
  });
}

function withHeaders(headers: Readonly<Record<string, string>> | undefined): RequestInit {
  return { headers: { 'content-type': 'application/json', ...headers } };
}

/** A clock of the relay's process that can be put forward, by less than what a signature may be off. */
function createClock(): { readonly environment: Record<string, string>; advance(byMs: number): void } {
  const file = join(folder, 'clock');
  const module = join(folder, 'clock.mjs');
  writeFileSync(file, '0');
  writeFileSync(
    module,
    `import { readFileSync } from 'node:fs';
     const now = Date.now;
     Date.now = () => now() + Number(readFileSync(${JSON.stringify(file)}, 'utf8'));`,
  );
  let aheadMs = 0;
  return {
    environment: { NODE_OPTIONS: `--import=${pathToFileURL(module).href}` },
    advance(byMs) {
      aheadMs += byMs;
      assert.ok(aheadMs < 300_000, 'AgentCore would refuse the signature');
      writeFileSync(file, String(aheadMs));
    },
  };
}

function silentConsole(): CommandConsole & { printed(): string } {
  let printed = '';
  return {
    print: (text) => {
      printed += text;
    },
    explain: () => undefined,
    readInput: () => Promise.resolve(undefined),
    now: Date.now,
    printed: () => printed,
  };
}
