/** What keeps a command from being done: its message is a sentence for the one who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** A command line that cannot be understood: its message is a sentence for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
