import { byteCount, byteRate, duration, exceptionName, position, rate, silence } from './fault-values.ts';
import type { FaultValue } from './fault-values.ts';
import type { RequestFaults } from './request-faults.ts';

/** What a fault does to a request that it meets. */
export type ApplyFault = (faults: RequestFaults) => RequestFaults;

/** One fault of the vocabulary. */
export interface KnownFault {
  /** How it is written, such as `cut-after=20`. */
  readonly example: string;
  /** What it does, in a phrase. */
  readonly meaning: string;
  /** Whether it has a value. A `rate` is the share of the requests that it meets, all where it is left out. */
  readonly takes: 'value' | 'value or nothing' | 'rate' | 'nothing';
  /** Says what its value may be, in words that follow "it must be". */
  describeAllowed(written: string): string;
  /** Reads its value, undefined where there is none; undefined where it is wrong. */
  read(value: string | undefined): ApplyFault | undefined;
}

/** How fast a viewer reads who is only said to be slow, in bytes per second. */
const slowBytesPerSecond = 1000;

const changeAgent = (faults: RequestFaults, agent: Partial<RequestFaults['agent']>): RequestFaults => ({
  ...faults,
  agent: { ...faults.agent, ...agent },
});

const changeRelay = (faults: RequestFaults, relay: Partial<RequestFaults['relay']>): RequestFaults => ({
  ...faults,
  relay: { ...faults.relay, ...relay },
});

const changeViewer = (faults: RequestFaults, viewer: Partial<RequestFaults['viewer']>): RequestFaults => ({
  ...faults,
  viewer: { ...faults.viewer, ...viewer },
});

/** The vocabulary. In this order they are applied: of two that say the same thing, the later one counts. */
export const knownFaults: Readonly<Record<string, KnownFault>> = {
  split: withValue(byteCount, 'split=1', "passes the agent's bytes on in chunks of so many bytes", (faults, bytes) =>
    changeAgent(faults, { splitBytes: bytes }),
  ),
  cold: withValue(duration, 'cold=35s', 'makes the start of an agent so much longer', (faults, coldStartMs) =>
    changeAgent(faults, { coldStartMs }),
  ),
  silent: withValue(
    silence,
    'silent=70s',
    'makes the agent silent for so long after its first message, or elsewhere: silent=70s:after=5',
    (faults, pause) => changeAgent(faults, { silence: pause }),
  ),
  'cut-after': withValue(
    position,
    'cut-after=20',
    "cuts the agent's answer after so many messages, or bytes: cut-after=500B",
    (faults, cutAfter) => changeAgent(faults, { cutAfter }),
  ),
  'end-after': withValue(
    position,
    'end-after=20',
    "ends the agent's answer there as if it were whole",
    (faults, endAfter) => changeAgent(faults, { endAfter }),
  ),
  'crash-after': withValue(position, 'crash-after=20', "kills the agent's process there", (faults, crashAfter) =>
    changeAgent(faults, { crashAfter }),
  ),
  error: withValue(
    exceptionName,
    'error=InternalServerException',
    'makes AgentCore answer with this exception, without a call of the agent',
    (faults, exception) => changeAgent(faults, { exception }),
  ),
  throttle: withRate('throttle=0.3', 'makes AgentCore throttle this share of the requests', (faults) =>
    changeAgent(faults, { exception: 'ThrottlingException' }),
  ),
  'relay-cold': withValue(
    duration,
    'relay-cold=5s',
    "makes the start of the relay's function so much longer",
    (faults, coldStartMs) => changeRelay(faults, { coldStartMs }),
  ),
  'relay-cut-after': withValue(
    position,
    'relay-cut-after=20',
    "cuts the relay's answer after so many messages, or bytes",
    (faults, cutAfter) => changeRelay(faults, { cutAfter }),
  ),
  'relay-crash-after': withValue(
    position,
    'relay-crash-after=20',
    "kills the relay's process there",
    (faults, crashAfter) => changeRelay(faults, { crashAfter }),
  ),
  'relay-throttle': withRate('relay-throttle=0.3', 'makes Lambda throttle this share of the requests', (faults) =>
    changeRelay(faults, { isThrottled: true }),
  ),
  'hold-first-chunk': withoutValue(
    'hold-first-chunk',
    "holds the relay's first chunk back until the second is there",
    (faults) => changeRelay(faults, { holdsFirstChunk: true }),
  ),
  'edge-error': withRate(
    'edge-error=0.3',
    'makes the Lambda@Edge function fail for this share of the requests',
    (faults) => ({ ...faults, edge: { failsFunction: true } }),
  ),
  'slow-reader': withOptionalValue(
    byteRate,
    'slow-reader',
    `makes the viewer read ${slowBytesPerSecond} bytes per second, or as many as it says: slow-reader=200`,
    (faults, bytesPerSecond = slowBytesPerSecond) => changeViewer(faults, { bytesPerSecond }),
  ),
  'leave-after': withValue(
    position,
    'leave-after=20',
    'makes the viewer leave after so many messages, or bytes',
    (faults, leavesAfter) => changeViewer(faults, { leavesAfter }),
  ),
};

function withValue<Value>(
  value: FaultValue<Value>,
  example: string,
  meaning: string,
  apply: (faults: RequestFaults, value: Value) => RequestFaults,
): KnownFault {
  return {
    example,
    meaning,
    takes: 'value',
    describeAllowed: (written) => value.suggest?.(written) ?? value.allowed,
    read: (text) => {
      const found = text === undefined ? undefined : value.read(text);
      return found === undefined ? undefined : (faults) => apply(faults, found);
    },
  };
}

function withOptionalValue<Value>(
  value: FaultValue<Value>,
  example: string,
  meaning: string,
  apply: (faults: RequestFaults, value: Value | undefined) => RequestFaults,
): KnownFault {
  const withIt = withValue(value, example, meaning, apply);
  return {
    ...withIt,
    takes: 'value or nothing',
    read: (text) => (text === undefined ? (faults) => apply(faults, undefined) : withIt.read(text)),
  };
}

function withRate(example: string, meaning: string, apply: ApplyFault): KnownFault {
  return { ...withOptionalValue(rate, example, meaning, apply), takes: 'rate' };
}

function withoutValue(example: string, meaning: string, apply: ApplyFault): KnownFault {
  return {
    example,
    meaning,
    takes: 'nothing',
    describeAllowed: () => 'left out',
    read: (text) => (text === undefined ? apply : undefined),
  };
}
