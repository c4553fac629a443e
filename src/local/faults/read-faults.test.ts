import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LocalChainError } from '../local-chain-error.ts';
import { describeFaults, readFaultHeader, readFaults } from './read-faults.ts';
import type { Fault } from './read-faults.ts';
import { noFaults } from './request-faults.ts';
import type { RequestFaults } from './request-faults.ts';

const { agent, relay } = noFaults;
const messages = (count: number) => ({ unit: 'messages', count }) as const;

/** What a fault makes of a request. */
const effectOf = (text: string): RequestFaults =>
  readFaults([text]).reduce<RequestFaults>((faults, { apply }) => apply(faults), noFaults);

/** The sentence that refuses it. */
function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof LocalChainError) return error.message;
    throw error;
  }
  return assert.fail('it was read');
}

describe('readFaults', () => {
  it('reads each fault of the vocabulary, at its hop', () => {
    const all: readonly (readonly [string, Partial<RequestFaults>])[] = [
      ['split=1', { agent: { ...agent, splitBytes: 1 } }],
      ['cold=35s', { agent: { ...agent, coldStartMs: 35_000 } }],
      ['silent=70s', { agent: { ...agent, silence: { after: messages(1), forMs: 70_000 } } }],
      ['silent=1.5m:after=5', { agent: { ...agent, silence: { after: messages(5), forMs: 90_000 } } }],
      ['silent=300ms:after=0B', { agent: { ...agent, silence: { after: { unit: 'bytes', count: 0 }, forMs: 300 } } }],
      ['cut-after=20', { agent: { ...agent, cutAfter: messages(20) } }],
      ['cut-after=500B', { agent: { ...agent, cutAfter: { unit: 'bytes', count: 500 } } }],
      ['end-after=0', { agent: { ...agent, endAfter: messages(0) } }],
      ['crash-after=2', { agent: { ...agent, crashAfter: messages(2) } }],
      ['error=RetryableConflictException', { agent: { ...agent, exception: 'RetryableConflictException' } }],
      ['throttle', { agent: { ...agent, exception: 'ThrottlingException' } }],
      ['relay-cold=2m', { relay: { ...relay, coldStartMs: 120_000 } }],
      ['relay-cut-after=3', { relay: { ...relay, cutAfter: messages(3) } }],
      ['relay-crash-after=4', { relay: { ...relay, crashAfter: messages(4) } }],
      ['relay-throttle', { relay: { ...relay, isThrottled: true } }],
      ['hold-first-chunk', { relay: { ...relay, holdsFirstChunk: true } }],
      ['edge-error=1', { edge: { failsFunction: true } }],
      ['slow-reader', { viewer: { ...noFaults.viewer, bytesPerSecond: 1000 } }],
      ['slow-reader=200', { viewer: { ...noFaults.viewer, bytesPerSecond: 200 } }],
      ['leave-after=7', { viewer: { ...noFaults.viewer, leavesAfter: messages(7) } }],
    ];
    for (const [text, effect] of all) assert.deepEqual(effectOf(text), { ...noFaults, ...effect }, text);
  });

  it('reads the share of the requests, from the value where that is one and after an at sign elsewhere', () => {
    const shares = (texts: string[]) => readFaults(texts).map(({ name, share }: Fault) => [name, share]);
    assert.deepEqual(shares(['throttle=0.3', 'edge-error', 'split=1', 'cold=1s@0.25, slow-reader@0']), [
      ['throttle', 0.3],
      ['edge-error', 1],
      ['split', 1],
      ['cold', 0.25],
      ['slow-reader', 0],
    ]);
  });

  it('says what is wrong and what is allowed', () => {
    const sentences: readonly (readonly [string, string])[] = [
      ['split', 'the fault split needs a value, as in split=1; it must be a number of bytes from 1'],
      ['split=0', 'the fault "split=0" has the value "0"; it must be a number of bytes from 1'],
      [
        'cold=35',
        'the fault "cold=35" has the value "35"; it must be a duration such as 500ms, 35s or 2m, at most a day',
      ],
      [
        'silent=25h',
        'the fault "silent=25h" has the value "25h"; it must be a duration such as 500ms, 35s or 2m, at most a day, and may say after what: 70s:after=5, 70s:after=500B (default: after the first message)',
      ],
      [
        'cut-after=2kB',
        'the fault "cut-after=2kB" has the value "2kB"; it must be a place in the answer: 20 for so many messages, 500B for so many bytes',
      ],
      ['throttle=2', 'the fault "throttle=2" has the value "2"; it must be a number from 0 to 1'],
      [
        'throttle=0.3@0.1',
        'the fault "throttle=0.3@0.1" says twice which share of the requests it meets; write throttle=0.1',
      ],
      ['split=1@2', 'the fault "split=1@2" meets the share "2"; it must be a number from 0 to 1'],
      ['hold-first-chunk=1', 'the fault hold-first-chunk takes no value, and got "1"'],
      ['slow-reader=', 'the fault "slow-reader=" has the value ""; it must be a number of bytes per second from 1'],
      ['cut-after=1, cut-after=2', 'the fault cut-after is given twice: cut-after=1 and cut-after=2'],
    ];
    for (const [text, sentence] of sentences)
      assert.equal(
        refusalOf(() => readFaults([text])),
        sentence,
      );
  });

  it('names all that is known where something is not, what is nearest to it first', () => {
    assert.match(
      refusalOf(() => readFaults(['relay-trottle=1'])),
      /^the fault "relay-trottle=1" is not known; known are relay-throttle, (?:[a-z-]+, ){14}[a-z-]+$/u,
    );
    assert.match(
      refusalOf(() => readFaults(['error=Throttling'])),
      /^the fault "error=Throttling" has the value "Throttling"; it must be one of ThrottlingException, (?:\w+, )*\w+$/u,
    );
    for (const name of ['', '__proto__', 'toString', 'none'])
      assert.match(
        refusalOf(() => readFaults([name])),
        /known/u,
      );
  });

  it('reads every text or refuses it with a sentence', () => {
    const name = fc.constantFrom('split', 'cold', 'silent', 'error', 'throttle', 'slow-reader', 'hold-first-chunk');
    const value = fc.string({ unit: fc.constantFrom(...'0123456789.msB:=after@'.split('')) });
    const text = fc.oneof(
      fc.string(),
      fc.tuple(name, value).map((parts) => parts.join('=')),
    );
    fc.assert(
      fc.property(text, (written) => {
        try {
          for (const { share, apply } of readFaults([written])) {
            assert.ok(share >= 0 && share <= 1);
            assert.notDeepEqual(apply(noFaults), noFaults);
          }
        } catch (error) {
          assert.ok(error instanceof LocalChainError);
          assert.match(error.message, /^the fault /u);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads what it prints as its examples', () => {
    const lines = describeFaults().trimEnd().split('\n');
    const examples = lines.map((line) => line.split(' ')[0] ?? '');
    assert.equal(readFaults(examples).length, 16);
  });
});

describe('readFaultHeader', () => {
  it('takes none for a wish to be left alone, and keeps what stands beside it', () => {
    const read = (header: string) => {
      const { isAlone, faults } = readFaultHeader(header);
      return [isAlone, faults.map(({ text }) => text)];
    };
    assert.deepEqual(read('none'), [true, []]);
    assert.deepEqual(read(' split=1 ,none,cut-after=20'), [true, ['split=1', 'cut-after=20']]);
    assert.deepEqual(read('split=1'), [false, ['split=1']]);
  });
});
