import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RelayError } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import { basic } from './basic.ts';
import { hashPassword } from './new-key.ts';
import { defaultScryptParameters, formatPasswordHash } from './password-hash.ts';
import type { DerivePasswordHash, ScryptParameters } from './password-hash.ts';
import type { UserEntry } from './user-document.ts';

/** A hash that costs nothing and says what it was made of. */
const cheap: DerivePasswordHash = (password, salt, { cost }, length) =>
  Promise.resolve(
    createHash('shake256', { outputLength: length })
      .update(`${password} ${salt.toString('hex')} ${cost}`)
      .digest(),
  );

async function user(
  id: string,
  password: string,
  parameters: ScryptParameters = defaultScryptParameters,
  saltLength = 16,
): Promise<UserEntry> {
  const salt = Buffer.alloc(saltLength, id);
  return { id, hash: formatPasswordHash({ parameters, salt, hash: await cheap(password, salt, parameters, 32) }) };
}

interface Derivation {
  readonly password: string;
  readonly parameters: ScryptParameters;
  readonly saltLength: number;
  readonly length: number;
}

interface Rig {
  ask(id: string, password: string): Promise<unknown>;
  put(users: readonly UserEntry[] | Error): void;
  pass(durationMs: number): void;
  /** The costly work that was done since the last look. */
  takeWork(): Derivation[];
  readonly reads: number;
}

function createRig(users: readonly UserEntry[] | Error, derive: DerivePasswordHash = cheap): Rig {
  let time = 1_000_000;
  let held = users;
  let reads = 0;
  let work: Derivation[] = [];
  const store = {
    async read() {
      reads += 1;
      if (held instanceof Error) throw held;
      return JSON.stringify({ users: held });
    },
  };
  const authenticator = basic(store, {
    now: () => time,
    random: (length) => Buffer.alloc(length, 7),
    derive(password, salt, parameters, length) {
      work.push({ password, parameters, saltLength: salt.byteLength, length });
      return derive(password, salt, parameters, length);
    },
  });
  return {
    async ask(id, password) {
      const authorization = `Basic ${Buffer.from(`${id}:${password}`, 'utf8').toString('base64')}`;
      try {
        return await authenticate(authenticator, { method: 'POST', path: '/', headers: { authorization } });
      } catch (thrown) {
        if (!(thrown instanceof RelayError)) throw thrown;
        const { code, message, cause, challenge, retryAfterSeconds } = thrown;
        return { code, message, cause, challenge, retryAfterSeconds };
      }
    },
    put(users) {
      held = users;
    },
    pass(durationMs) {
      time += durationMs;
    },
    takeWork() {
      const done = work;
      work = [];
      return done;
    },
    get reads() {
      return reads;
    },
  };
}

function refusal(cause: string): unknown {
  return {
    code: 'invalid_credentials',
    message: 'the credentials are not valid',
    cause,
    challenge: 'Basic realm="agent", charset="UTF-8"',
    retryAfterSeconds: undefined,
  };
}

test('lets in who knows the password, with scrypt itself', async () => {
  const store = {
    read: async () => JSON.stringify({ users: [{ id: 'Zoë', hash: await hashPassword('pässword:1') }] }),
  };
  const authenticator = basic(store);
  const headers = { authorization: `Basic ${Buffer.from('Zoë:pässword:1', 'utf8').toString('base64')}` };
  assert.deepEqual(await authenticate(authenticator, { method: 'POST', path: '/', headers }), { id: 'basic:Zoë' });
});

test('refuses a wrong password and an unknown id in the same words', async () => {
  const { ask } = createRig([await user('alice', 'right')]);
  assert.deepEqual(await ask('alice', 'right'), { id: 'basic:alice' });
  assert.deepEqual(await ask('alice', 'guess'), refusal('wrong password of "alice"'));
  assert.deepEqual(await ask('bob', 'right'), refusal('unknown user'));
  assert.deepEqual(await ask('alice', ''), refusal('wrong password of "alice"'));
  assert.deepEqual(await ask('', ''), refusal('unknown user'));
  assert.deepEqual(await ask('__proto__', 'right'), refusal('unknown user'));
});

