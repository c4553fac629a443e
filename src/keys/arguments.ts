import { UsageError, readCommandLine, readOnlyOperand, refuseOperands } from '../command-line.ts';
import type { CommandLine, KnownOptions } from '../command-line.ts';
import { readId } from '../identity/credential-document.ts';

/** What `agentcore-relay key` is told. */
export type KeyArguments =
  | { readonly action: 'help' }
  | {
      readonly action: 'create';
      readonly file: string;
      readonly id: string;
      /** `2027-01-01T00:00:00Z`; undefined for a key that does not expire. */
      readonly expiresAt: string | undefined;
      readonly note: string | undefined;
    }
  | { readonly action: 'list'; readonly file: string }
  | {
      readonly action: 'revoke';
      readonly file: string;
      readonly id: string;
      /** Which of several keys: hex digits with which its hash begins; `all` for every one. */
      readonly which: { readonly hashPrefix: string } | 'all' | undefined;
    };

/** What `agentcore-relay user` is told. */
export type UserArguments =
  | { readonly action: 'help' }
  | { readonly action: 'create'; readonly file: string; readonly id: string; readonly passwordFromInput: boolean }
  | { readonly action: 'remove'; readonly file: string; readonly id: string };

const millisecondsPerUnit: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000 };

const maxNoteLength = 1_000;

/** What `key --help` prints. */
export const keyUsage = `Usage: agentcore-relay key <action> [options]

Makes and withdraws API keys. The file holds their hashes; a key itself is shown once, when it is made.

Actions:
  create <id>            make a key for <id> and print it; one id may have several keys
  list                   print whose keys there are, by the beginnings of their hashes
  revoke <id>            withdraw the key of <id>

Options:
  --file <file>          the keys' hashes (default relay-keys.json)
  --expires <when>       with create: 90d, 12h, or a date like 2027-01-01 or 2027-01-01T12:00:00Z (default never)
  --note <text>          with create: a note for people, at most 1,000 characters
  --hash-prefix <hex>    with revoke: which one of several keys, by the beginning of its hash
  --all                  with revoke: every key of <id>
  --help                 print this

On AWS the file is the value of a secret:
  aws secretsmanager put-secret-value --secret-id <name> --secret-string file://relay-keys.json
`;

/** What `user --help` prints. */
export const userUsage = `Usage: agentcore-relay user <action> [options]

Makes and removes users with a password. The file holds the passwords' hashes.

Actions:
  create <id>            make a user and print a new password, once
  remove <id>            remove a user

Options:
  --file <file>          the passwords' hashes (default relay-users.json)
  --password-stdin       with create: take the password from the standard input instead of making one
  --help                 print this

On AWS the file is the value of a secret:
  aws secretsmanager put-secret-value --secret-id <name> --secret-string file://relay-users.json
`;

const keyActions = {
  create: { file: 'value', expires: 'value', note: 'value' },
  list: { file: 'value' },
  revoke: { file: 'value', 'hash-prefix': 'value', all: 'flag' },
} as const satisfies Readonly<Record<string, KnownOptions>>;

const userActions = {
  create: { file: 'value', 'password-stdin': 'flag' },
  remove: { file: 'value' },
} as const satisfies Readonly<Record<string, KnownOptions>>;

/**
 * Reads the arguments after `key`.
 *
 * @param now Milliseconds since the epoch.
 * @throws UsageError with a sentence that says what is wrong and what is allowed.
 */
export function readKeyArguments(commandLine: readonly string[], now: () => number): KeyArguments {
  const { action, operands, options } = readAction(commandLine, keyActions);
  const file = options.get('file') ?? 'relay-keys.json';
  switch (action) {
    case 'help':
      return { action };
    case 'create': {
      const expiresAt = readExpiry(options.get('expires'), now());
      return { action, file, id: readIdOperand(operands), expiresAt, note: readNote(options.get('note')) };
    }
    case 'list':
      refuseOperands(operands);
      return { action, file };
    case 'revoke':
      return { action, file, id: readIdOperand(operands), which: readWhich(options) };
    default:
      return action satisfies never;
  }
}

