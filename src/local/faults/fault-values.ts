// oxlint-disable-next-line no-restricted-imports -- the chain's own AgentCore, not the relay's
import { modelledExceptions } from '../agentcore/modelled-exceptions.ts';
import { nearestFirst } from './nearest-first.ts';
import type { AnswerPosition, StreamFaults } from './request-faults.ts';

/** How a fault's value is written. */
export interface FaultValue<Value> {
  /** What is allowed, in words that follow "it must be". */
  readonly allowed: string;
  /** Reads it; undefined where it is not one. */
  read(text: string): Value | undefined;
  /** What is allowed, in view of what was written. Default: {@link FaultValue.allowed}. */
  suggest?(text: string): string;
}

/** Longest duration, in milliseconds: a day. */
const maxDurationMs = 86_400_000;

/** Largest count of bytes and of messages. */
const maxCount = 1_000_000_000;

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** How long: `500ms`, `35s`, `1.5m`, at most a day. In milliseconds. */
export const duration: FaultValue<number> = {
  allowed: 'a duration such as 500ms, 35s or 2m, at most a day',
  read: (text) => {
    const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m)$/u.exec(text) ?? [];
    const ms = Number(amount) * (unitsMs[unit] ?? Number.NaN);
    return ms <= maxDurationMs ? ms : undefined;
  },
};

/** Where in an answer: `20` messages, `500B` bytes. */
export const position: FaultValue<AnswerPosition> = {
  allowed: 'a place in the answer: 20 for so many messages, 500B for so many bytes',
  read: (text) => {
    const [, digits, unit] = /^(\d{1,10})(B?)$/u.exec(text) ?? [];
    const count = Number(digits);
    return count <= maxCount ? { unit: unit === 'B' ? 'bytes' : 'messages', count } : undefined;
  },
};

/** For how long nothing comes, and after what: `70s`, `70s:after=5`. The default is after the first message. */
export const silence: FaultValue<NonNullable<StreamFaults['silence']>> = {
  allowed: `${duration.allowed}, and may say after what: 70s:after=5, 70s:after=500B (default: after the first message)`,
  read: (text) => {
    const [, forText = '', afterText = '1'] = /^([^:]*)(?::after=(.*))?$/u.exec(text) ?? [];
    const forMs = duration.read(forText);
    const after = position.read(afterText);
    return forMs === undefined || after === undefined ? undefined : { after, forMs };
  },
};

/** Which share: `0` never, `0.3`, `1` always. */
export const rate: FaultValue<number> = {
  allowed: 'a number from 0 to 1',
  read: (text) => (/^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/u.test(text) ? Number(text) : undefined),
};

/** How many bytes, from 1. */
export const byteCount: FaultValue<number> = {
  allowed: 'a number of bytes from 1',
  read: (text) => {
    const count = /^\d{1,10}$/u.test(text) ? Number(text) : 0;
    return count >= 1 && count <= maxCount ? count : undefined;
  },
};

/** How fast, in bytes per second, from 1. */
export const byteRate: FaultValue<number> = { ...byteCount, allowed: 'a number of bytes per second from 1' };

/** An exception of AgentCore's service model, such as `ThrottlingException`. */
export const exceptionName: FaultValue<string> = {
  allowed: "an exception of AgentCore's",
  read: (text) => exceptionNames.find((name) => name === text),
  suggest: (text) => `one of ${nearestFirst(exceptionNames, text).join(', ')}`,
};

const exceptionNames = modelledExceptions.map(({ name }) => name);
