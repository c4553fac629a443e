import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isSessionId, nameSession } from './session-id.ts';

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
