import { describe, it } from 'node:test';
import { compareRuntimes, skip } from './compare-runtimes.ts';

describe(
  'many invocations of one process under the local runtime and the genuine one',
  { skip, concurrency: 1 },
  () => {
    for (const handler of ['streaming', 'buffered']) {
      it(`send the same bytes, whatever unusual the handlers do: ${handler}`, async () => {
        await compareRuntimes({ handler: `cases.${handler}`, events: await casesOf('cases', handler) });
      });
    }

    for (const variables of [
      {},
      { AWS_LAMBDA_LOG_FORMAT: 'JSON' },
      { AWS_LAMBDA_LOG_FORMAT: 'json', AWS_LAMBDA_LOG_LEVEL: 'error' },
      { AWS_LAMBDA_LOG_FORMAT: 'XML', AWS_LAMBDA_LOG_LEVEL: 'DEBUG' },
      { AWS_LAMBDA_LOG_LEVEL: 'LOUD' },
      { AWS_LAMBDA_LOG_LEVEL: 'FATAL' },
    ]) {
      it(`write the same lines with ${JSON.stringify(variables)}`, async () => {
        await compareRuntimes({ handler: 'cases.logging', events: await casesOf('cases', 'logging'), variables });
      });
    }

    it('log the same failures where the log format is JSON', async () => {
      const variables = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };
      await compareRuntimes({ handler: 'cases.buffered', events: await casesOf('cases', 'buffered'), variables });
    });

    it('have the same receiver and arguments', async () => {
      await compareRuntimes({ handler: 'cases.receiver' });
      await compareRuntimes({ handler: 'cases.streamingReceiver' });
    });

    it('leave one another the same state', async () => {
      const acts = ['nothing', 'throw', 'setExitCode', 'write', 'changeVariable', 'hearEverything', 'nothing'];
      await compareRuntimes({ handler: 'endings.several', events: acts.map((act) => ({ do: act })) });
      await compareRuntimes({
        handler: 'endings.severalStreams',
        events: [
          { text: 'one' },
          { fails: true },
          { from: true, text: 'three' },
          { from: true, text: 'four', fails: true },
          { from: true },
          { text: '' },
        ],
      });
    });

    it('know of no trace where there is none', () =>
      compareRuntimes({ handler: 'endings.several', events: [{}], traceId: '' }));
  },
);

describe('a process that ends under the local runtime and the genuine one', { skip, concurrency: 1 }, async () => {
  for (const handler of ['handler', 'streaming']) {
    for (const event of await casesOf('endings', handler)) {
      it(`sends and writes the same before: ${handler} ${event.case}`, () =>
        compareRuntimes({ handler: `endings.${handler}`, event, dies: true }));
    }
  }

  it('does so after it has lost a variable of its context', () =>
    compareRuntimes({
      handler: 'endings.several',
      events: [{ do: 'takeVariable' }, {}],
      dies: true,
    }));

  it('does so where its high-water mark is negative, and not where it is odd', async () => {
    await compareRuntimes({ handler: 'endings.negativeWaterMark', dies: true });
    for (const name of ['oddWaterMark', 'fractionalWaterMark', 'textWaterMark', 'zeroWaterMark']) {
      await compareRuntimes({ handler: `endings.${name}` });
    }
  });
});

interface CaseEvent {
  readonly case: string;
}

/** The events of all cases of a handler, by the names that its module itself gives. */
async function casesOf(module: 'cases' | 'endings', handler: string): Promise<readonly CaseEvent[]> {
  Object.assign(globalThis, { awslambda: { streamifyResponse: (streamed: unknown) => streamed } });
  const { cases } = (await import(new URL(`task/${module}.mjs`, import.meta.url).href)) as {
    readonly cases: Readonly<Record<string, readonly string[]>>;
  };
  return (cases[handler] ?? []).map((name) => ({ case: name }));
}
