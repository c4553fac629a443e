import { text } from 'node:stream/consumers';
import type { CommandConsole } from './console.ts';

/** The console of this process. */
export const processConsole: CommandConsole = {
  print: (output) => void process.stdout.write(output),
  explain: (explanation) => void process.stderr.write(explanation),
  readInput: async () => (process.stdin.isTTY ? undefined : await text(process.stdin)),
  now: Date.now,
};
