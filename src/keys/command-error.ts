/** What keeps a command from being done: its message is a sentence for the one who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
