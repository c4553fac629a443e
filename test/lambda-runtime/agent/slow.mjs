// The same agent, which takes its time to start.
import { setTimeout as wait } from 'node:timers/promises';

await wait(500);
await import('./main.mjs');
