import { UsageError } from '../command-line.ts';
import { CommandError } from './command-error.ts';
import type { CommandConsole } from './console.ts';

/** Runs a command and says in a sentence what is wrong: resolves to 0, to 1 after a CommandError, to 2 after a UsageError. */
export async function reportErrors(name: string, console: CommandConsole, run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.explain(`agentcore-relay ${name}: ${error.message}\nagentcore-relay ${name} --help says more\n`);
      return 2;
    }
    if (error instanceof CommandError) {
      console.explain(`agentcore-relay ${name}: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

/** Says how a file that has changed comes to where it counts. */
export function explainDeployment(
  file: string,
  { fitsSecret }: { readonly fitsSecret: boolean },
  console: CommandConsole,
): void {
  console.explain(`
To use it on this machine:  agentcore-relay local --keys ${quote(file)}
To put it on AWS:           aws secretsmanager put-secret-value --secret-id <name> --secret-string ${quote(`file://${file}`)}
`);
  if (!fitsSecret) console.explain('It has more than the 65,536 bytes that a secret on AWS may have.\n');
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w./:@%+=-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
