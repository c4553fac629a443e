import { LocalChainError } from '../local-chain-error.ts';
import { rate } from './fault-values.ts';
import { knownFaults } from './known-faults.ts';
import type { ApplyFault, KnownFault } from './known-faults.ts';
import { nearestFirst } from './nearest-first.ts';

/** A fault as somebody asked for it. */
export interface Fault {
  readonly name: string;
  /** As it was written. */
  readonly text: string;
  /** The share of the requests that it meets, from 0 to 1. */
  readonly share: number;
  readonly apply: ApplyFault;
}

/** The faults of one request, as its header asks for them. */
export interface AskedFaults {
  /** Whether the plan's faults stay away from this request. */
  readonly isAlone: boolean;
  readonly faults: readonly Fault[];
}

/** The name in a header that keeps the plan's faults away. */
const noneName = 'none';

/**
 * Reads faults, each text one or several with commas between: `name`, `name=value` or `name=value@share`.
 *
 * @throws LocalChainError with a sentence that says what is wrong and what is allowed.
 */
export function readFaults(texts: readonly string[]): readonly Fault[] {
  return readAll(texts.flatMap((text) => text.split(',')));
}

/**
 * Reads the value of `x-local-fault`: faults as {@link readFaults} takes them, and `none`.
 *
 * @throws LocalChainError as {@link readFaults} does.
 */
export function readFaultHeader(header: string): AskedFaults {
  const texts = header.split(',');
  const others = texts.filter((text) => text.trim() !== noneName);
  return { isAlone: others.length < texts.length, faults: readAll(others) };
}

/** What the faults are and how they are written, a line for each. */
export function describeFaults(): string {
  const faults = Object.values(knownFaults);
  const width = Math.max(...faults.map(({ example }) => example.length));
  return faults.map(({ example, meaning }) => `${example.padEnd(width)}  ${meaning}\n`).join('');
}

function readAll(texts: readonly string[]): readonly Fault[] {
  const faults = new Map<string, Fault>();
  for (const fault of texts.map((text) => readFault(text.trim()))) {
    const earlier = faults.get(fault.name);
    if (earlier !== undefined) {
      throw new LocalChainError(`the fault ${fault.name} is given twice: ${earlier.text} and ${fault.text}`);
    }
    faults.set(fault.name, fault);
  }
  return [...faults.values()];
}

function readFault(text: string): Fault {
  const [, name = '', value, share] = /^([^=@]*)(?:=([^@]*))?(?:@(.*))?$/su.exec(text) ?? [];
  const known = Object.hasOwn(knownFaults, name) ? knownFaults[name] : undefined;
  if (known === undefined) {
    throw new LocalChainError(
      `the fault "${text}" is not known; known are ${nearestFirst(Object.keys(knownFaults), name).join(', ')}`,
    );
  }
  const apply = known.read(value);
  if (apply === undefined) {
    throw new LocalChainError(describeValue(text, name, value, known));
  }
  if (known.takes === 'rate') {
    if (share !== undefined) {
      throw new LocalChainError(
        `the fault "${text}" says twice which share of the requests it meets; write ${name}=${share}`,
      );
    }
    return { name, text, share: value === undefined ? 1 : Number(value), apply };
  }
  const read = share === undefined ? 1 : rate.read(share);
  if (read === undefined) {
    throw new LocalChainError(`the fault "${text}" meets the share "${share}"; it must be ${rate.allowed}`);
  }
  return { name, text, share: read, apply };
}

function describeValue(text: string, name: string, value: string | undefined, known: KnownFault): string {
  if (value === undefined) {
    return `the fault ${name} needs a value, as in ${known.example}; it must be ${known.describeAllowed('')}`;
  }
  return known.takes === 'nothing'
    ? `the fault ${name} takes no value, and got "${value}"`
    : `the fault "${text}" has the value "${value}"; it must be ${known.describeAllowed(value)}`;
}
