import { createPassword, hashPassword } from '../identity/new-key.ts';
import { parseUserDocument } from '../identity/user-document.ts';
import { maxPasswordLength } from '../identity/password-hash.ts';
import type { UserDocument } from '../identity/user-document.ts';
import { readUserArguments, userUsage } from './arguments.ts';
import type { UserArguments } from './arguments.ts';
import { CommandError } from './command-error.ts';
import type { CommandConsole } from './console.ts';
import { changeDocumentFile, readDocumentFile } from './document-file.ts';
import type { DocumentFormat } from './document-file.ts';
import { explainDeployment, reportErrors } from './report.ts';

const format: DocumentFormat<UserDocument> = { empty: { users: [] }, parse: parseUserDocument };

/** Lengths of a password, in UTF-16 units; the least is that of NIST SP 800-63B, 3.1.1.2, for a password that is not alone. */
const passwordLength = { least: 8, most: maxPasswordLength };

/**
 * Runs `agentcore-relay user` and resolves to the exit code: 0; 1 where it cannot be done; 2 where the command line is wrong.
 * Only a password that was made goes to the standard output.
 */
export function runUserCommand(commandLine: readonly string[], console: CommandConsole): Promise<number> {
  return reportErrors('user', console, async () => {
    const told = readUserArguments(commandLine);
    switch (told.action) {
      case 'help':
        console.print(userUsage);
        return;
      case 'create':
        await create(told, console);
        return;
      case 'remove':
        await remove(told, console);
        return;
      default:
        told satisfies never;
    }
  });
}

async function create(told: UserArguments & { readonly action: 'create' }, console: CommandConsole): Promise<void> {
  const { file, id, passwordFromInput } = told;
  const name = JSON.stringify(id);
  const password = passwordFromInput ? await readPassword(console) : createPassword();
  const entry = { id, hash: await hashPassword(password) };
  const changed = await changeDocumentFile(file, format, ({ users }) => {
    if (users.some((user) => user.id === id)) {
      throw new CommandError(`there is a user ${name} in ${file}; for a new password, remove that one first`);
    }
    return { users: [...users, entry] };
  });
  if (passwordFromInput) {
    console.explain(`A user ${name}, with the password that was given. ${file} has no more than its hash.\n`);
  } else {
    console.explain(`The password of ${name}. It is shown only now: ${file} has no more than its hash.\n`);
    console.print(`${password}\n`);
  }
  explainDeployment(file, changed, console);
}

async function remove(told: UserArguments & { readonly action: 'remove' }, console: CommandConsole): Promise<void> {
  const { file, id } = told;
  const name = JSON.stringify(id);
  // A file that is not there deserves a sentence of its own.
  await readDocumentFile(file, format);
  const changed = await changeDocumentFile(file, format, ({ users }) => {
    const others = users.filter((user) => user.id !== id);
    if (others.length === users.length) throw new CommandError(`there is no user ${name} in ${file}`);
    return { users: others };
  });
  console.explain(`Removed: ${name}\n`);
  explainDeployment(file, changed, console);
}

/** One line break at the end is the pipe's, not the password's. */
async function readPassword(console: CommandConsole): Promise<string> {
  const input = await console.readInput();
  if (input === undefined) {
    throw new CommandError('--password-stdin reads from a pipe: a terminal would show what is typed');
  }
  const password = input.replace(/\r?\n$/u, '');
  const { least, most } = passwordLength;
  if (password.length < least || password.length > most) {
    throw new CommandError(`the password has ${password.length} characters; it must have ${least} to ${most}`);
  }
  if (/\p{Cc}/u.test(password)) throw new CommandError('the password must have no control characters');
  return password;
}
