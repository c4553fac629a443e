import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFaultPlan } from '../../src/local/faults/fault-plan.ts';
import type { LocalChain, LocalChainOptions, RequestLine } from '../../src/local.ts';
import { startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { untilStill, untilTrue } from '../lambda-runtime/until.ts';
import { createFasterClock } from './faster-clock.ts';
import { endingsOf } from './fault-endings.ts';
import { view, viewerFormats } from './viewer-formats.ts';
import type { Viewed, ViewerFormat, ViewOptions } from './viewer-formats.ts';

const prompt = 'What is 12*(3+4)?';
/** What the offline model answers; it introduces itself where a session begins. */
const text = /^(?:I am the offline model: [^\n]*\n\n)?Let me see\.\n\n12\*\(3\+4\) = 84$/u;
const [original, transformed] = viewerFormats as [ViewerFormat, ViewerFormat];

/** A chain whose requests can be looked at when they are over. */
interface SeenChain {
  readonly chain: LocalChain;
  /** Asks in a session that most tests share, once nobody else is being answered in it, or in one of their own. */
  ask(format: ViewerFormat, options?: ViewOptions & { readonly sessionId?: string }): Promise<Seen>;
}

interface Seen extends Viewed {
  readonly line: RequestLine;
}

async function startSeenChain(options: Partial<LocalChainOptions> = {}): Promise<SeenChain> {
  const lines = new Map<string, PromiseWithResolvers<RequestLine>>();
  const lineOf = (id: string): PromiseWithResolvers<RequestLine> => {
    const line = lines.get(id) ?? Promise.withResolvers<RequestLine>();
    lines.set(id, line);
    return line;
  };
  const chain = await startDeployedChain({ onRequest: (line) => lineOf(line.requestId).resolve(line), ...options });
  const shared = newSessionId();
  let isIdle = true;
  const askIn = async (sessionId: string, format: ViewerFormat, asked: ViewOptions): Promise<Seen> => {
    const viewed = await view(chain.url, format, { prompt, sessionId }, asked);
    return { ...viewed, line: await lineOf(String(viewed.headers['x-amz-cf-id'])).promise };
  };
  return {
    chain,
    ask: async (format, { sessionId, ...asked } = {}) => {
      if (sessionId !== undefined) return askIn(sessionId, format, asked);
      if (!isIdle) await untilTrue(async () => (await askIn(shared, original, { faults: 'none' })).status === 200);
      const seen = await askIn(shared, format, asked);
      isIdle = seen.ending === 'whole' || seen.ending === 'refused';
      return seen;
    },
  };
}

const newSessionId = (): string => `session-${randomUUID()}`;

/** How many messages a text has that ends with one. */
const countMessages = (answer: string): number => answer.split('\n\n').length - 1;

let seen: SeenChain;
before(async () => {
  seen = await startSeenChain();
});
after(() => seen.chain.close());

describe('a fault of the relay, the edge or the viewer', () => {
  it('relay-cold: makes the first call of a process wait, and no other', async () => {
    const [cold, warm] = [
      await seen.ask(original, { faults: 'relay-cold=700ms' }),
      await seen.ask(original, { faults: 'relay-cold=700ms' }),
    ];
    assert.deepEqual([cold.ending, warm.ending, warm.line.hops.functionInitMs], ['whole', 'whole', undefined]);
    assert.ok((cold.line.hops.functionInitMs ?? 0) >= 700, `it took ${cold.line.hops.functionInitMs} ms`);
  });

  it('relay-crash-after: kills the only process, and the next request starts another one', async () => {
    const sessionId = newSessionId();
    assert.equal((await seen.ask(original, { sessionId })).line.hops.functionInitMs, undefined);
    await seen.ask(original, { sessionId, faults: 'relay-crash-after=2' });
    const { ending, line } = await seen.ask(original, { sessionId: newSessionId() });
    assert.equal(ending, 'whole');
    assert.ok((line.hops.functionInitMs ?? 0) > 0);
  });

  it('relay-cut-after and relay-crash-after: cut the connection, with all that came before', async () => {
    for (const name of ['relay-cut-after', 'relay-crash-after']) {
      for (const format of viewerFormats) {
        const { status, ending, text: answer, line } = await seen.ask(format, { faults: `${name}=150B` });
        assert.deepEqual([status, ending, line.ending], [200, 'cut', 'cut'], `${name} ${format.name}`);
        assert.equal(Buffer.byteLength(answer), 150, `${name} ${format.name}`);
      }
    }
    const { text: answer } = await seen.ask(original, { faults: 'relay-cut-after=3' });
    assert.match(answer, /\n\n$/u);
    assert.equal(countMessages(answer), 3);
  });

  it('relay-cut-after: leaves the function alone, which runs to its end', async () => {
    await seen.ask(original, { faults: 'relay-cut-after=2' });
    await untilTrue(async () => (await seen.ask(original)).line.hops.functionInitMs === undefined);
  });

  it("relay-throttle: is Lambda's own 429, and the function is not invoked", async () => {
    const { status, headers, text: answer, line } = await seen.ask(original, { faults: 'relay-throttle' });
    assert.deepEqual(
      [status, headers['x-amzn-errortype'], line.hops.functionMs],
      [429, 'TooManyRequestsException', undefined],
    );
    assert.match(answer, /Rate Exceeded/u);
  });

  it('hold-first-chunk: lets the first chunk wait for the second', async () => {
    const sessionId = newSessionId();
    await seen.ask(original, { sessionId });
    const free = await seen.ask(original, { sessionId, faults: 'silent=500ms:after=1' });
    const held = await seen.ask(original, { sessionId, faults: 'silent=500ms:after=1, hold-first-chunk' });
    assert.deepEqual([free.ending, held.ending], ['whole', 'whole']);
    assert.ok((free.line.firstByteMs ?? Infinity) < 400, `without it, ${free.line.firstByteMs} ms`);
    assert.ok((held.line.firstByteMs ?? 0) >= 500, `with it, ${held.line.firstByteMs} ms`);
  });

  it("edge-error: is CloudFront's 503 for a function that failed", async () => {
    const { status, headers, text: answer, line } = await seen.ask(original, { faults: 'edge-error' });
    assert.deepEqual([status, headers['x-cache']], [503, 'LambdaExecutionError from cloudfront']);
    assert.match(answer, /<H1>503 ERROR<\/H1>/u);
    assert.equal(line.hops.functionMs, undefined);
  });

  it('leave-after: cuts the viewer off, and the agent is heard to its end', async () => {
    const { ending, text: answer, line } = await seen.ask(original, { faults: 'leave-after=5' });
    assert.deepEqual([ending, line.ending, countMessages(answer)], ['cut', 'viewer-left', 5]);
  });

  it('slow-reader: takes the answer at that pace', async () => {
    const begun = performance.now();
    const { ending, text: answer } = await seen.ask(transformed, { faults: 'slow-reader=400' });
    assert.equal(ending, 'whole');
    assert.match(transformed.textOf(answer), text);
    const tookMs = performance.now() - begun;
    assert.ok(tookMs > (Buffer.byteLength(answer) / 400) * 1000 * 0.8, `${answer.length} bytes took ${tookMs} ms`);
  });

  it('in a header that cannot be understood: is said in a sentence, and nothing runs', async () => {
    const { status, text: answer, line } = await seen.ask(original, { faults: 'splt=1' });
    assert.equal(status, 400);
    assert.match(answer, /the fault "splt=1" is not known; known are split, /u);
    assert.deepEqual([line.hops.functionMs, line.faults], [undefined, []]);
  });
});

describe('a fault of the agent', () => {
  it('split: passes the same text on, byte by byte', async () => {
    for (const format of viewerFormats) {
      const { ending, text: answer, line } = await seen.ask(format, { faults: 'split=1' });
      assert.deepEqual([ending, line.faults], ['whole', ['split=1']], format.name);
      assert.match(format.textOf(answer), text);
    }
  });

  it('cut-after and crash-after: let the messages before them through, then end in the error of the format', async () => {
    for (const [fault, formats] of [
      ['cut-after=20', viewerFormats],
      ['crash-after=20', [original, transformed]],
      ['cut-after=3000B', [transformed]],
    ] as const) {
      for (const format of formats) {
        const { status, ending, text: answer } = await seen.ask(format, { faults: fault });
        assert.deepEqual([status, ending], [200, 'error'], `${fault} ${format.name}`);
        assert.match(answer, /agent_interrupted/u);
        if (format === original) assert.equal(countMessages(answer), 21);
      }
    }
  });

  it('end-after: is an error wherever an end in the middle of an answer can be seen', async () => {
    for (const format of viewerFormats) {
      const { ending, text: answer } = await seen.ask(format, { faults: 'end-after=10' });
      // What the agent's bytes mean is not looked at where they pass untouched.
      assert.equal(ending, format === original ? 'whole' : 'error', format.name);
      if (format === original) assert.equal(countMessages(answer), 10);
    }
    const halfALine = await seen.ask(original, { faults: 'end-after=400B' });
    assert.equal(halfALine.ending, 'error');
  });

  it('crash-after: kills the process, and the session goes on with another one', async () => {
    const sessionId = newSessionId();
    await seen.ask(original, { sessionId });
    assert.equal((await seen.ask(original, { sessionId })).line.hops.agentInitMs, undefined);
    await seen.ask(original, { sessionId, faults: 'crash-after=2' });
    const { ending, line } = await seen.ask(original, { sessionId });
    assert.equal(ending, 'whole');
    assert.ok((line.hops.agentInitMs ?? 0) > 0);
  });

  it('cut-after: leaves the process of the session alone', async () => {
    const sessionId = newSessionId();
    await seen.ask(original, { sessionId, faults: 'cut-after=2' });
    await untilTrue(async () => {
      const { status, line } = await seen.ask(original, { sessionId });
      return status === 200 && line.hops.agentInitMs === undefined;
    });
  });

  it('cold: makes the first call of a session wait, and no other', async () => {
    const sessionId = newSessionId();
    const first = await seen.ask(transformed, { sessionId, faults: 'cold=800ms' });
    const second = await seen.ask(transformed, { sessionId, faults: 'cold=800ms' });
    assert.deepEqual([first.ending, second.ending], ['whole', 'whole']);
    assert.ok((first.line.hops.agentInitMs ?? 0) >= 800, `it took ${first.line.hops.agentInitMs} ms`);
    assert.equal(second.line.hops.agentInitMs, undefined);
    assert.ok((second.line.firstByteMs ?? Infinity) < 800);
  });

  it('silent: pauses after the first message, or where it is told', async () => {
    for (const [faults, before] of [
      ['silent=400ms', 1],
      ['silent=400ms:after=7', 7],
    ] as const) {
      const arrivals: { readonly atMs: number; readonly bytes: string }[] = [];
      const onBytes = (bytes: Buffer) => arrivals.push({ atMs: performance.now(), bytes: String(bytes) });
      const { ending } = await seen.ask(original, { faults, onBytes });
      const gaps = arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0));
      const pausedAt = gaps.findIndex((gapMs) => gapMs > 300) + 1;
      const heard = arrivals.slice(0, pausedAt).map(({ bytes }) => bytes);
      assert.deepEqual([ending, countMessages(heard.join(''))], ['whole', before]);
    }
  });

  const refusals: readonly (readonly [string, number, string])[] = [
    ['error=ValidationException', 502, 'agent_refused'],
    ['error=UnauthorizedException', 502, 'agent_access_denied'],
    ['error=ServiceQuotaExceededException', 503, 'agent_quota_exceeded'],
    ['error=AccessDeniedException', 502, 'agent_access_denied'],
    ['error=ResourceNotFoundException', 502, 'agent_not_found'],
    ['error=ConflictException', 409, 'agent_busy'],
    ['error=RetryableConflictException', 409, 'agent_busy'],
    ['error=RuntimeClientError', 502, 'agent_failed'],
    ['error=InternalServerException', 503, 'agent_unavailable'],
    ['throttle', 429, 'agent_throttled'],
    ['throttle, error=ConflictException', 429, 'agent_throttled'],
  ];
  it('error and throttle: are answered as the exceptions of the service, and the agent is not called', async () => {
    const sessionId = newSessionId();
    const answers = await Promise.all(
      refusals.map(async ([faults, ...expected]) => {
        const { status, text: answer, line } = await seen.ask(original, { faults, sessionId });
        const { error } = JSON.parse(answer) as { error: { code: string } };
        assert.deepEqual([status, error.code], expected, faults);
        return line.hops.agentInitMs;
      }),
    );
    assert.deepEqual([...new Set(answers)], [undefined]);
  });

  it('throttle: says when to try again, in every format', async () => {
    const answers = await Promise.all(viewerFormats.map((format) => seen.ask(format, { faults: 'throttle' })));
    for (const { status, headers } of answers) {
      assert.equal(status, 429);
      assert.match(String(headers['retry-after']), /^\d+$/u);
    }
  });
});