test('refuses a password longer than any that is made, whoever sends it, and does no work for it', async () => {
  const longest = 'a'.repeat(1_024);
  const rig = createRig([await user('alice', longest), await user('bob', `${longest}a`)]);
  rig.takeWork();
  assert.deepEqual(await rig.ask('alice', longest), { id: 'basic:alice' });
  assert.equal(rig.takeWork().length, 1);
  for (const id of ['alice', 'bob', 'nobody']) {
    assert.deepEqual(await rig.ask(id, `${longest}a`), refusal('a password of more than 1024 characters'));
  }
  assert.deepEqual([rig.takeWork(), rig.reads], [[], 1]);
});

test('tells the log neither the password nor the id of nobody, which may be a password in the wrong field', async () => {
  const { ask } = createRig([await user('alice', 'right')]);
  assert(!inspect([await ask('alice', 'SENTINEL'), await ask('SENTINEL', 'x')]).includes('SENTINEL'));
});

test('does the same work for an unknown id as for a wrong password, so that the time does not say who is a user', async () => {
  const rig = createRig([await user('alice', 'right')]);
  await rig.ask('alice', 'guess');
  const known = rig.takeWork();
  await rig.ask('nobody', 'guess');
  assert.deepEqual(rig.takeWork(), known);
  assert.deepEqual(known, [{ password: 'guess', parameters: defaultScryptParameters, saltLength: 16, length: 32 }]);
});

test('does the work of a new hash where there are no users at all', async () => {
  const rig = createRig([]);
  assert.deepEqual(await rig.ask('alice', 'x'), refusal('unknown user'));
  assert.deepEqual(rig.takeWork(), [
    { password: 'x', parameters: defaultScryptParameters, saltLength: 16, length: 32 },
  ]);
});

test('does for an unknown id the work of one of the users where these differ, for the same id always the same', async () => {
  const strong = { cost: 2 ** 17, blockSize: 8, parallelization: 1 };
  const rig = createRig([await user('alice', 'a'), await user('bob', 'b', strong, 32)]);
  const works = new Set<string>();
  for (let index = 0; index < 50; index += 1) {
    await rig.ask(`nobody-${index}`, 'x');
    const [first] = rig.takeWork();
    await rig.ask(`nobody-${index}`, 'x');
    assert.deepEqual(rig.takeWork(), [first]);
    works.add(JSON.stringify(first));
  }
  assert.deepEqual(
    [...works].sort(),
    [
      { password: 'x', parameters: strong, saltLength: 32, length: 32 },
      { password: 'x', parameters: defaultScryptParameters, saltLength: 16, length: 32 },
    ]
      .map((work) => JSON.stringify(work))
      .sort(),
  );
});

test('never lets in an unknown id, not even by a password whose hash is the one that it is compared with', async () => {
  const rig = createRig([await user('alice', 'right')], (_password, _salt, _parameters, length) =>
    Promise.resolve(Buffer.alloc(length)),
  );
  assert.deepEqual(await rig.ask('bob', 'any'), refusal('unknown user'));
  assert.deepEqual(await rig.ask('bob', 'any'), refusal('unknown user'));
});

test('does the work once in five minutes for a chat, and again for each wrong password', async () => {
  const rig = createRig([await user('alice', 'right')]);
  await rig.ask('alice', 'right');
  rig.pass(299_999);
  await rig.ask('alice', 'right');
  assert.equal(rig.takeWork().length, 1);
  rig.pass(1);
  await rig.ask('alice', 'right');
  assert.equal(rig.takeWork().length, 1);
  await rig.ask('alice', 'guess');
  await rig.ask('alice', 'guess');
  assert.equal(rig.takeWork().length, 2);
});

test('forgets a password that was right when another one was set, and a user who was removed', async () => {
  const rig = createRig([await user('alice', 'old'), await user('bob', 'b')]);
  assert.deepEqual(
    [await rig.ask('alice', 'old'), await rig.ask('bob', 'b')],
    [{ id: 'basic:alice' }, { id: 'basic:bob' }],
  );
  rig.put([await user('alice', 'new')]);
  rig.pass(60_000);
  // This request is the one that has the document read.
  await rig.ask('alice', 'old');
  await new Promise<void>((resolve) => void setImmediate(resolve));
  assert.deepEqual(await rig.ask('alice', 'old'), refusal('wrong password of "alice"'));
  assert.deepEqual(await rig.ask('bob', 'b'), refusal('unknown user'));
  assert.deepEqual(await rig.ask('alice', 'new'), { id: 'basic:alice' });
});

