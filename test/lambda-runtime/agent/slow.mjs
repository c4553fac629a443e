// The same agent, which takes its time to start.
import { setTimeout as wait } from 'node:timers/promises';

console.log('starting');
await wait(500);
await import('./main.mjs');
