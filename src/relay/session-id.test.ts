import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { createNewId } from './new-id.ts';
import { checkCapability, deriveSession, isSessionId, nameSession } from './session-id.ts';

describe('the session of a conversation', () => {
  it('has an id that AgentCore takes, whatever the client calls it, and the same one each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        const id = nameSession(name);
        assert.ok(isSessionId(id), id);
        assert.equal(nameSession(name), id);
        // What a response says leads back to the conversation.
        assert.equal(nameSession(id), id);
      }),
    );
  });

  it('is not that of another conversation', () => {
    const names = [
      '',
      'a',
      'A',
      'a ',
      'chat-1',
      'chat-2',
      'é',
      'e\u0301',
      '0'.repeat(32),
      '\ufffd',
      '\ud800',
      '\ud801',
    ];
    assert.equal(new Set(names.map(nameSession)).size, names.length);
  });

  it('keeps a name that AgentCore takes as it is', () => {
    const uuid = '0b8f3c1e-6f0a-4d3e-9c57-2f4a1f0c9d11';
    assert.equal(nameSession(uuid), uuid);
  });

  it('is the one that it was in earlier versions', () => {
    assert.equal(nameSession('chat-1'), '2ffd0d4538fda057588714ae1a3a8ec54a93e7d7ae5fa43e88839b9cfa526a3c');
  });
});

/** Texts that tend to be mixed up, some of them alike but for half a character. */
const awkward = ['', 'a', 'ab', 'b', 'bc', 'abc', 'a\0', '\0', '\0a', 'a\r\n', '\r\na', 'a:', '1:', ':1', 'utf8 1:a'];
const surrogates = ['\ud800', '\ud801', '\udc00', '\ud800a', '\ufffd', '😀', '\u3dd8\u00de'];
const members = ['__proto__', 'constructor', 'é', 'e\u0301', 'A', ' a', '0'.repeat(64)];
const texts = [...awkward, ...surrogates, ...members];
const anyText = fc.oneof(
  fc.constantFrom(...texts),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 10 }),
);

describe('the runtime session of a conversation', () => {
  it('has an id that AgentCore takes, the same one each time, and not what the client said', () => {
    fc.assert(
      fc.property(anyText, anyText, (id, ownId) => {
        const derived = deriveSession({ id }, ownId);
        assert.match(derived, /^[0-9a-f]{64}$/u);
        assert.ok(isSessionId(derived));
        assert.equal(deriveSession({ id, isAnonymous: true }, ownId), derived);
        assert.notEqual(derived, ownId);
        assert.notEqual(derived, nameSession(ownId));
      }),
    );
  });

  it('is never that of another principal, or of another conversation', () => {
    const pairs = texts.flatMap((id) => texts.map((ownId) => ({ id, ownId })));
    assert.equal(new Set(pairs.map(({ id, ownId }) => deriveSession({ id }, ownId))).size, pairs.length);
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (id, ownId, otherId, otherOwnId) => {
        fc.pre(id !== otherId || ownId !== otherOwnId);
        assert.notEqual(deriveSession({ id }, ownId), deriveSession({ id: otherId }, otherOwnId));
      }),
    );
  });

  it('is not that of a principal and an id of the same letters, cut elsewhere', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(), (text, one, other) => {
        const [first, second] = [one, other].map((at) => at % (text.length + 1));
        fc.pre(first !== second);
        assert.notEqual(
          deriveSession({ id: text.slice(0, first) }, text.slice(first)),
          deriveSession({ id: text.slice(0, second) }, text.slice(second)),
        );
      }),
    );
  });

  it('is not reached by a client that gives the derived id of another as its own', () => {
    const derived = deriveSession({ id: 'api-key:alice' }, 'chat-1');
    assert.notEqual(deriveSession({ id: 'api-key:bob' }, nameSession(derived)), derived);
    assert.notEqual(deriveSession({ id: 'api-key:alice' }, nameSession(derived)), derived);
  });

  it('is the one that it was in earlier versions', () => {
    assert.equal(
      deriveSession({ id: 'api-key:alice' }, 'chat-1'),
      '46814aaaa77c2981437300f4223cfa301d6a5615ff113d7038f5d571add305ed',
    );
    assert.equal(
      deriveSession({ id: 'é' }, '\ud800'),
      'a08b9d26170df25a56805b4d820a0a811888702be2889107383bc9a81b43c732',
    );
  });
});

describe('the name of a conversation that nobody but its name protects', () => {
  const refusal = (clientId: string, isAnonymous = true) => {
    try {
      checkCapability({ id: 'p', isAnonymous }, clientId);
      return undefined;
    } catch (thrown) {
      assert.ok(thrown instanceof RelayError);
      return `${thrown.code}: ${thrown.message}`;
    }
  };

  it('is refused where it is short, with a sentence that says what to send', () => {
    assert.equal(
      refusal('chat-1'),
      "invalid_session_id: without authentication a conversation's id is all that protects it, and this one can be guessed: it has 6 characters, at least 16 are needed; send a random one, such as a UUID, or have the relay authenticate its callers",
    );
    assert.match(refusal('kX3_9aQz7LmP0wB') ?? '', /it has 15 characters/u);
    assert.equal(refusal('kX3_9aQz7LmP0wBv'), undefined);
  });

  it('is refused where it repeats itself, however long', () => {
    for (const name of [
      'a'.repeat(16),
      '0'.repeat(100),
      '0000000000000001',
      'abababababababababab',
      '1234123412341234',
      '1234567'.repeat(4),
      'chat-1'.repeat(5),
      '00000000-0000-0000-0000-000000000000',
      '\0'.repeat(40),
      '😀'.repeat(20),
    ]) {
      assert.match(refusal(name) ?? 'taken', /^invalid_session_id: .* it repeats itself;/u, name);
    }
  });

  it('is taken where it is random, in every form that clients use', () => {
    const newId = createNewId();
    const draw = (alphabet: string, length: number, seed: number) =>
      Array.from(
        createHash('sha512').update(`${seed}`).digest().subarray(0, length),
        (byte) => alphabet[byte % alphabet.length],
      ).join('');
    for (let round = 0; round < 500; round++) {
      for (const name of [
        newId(),
        newId().replaceAll('-', ''),
        draw('0123456789', 20, round),
        draw('0123456789abcdef', 16, round),
        // `generateId` of `ai`.
        draw('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 16, round),
      ]) {
        assert.equal(refusal(name), undefined, name);
      }
    }
  });

  it('may be any with a principal, but not none', () => {
    for (const name of ['1', 'chat-1', 'a'.repeat(40), '\r\n']) assert.equal(refusal(name, false), undefined);
    for (const isAnonymous of [true, false]) {
      assert.equal(refusal('', isAnonymous), "invalid_session_id: the conversation's id is empty");
    }
    assert.equal(checkCapability({ id: 'p' }, '1'), undefined);
  });
});
