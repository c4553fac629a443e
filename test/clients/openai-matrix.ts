import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';

/** One way of using a client, of whichever of OpenAI's protocols. */
export interface MatrixClient<Answer> {
  readonly name: string;
  readonly isStream: boolean;
  ask(question: {
    readonly origin: string;
    readonly prompt: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Answer>;
}

/** These have tests of their own. */
const isApart: ReadonlySet<ScenarioName> = new Set(['endless', 'refused-throttled']);

const scenarioNames: readonly ScenarioName[] = (Object.keys(scenarios) as ScenarioName[]).filter(
  (name) => !isApart.has(name),
);

/** Tests one client in every scenario: what it understands is compared whole, and how often it asks is counted. */
export function testEveryScenario<Answer>(
  client: MatrixClient<Answer>,
  expect: (scenario: ScenarioName) => NoInfer<Answer>,
): void {
  for (const scenario of scenarioNames) {
    it(`understands the answer, and asks for it once: ${scenario}`, async () => {
      await using relay = await startClientRelay({ scenario });
      const answer = await client.ask({ origin: relay.origin, prompt: 'hi' });
      assert.deepEqual(answer, expect(scenario));
      assert.deepEqual([relay.exchanges.length, relay.invocations.length], [1, 1]);
    });
  }

  for (const scenario of ['tools', 'unicode', 'error-frame'] as const) {
    it(`understands an answer that comes byte by byte: ${scenario}`, async () => {
      await using relay = await startClientRelay({ scenario, split: 1 });
      assert.deepEqual(await client.ask({ origin: relay.origin, prompt: 'hi' }), expect(scenario));
    });
  }

  it('lets go of the agent when its user leaves', async () => {
    await using relay = await startClientRelay({ scenario: 'endless' });
    const user = new AbortController();
    const asking = client.ask({ origin: relay.origin, prompt: 'hi', signal: user.signal });
    while (relay.invocations.length === 0 || (client.isStream && !hasSaid(relay, 'tick'))) await nextTurn();
    user.abort();
    await relay.invocations[0]?.released;
    await asking;
    assert.equal(relay.invocations.length, 1);
  });
}

/** Whether the viewer has been sent a text by now. */
function hasSaid(relay: ClientRelay, text: string): boolean {
  return relay.exchanges[0]?.body.includes(text) === true;
}