/**
 * Reads the arguments after `user`.
 *
 * @throws UsageError with a sentence that says what is wrong and what is allowed.
 */
export function readUserArguments(commandLine: readonly string[]): UserArguments {
  const { action, operands, options } = readAction(commandLine, userActions);
  const file = options.get('file') ?? 'relay-users.json';
  switch (action) {
    case 'help':
      return { action };
    case 'create':
      return { action, file, id: readUserName(operands), passwordFromInput: options.has('password-stdin') };
    case 'remove':
      return { action, file, id: readUserName(operands) };
    default:
      return action satisfies never;
  }
}

function readAction<Action extends string>(
  [name, ...rest]: readonly string[],
  actions: Readonly<Record<Action, KnownOptions>>,
): CommandLine & { readonly action: Action | 'help' } {
  const help = { action: 'help', operands: [], options: new Map<string, string>(), valuesOf: () => [] } as const;
  if (name === '--help' || name === '-h') return help;
  const names = Object.keys(actions) as Action[];
  const action = names.find((known) => known === name);
  if (action === undefined) {
    const what = name === undefined ? 'the action is missing' : `unknown action "${name}"`;
    throw new UsageError(`${what}; allowed are ${names.join(', ')}`);
  }
  const line = readCommandLine(rest, { ...actions[action], help: 'flag' });
  return line.options.has('help') ? help : { action, ...line };
}

function readIdOperand(operands: readonly string[]): string {
  const id = readOnlyOperand(operands, '<id>');
  try {
    return readId({ place: '<id>', members: { id } }, 'ids');
  } catch (error) {
    throw new UsageError(`<id> is ${JSON.stringify(id)}; it must have 1 to 128 characters, and no control characters`, {
      cause: error,
    });
  }
}

function readUserName(operands: readonly string[]): string {
  const id = readIdOperand(operands);
  if (id.includes(':')) throw new UsageError(`<id> is ${JSON.stringify(id)}; it must have no colon, which ends an id`);
  return id;
}

function readNote(note: string | undefined): string | undefined {
  if (note !== undefined && note.length > maxNoteLength) {
    throw new UsageError(`--note has ${note.length} characters; it may have ${maxNoteLength}`);
  }
  return note;
}

function readExpiry(text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const timeMs = readTime(text, nowMs);
  if (timeMs === undefined || Number.isNaN(new Date(timeMs).getTime())) {
    throw new UsageError(
      `--expires is "${text}"; it must be days or hours from now, like 90d or 12h, or a date, like 2027-01-01 or 2027-01-01T12:00:00Z`,
    );
  }
  if (timeMs <= nowMs) throw new UsageError(`--expires is "${text}", which is over`);
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

function readTime(text: string, nowMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d{1,5})([dh])$/u.exec(text) ?? [];
  if (count !== undefined) return nowMs + Number(count) * (millisecondsPerUnit[unit] ?? 0);
  const [, date, time = 'T00:00:00'] = /^(\d{4}-\d{2}-\d{2})(?:(T\d{2}:\d{2}:\d{2})Z)?$/u.exec(text) ?? [];
  const timeMs = Date.parse(`${date}${time}Z`);
  // The 30th of February has the right form, and `Date` takes it for the 2nd of March.
  const exists = !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(`${date}${time}`);
  return exists ? timeMs : undefined;
}

function readWhich(options: ReadonlyMap<string, string>): { readonly hashPrefix: string } | 'all' | undefined {
  const text = options.get('hash-prefix');
  if (text === undefined) return options.has('all') ? 'all' : undefined;
  if (options.has('all')) throw new UsageError('--hash-prefix and --all exclude each other');
  const hashPrefix = text.replace(/^sha256:/u, '');
  if (!/^[0-9a-f]{1,64}$/u.test(hashPrefix)) {
    throw new UsageError(`--hash-prefix is "${text}"; it must be lower-case hex digits, as "key list" prints them`);
  }
  return { hashPrefix };
}
