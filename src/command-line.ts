import { parseArgs } from 'node:util';

/** A command line that cannot be understood: its message is a sentence for the one who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What an option takes: a value, one value each time that it is given, or none. */
export type OptionKind = 'value' | 'values' | 'flag';

/** The options that a command takes. */
export type KnownOptions = Readonly<Record<string, OptionKind>>;

/** A command line, read. */
export interface CommandLine {
  /** What is no option, in its order. */
  readonly operands: readonly string[];
  /** Values by the option's name; the empty string for a flag. */
  readonly options: ReadonlyMap<string, string>;
  /** The values of an option of the kind `values`, in their order; none where it is not given. */
  valuesOf(name: string): readonly string[];
}

/**
 * Takes a command line apart: `--name value`, `--name=value`, flags, `--` and operands.
 *
 * @param shortNames options by the letter that stands for them, such as `c` for `-c`; `-h` stands for `--help` in any case
 * @throws UsageError with a sentence, where an option is not known, lacks its value, has one too many or is given twice.
 */
export function readCommandLine(
  commandLine: readonly string[],
  known: KnownOptions,
  shortNames: Readonly<Record<string, string>> = {},
): CommandLine {
  const { tokens } = parseArgs({
    args: [...commandLine],
    options: parserOptions(known, { h: 'help', ...shortNames }),
    strict: false,
    tokens: true,
  });
  const operands: string[] = [];
  const options = new Map<string, string>();
  const several = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      const allowed = Object.keys(known).map((option) => `--${option}`);
      throw new UsageError(`unknown option ${rawName}; allowed are ${allowed.join(', ')}`);
    }
    if (kind === 'flag' && value !== undefined) {
      throw new UsageError(`${rawName} takes no value, and got "${value}"`);
    }
    if (kind !== 'flag' && (value === undefined || value === '' || (!inlineValue && value.startsWith('-')))) {
      throw new UsageError(`${rawName} needs a value`);
    }
    if (kind === 'values') {
      several.set(name, [...(several.get(name) ?? []), value ?? '']);
      continue;
    }
    if (options.has(name)) throw new UsageError(`${rawName} is given twice`);
    options.set(name, value ?? '');
  }
  return { operands, options, valuesOf: (name) => several.get(name) ?? [] };
}

function parserOptions(
  known: KnownOptions,
  shortNames: Readonly<Record<string, string>>,
): Record<string, { type: 'string' | 'boolean'; short?: string }> {
  const letterOf = (name: string): string | undefined =>
    Object.entries(shortNames).find(([, long]) => long === name)?.[0];
  return Object.fromEntries(
    Object.entries(known).map(([name, kind]) => {
      const short = letterOf(name);
      return [name, { type: kind === 'flag' ? 'boolean' : 'string', ...(short !== undefined && { short }) }];
    }),
  );
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

/** The oldest Node.js that runs the commands: `engines` of package.json, of which npm only warns. */
const oldestNode = { major: 22, minor: 18 };

/** Says in a sentence that a version of Node.js, such as `20.20.2`, is too old for the commands; undefined where it is not. */
export function refuseOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor);
  return isOld ? `needs Node.js ${oldestNode.major}.${oldestNode.minor} or newer, got ${version}` : undefined;
}