describe('a slow reader', () => {
  it('holds back an agent that would never stop', { timeout: 60_000 }, async () => {
    const agent = await startEndlessAgent();
    const seen = await startSeenChain({ agent: { kind: 'url', url: agent.url } });
    try {
      const leaving = new AbortController();
      const { signal } = leaving;
      const answering = seen.ask(original, { faults: 'slow-reader=20000', signal }).catch(() => undefined);
      await untilTrue(() => agent.sentBytes() > 0);
      const sentBytes = Number(await untilStill(() => String(agent.sentBytes())));
      // What the sockets of four connections hold, and the two streams between.
      assert.ok(sentBytes < 64_000_000, `the agent could send ${sentBytes} bytes`);
      leaving.abort();
      await answering;
    } finally {
      await agent.close();
      await seen.chain.close();
    }
  });
});

describe('keep-alives, with the clock of the relay fifty times faster', () => {
  let seen: SeenChain;
  before(async () => {
    const clock = createFasterClock(50);
    seen = await startSeenChain({ relayEnvironment: clock.environment, now: clock.now });
  });
  after(() => seen.chain.close());

  it('are sent while an agent is cold for 35 s, and it answers', async () => {
    const { ending, text: answer } = await seen.ask(original, { faults: 'cold=700ms' });
    assert.equal(ending, 'whole');
    assert.match(answer, /^(?:: keep-alive\n\n){2,}data: \{/u);
    assert.match(original.textOf(answer), text);
  });

  it('are sent while an agent is silent for 50 s, in every format that has them', async () => {
    for (const format of viewerFormats.filter(({ name }) => name !== 'transformed')) {
      const { ending, text: answer } = await seen.ask(format, { faults: 'silent=1s' });
      assert.equal(ending, 'whole', format.name);
      assert.match(format.textOf(answer), text);
      assert.ok((answer.match(/^: keep-alive\n\n/gmu)?.length ?? 0) >= 2, format.name);
    }
  });

  it('are missed where a format has none: after 110 s it ends in its error', async () => {
    const { ending, text: answer } = await seen.ask(transformed, { faults: 'silent=3s' });
    assert.equal(ending, 'error');
    assert.match(answer, /"code":"agent_silent"/u);
    assert.doesNotMatch(answer, /keep-alive/u);
  });
});

describe('faults of the whole chain', () => {
  const faults = ['throttle=0.3', 'cut-after=2@0.3'];
  let seen: SeenChain;
  before(async () => {
    seen = await startSeenChain({ faults, faultSeed: 42 });
  });
  after(() => seen.chain.close());

  it('meet the requests that their seed says, one after the other, and none that asks to be left alone', async () => {
    const plan = createFaultPlan(faults, 42);
    for (let request = 0; request < 12; request += 1) {
      const header = request % 4 === 3 ? 'none' : undefined;
      const { met } = plan.next(header);
      const { ending, line } = await seen.ask(transformed, header === undefined ? {} : { faults: header });
      const expected = met.includes('throttle=0.3') ? 'refused' : met.length > 0 ? 'error' : 'whole';
      assert.deepEqual([line.faults, ending], [met, expected], `request ${request}`);
    }
  });

  it('are refused at the start where they cannot be understood', async () => {
    await assert.rejects(startDeployedChain({ faults: ['cold=35'] }), {
      name: 'LocalChainError',
      message: 'the fault "cold=35" has the value "35"; it must be a duration such as 500ms, 35s or 2m, at most a day',
    });
  });

  it('two at a time: every answer ends as its format says or is cut, and the chain lives on', async () => {
    const duration = fc.integer({ min: 0, max: 150 }).map((ms) => `${ms}ms`);
    const place = fc.oneof(
      fc.nat(40).map(String),
      fc.nat(2000).map((bytes) => `${bytes}B`),
    );
    const fault = fc.oneof(
      fc.integer({ min: 1, max: 64 }).map((bytes) => `split=${bytes}`),
      fc.tuple(fc.constantFrom('cold', 'relay-cold'), duration).map((parts) => parts.join('=')),
      fc.tuple(duration, place).map(([pause, after]) => `silent=${pause}:after=${after}`),
      fc
        .tuple(
          fc.constantFrom(
            'cut-after',
            'end-after',
            'crash-after',
            'relay-cut-after',
            'relay-crash-after',
            'leave-after',
          ),
          place,
        )
        .map((parts) => parts.join('=')),
      fc.constantFrom('error=InternalServerException', 'error=ConflictException', 'throttle'),
      fc.constantFrom('relay-throttle', 'edge-error', 'hold-first-chunk', 'slow-reader=20000'),
    );
    const nameOf = (text: string) => text.split('=')[0] ?? '';
    const pair = fc.uniqueArray(fault, { selector: nameOf, minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(pair, fc.constantFrom(...viewerFormats), async (texts, format) => {
        const { ending, line } = await seen.ask(format, { faults: `none, ${texts.join(', ')}` });
        assert.ok(
          endingsOf(texts.map(nameOf), format, false).has(ending),
          `${texts.join(', ')} in ${format.name}: ${ending}`,
        );
        assert.deepEqual([...line.faults].sort(), [...texts].sort());
        const next = await seen.ask(format, { faults: 'none' });
        assert.equal(next.ending, 'whole');
        assert.match(format.textOf(next.text), text);
      }),
      { numRuns: Number(process.env['FAULT_PAIRS'] ?? 15) },
    );
  });
});

/** An agent that says the same for as long as somebody listens. */
async function startEndlessAgent(): Promise<{
  readonly url: string;
  sentBytes(): number;
  close(): Promise<void>;
}> {
  const message = Buffer.from(`data: ${JSON.stringify({ text: 'x'.repeat(8000) })}\n\n`);
  let sentBytes = 0;
  const server = createServer((request, response) => {
    if (request.url === '/ping') {
      response.setHeader('content-type', 'application/json').end('{"status":"Healthy"}');
      return;
    }
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say = (): void => {
      while (!response.destroyed) {
        sentBytes += message.length;
        if (!response.write(message)) {
          response.once('drain', say);
          return;
        }
      }
    };
    say();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sentBytes: () => sentBytes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
