import { budgets } from './budgets.ts';
import type { Comparison } from './comparison.ts';
import { createSamples, orderOfRound } from './samples.ts';
import { withFunctions } from './setting.ts';
import type { Setting } from './setting.ts';
import { relaySubjects } from './subjects.ts';

const subjects = ['pipe', ...relaySubjects] as const;

/** Invocations that warm a process up before those that count. */
const warmUpRounds = 50;

/** From the moment when a warm process gets an invocation to the first byte that the agent caused. */
export function measureFirstByte(setting: Setting, rounds: number): Promise<readonly Comparison[]> {
  return withFunctions(setting, subjects, async (functions) => {
    const samples = createSamples();
    for (let round = -warmUpRounds; round < rounds; round++) {
      for (const { subject, running } of orderOfRound(functions, Math.abs(round))) {
        const startedAt = performance.now();
        const { firstByteAt } = await running.invoke({
          id: `warm-${subject}-${round}`,
          eventBytes: 200,
          eventCount: 1,
          delivery: 'bulk',
        });
        if (round >= 0) samples.add(subject, firstByteAt - startedAt);
      }
    }
    return relaySubjects.map((subject) =>
      samples.compare({
        name: 'invocation to first byte, warm',
        subject,
        unit: 'ms',
        relation: 'difference',
        limit: budgets.addedFirstByteMs,
      }),
    );
  });
}