test('lets a new user and a new password in ten seconds later at the latest, and reads no more often for whoever guesses', async () => {
  const rig = createRig([await user('alice', 'old')]);
  await rig.ask('alice', 'old');
  rig.put([await user('alice', 'new'), await user('bob', 'b')]);
  rig.pass(9_999);
  for (let guess = 0; guess < 20; guess += 1) await rig.ask('alice', `guess-${guess}`);
  assert.deepEqual([await rig.ask('bob', 'b'), rig.reads], [refusal('unknown user'), 1]);
  rig.pass(1);
  assert.deepEqual([await rig.ask('bob', 'b'), rig.reads], [{ id: 'basic:bob' }, 2]);
  assert.deepEqual([await rig.ask('alice', 'new'), rig.reads], [{ id: 'basic:alice' }, 2]);
});

test('does the work once for a wrong password although the document is read again', async () => {
  const rig = createRig([await user('alice', 'right')]);
  await rig.ask('alice', 'right');
  rig.takeWork();
  rig.pass(10_000);
  await rig.ask('alice', 'guess');
  assert.deepEqual([rig.takeWork().length, rig.reads], [1, 2]);
});

test('says that it cannot know where the document cannot be read, and does no work', async () => {
  const rig = createRig(new Error('outage'));
  assert.deepEqual(await rig.ask('alice', 'right'), {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause: 'the users cannot be had: Error: outage',
    challenge: undefined,
    retryAfterSeconds: 5,
  });
  assert.deepEqual(rig.takeWork(), []);
});

test('does two hashes at once, lets 32 callers wait, and lets in whom it knows already meanwhile', async () => {
  const blocked: (() => void)[] = [];
  let isBlocking = false;
  const users = await Promise.all(Array.from({ length: 40 }, (_, index) => user(`user-${index}`, 'right')));
  const rig = createRig(users, async (...work) => {
    if (isBlocking) await new Promise<void>((resolve) => void blocked.push(resolve));
    return await cheap(...work);
  });
  assert.deepEqual(await rig.ask('user-0', 'right'), { id: 'basic:user-0' });
  rig.takeWork();
  isBlocking = true;
  const waiting = users.slice(1, 35).map(({ id }) => rig.ask(id, 'right'));
  await new Promise<void>((resolve) => void setImmediate(resolve));
  assert.equal(rig.takeWork().length, 2);
  assert.deepEqual(await rig.ask('user-36', 'right'), {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause: '32 callers wait for their password to be checked',
    challenge: undefined,
    retryAfterSeconds: 2,
  });
  assert.deepEqual(await rig.ask('user-0', 'right'), { id: 'basic:user-0' });
  isBlocking = false;
  for (const resume of blocked) resume();
  assert.deepEqual(
    await Promise.all(waiting),
    users.slice(1, 35).map(({ id }) => ({ id: `basic:${id}` })),
  );
});

test('lets nobody in where the hash cannot be made, and tells the log why', async () => {
  const rig = createRig([await user('alice', 'right')], () => Promise.reject(new RangeError('memory limit exceeded')));
  const { code, cause } = (await rig.ask('alice', 'right')) as RelayError;
  assert.equal(code, 'internal_error');
  assert.match(String(cause), /^RangeError: memory limit exceeded/u);
});

test('leaves other credentials to others', async () => {
  const authenticator = basic({ read: () => Promise.resolve('{"users":[]}') });
  for (const headers of [{ authorization: 'Bearer abc' }, { 'x-api-key': 'abc' }, {}]) {
    await assert.rejects(authenticate(authenticator, { method: 'POST', path: '/', headers }), {
      status: 401,
      challenge: 'Basic realm="agent", charset="UTF-8"',
    });
  }
});
