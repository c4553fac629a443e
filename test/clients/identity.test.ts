import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { RelayError } from '../../src/errors.ts';
import { anonymous } from '../../src/identity/anonymous.ts';
import { anyOf } from '../../src/identity/any-of.ts';
import type { Authenticator } from '../../src/identity/authenticator.ts';
import { authenticator } from '../../src/identity/handler.ts';
import { deriveSession, nameSession } from '../../src/relay/session-id.ts';
import { callers } from './callers.ts';
import type { Refusal } from './callers.ts';
import { startClientRelay } from './client-relay.ts';
import { skipReason } from './installed.ts';
import { keys, letInKeys } from './key-store.ts';
import { scenarios } from './scenarios.ts';
import { chatClients as pages } from './ui-message-clients.ts';

const { text } = scenarios.text.expected;
const answered = { text, error: undefined };

/** Short enough to be guessed, and not what AgentCore takes. */
const conversationId = 'chat 1';

const unauthenticated: Refusal = { sentence: 'credentials are required', code: 'unauthenticated', status: 401 };
const invalid: Refusal = { sentence: 'the credentials are not valid', code: 'invalid_credentials', status: 401 };
const forbidden: Refusal = { sentence: 'your plan has no agent', code: 'forbidden', status: 403 };

const invalidToken = 'Bearer realm="agent", error="invalid_token"';

/** Knows everybody and lets nobody in. */
const forbidAll = authenticator(() => {
  throw new RelayError('forbidden', { message: forbidden.sentence });
});

// AG-UI's clients write there what they also reject with.
mock.method(console, 'error', () => undefined);

interface RefusedCall {
  readonly who: string;
  readonly key: string | undefined;
  readonly by: () => Authenticator;
  readonly refusal: Refusal;
  /** `WWW-Authenticate`. */
  readonly challenge: string | undefined;
}

const refusedCalls: readonly RefusedCall[] = [
  {
    who: 'somebody without a key',
    key: undefined,
    by: letInKeys,
    refusal: unauthenticated,
    challenge: 'Bearer realm="agent"',
  },
  { who: 'a key of nobody', key: keys.unknown, by: letInKeys, refusal: invalid, challenge: invalidToken },
  { who: 'a key that is over', key: keys.expired, by: letInKeys, refusal: invalid, challenge: invalidToken },
  {
    who: 'a key of nobody where anybody may ask without one',
    key: 'none',
    by: () => anyOf([letInKeys(), anonymous()]),
    refusal: invalid,
    challenge: invalidToken,
  },
  {
    who: 'somebody who is known and not permitted',
    key: keys.alice,
    by: () => forbidAll,
    refusal: forbidden,
    challenge: undefined,
  },
];

for (const caller of callers) {
  describe(caller.name, { skip: skipReason, concurrency: true }, () => {
    it('is answered with a key, in the conversation of whoever has it', async () => {
      await using relay = await startClientRelay({ scenario: 'text', authenticator: letInKeys() });
      const { origin } = relay;
      for (const key of [keys.alice, keys.bob, keys.aliceAgain]) {
        assert.deepEqual(await caller.ask({ origin, key, conversationId }), answered);
      }
      assert.deepEqual(
        relay.invocations.map(({ runtimeSessionId }) => runtimeSessionId),
        ['api-key:alice', 'api-key:bob', 'api-key:alice'].map((id) =>
          deriveSession({ id }, nameSession(conversationId)),
        ),
      );
      assert.equal(relay.exchanges.length, 3);
    });

    for (const { who, key, by, refusal, challenge } of refusedCalls) {
      if (key === undefined && caller.insistsOnKey) continue;
      it(`shows why it is refused, and asks once: ${who}`, async () => {
        await using relay = await startClientRelay({ scenario: 'text', authenticator: by() });
        const outcome = await caller.ask({ origin: relay.origin, key });
        assert.deepEqual(outcome, { text: '', error: caller.show(refusal) });
        const { status, headers } = relay.exchange;
        assert.deepEqual([status, headers['www-authenticate']], [refusal.status, challenge]);
        assert.equal(relay.invocations.length, 0);
      });
    }

    it('is told to name its conversation better where nobody is known', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const outcome = await caller.ask({ origin: relay.origin, key: undefined, conversationId });
      const sentence =
        "without authentication a conversation's id is all that protects it, and this one can be guessed: it has 6 characters, at least 16 are needed; send a random one, such as a UUID, or have the relay authenticate its callers";
      const refusal = { sentence, code: 'invalid_session_id', status: 400 };
      assert.deepEqual(outcome, { text: '', error: caller.show(refusal) });
      assert.deepEqual([relay.exchange.status, relay.invocations.length], [400, 0]);
    });

    it('is answered where nobody is known and it names no conversation, each time in another one', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      for (let turn = 0; turn < 2; turn += 1) {
        assert.deepEqual(await caller.ask({ origin: relay.origin, key: undefined }), answered);
      }
      const sessions = new Set(relay.invocations.map(({ runtimeSessionId }) => runtimeSessionId));
      assert.deepEqual([relay.exchanges.length, sessions.size], [2, 2]);
    });
  });
}

for (const page of pages) {
  describe(`${page.name}, which asks for what it missed`, { skip: skipReason, concurrency: true }, () => {
    for (const [who, key, status, sentence] of [
      ['somebody with a key', keys.alice, 204, undefined],
      ['somebody without a key', undefined, 401, unauthenticated.sentence],
    ] as const) {
      it(`shows no more than that ${status === 204 ? 'there is nothing' : 'it is refused'}: ${who}`, async () => {
        await using relay = await startClientRelay({ scenario: 'text', authenticator: letInKeys() });
        using open = await page.open({
          origin: relay.origin,
          id: conversationId,
          transport: { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } },
        });
        await open.chat.resumeStream();
        await open.until(() => ['ready', 'error'].includes(open.chat.status));
        const { chat, messages } = open;
        assert.deepEqual(
          { messages, shown: [chat.status, chat.error?.message], status: relay.exchange.status },
          { messages: [], shown: [status === 204 ? 'ready' : 'error', sentence], status },
        );
      });
    }
  });
}
