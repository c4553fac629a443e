import { parseArgs } from 'node:util';
import { UsageError } from './command-error.ts';

/** The options that a command takes, and whether each has a value. */
export type KnownOptions = Readonly<Record<string, 'value' | 'flag'>>;

/** A command line, read. */
export interface CommandLine {
  /** What is no option, in its order. */
  readonly operands: readonly string[];
  /** Values by the option's name; the empty string for a flag. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Takes a command line apart: `--name value`, `--name=value`, flags, `--` and operands.
 *
 * @throws UsageError with a sentence, where an option is not known, lacks its value, has one too many or is given twice.
 */
export function readCommandLine(commandLine: readonly string[], known: KnownOptions): CommandLine {
  const { tokens } = parseArgs({
    args: [...commandLine],
    options: Object.fromEntries(
      Object.entries(known).map(([name, kind]) => [name, { type: kind === 'value' ? 'string' : 'boolean' }]),
    ),
    strict: false,
    tokens: true,
  });
  const operands: string[] = [];
  const options = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, value, inlineValue } = token;
    const name = rawName === '-h' ? 'help' : token.name;
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      const allowed = Object.keys(known).map((option) => `--${option}`);
      throw new UsageError(`unknown option ${rawName}; allowed are ${allowed.join(', ')}`);
    }
    if (kind === 'flag' && value !== undefined) {
      throw new UsageError(`${rawName} takes no value, and got "${value}"`);
    }
    if (kind === 'value' && (value === undefined || value === '' || (!inlineValue && value.startsWith('-')))) {
      throw new UsageError(`${rawName} needs a value`);
    }
    if (options.has(name)) throw new UsageError(`${rawName} is given twice`);
    options.set(name, value ?? '');
  }
  return { operands, options };
}

/**
 * Reads the one operand of a command that needs one.
 *
 * @throws UsageError where it is missing or not alone.
 */
export function readOnlyOperand([operand, unexpected]: readonly string[], what: string): string {
  if (operand === undefined) throw new UsageError(`${what} is missing`);
  refuseOperands(unexpected === undefined ? [] : [unexpected]);
  return operand;
}

/**
 * Refuses operands where a command takes none.
 *
 * @throws UsageError with the first of them.
 */
export function refuseOperands([unexpected]: readonly string[]): void {
  if (unexpected !== undefined) throw new UsageError(`unexpected argument "${unexpected}"`);
}
