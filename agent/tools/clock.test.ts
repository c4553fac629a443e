import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClock } from './clock.ts';

const clock = createClock(() => Date.parse('2026-11-22T20:30:00Z'));

test('tells the time of the place that is asked for, by the clock that it is given', async () => {
  const { timeZone, iso, local } = await clock.invoke({ timeZone: 'Asia/Kolkata' });
  // Whether there is a comma after the weekday depends on the version of ICU.
  assert.deepEqual(
    { timeZone, iso, local: local.replace(',', '') },
    { timeZone: 'Asia/Kolkata', iso: '2026-11-22T20:30:00.000Z', local: 'Monday 23 November 2026 at 02:00' },
  );
});

test('says which time zones there are where it gets none of them', async () => {
  await assert.rejects(clock.invoke({ timeZone: 'Atlantis' }), {
    message: '"Atlantis" is no time zone; it must be an IANA name such as Europe/Berlin',
  });
});
