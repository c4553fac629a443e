import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { scrub } from '../scrub.ts';

/** Scrubs what an agent says of its errors, on the way of its bytes to the viewer. All other bytes stay as they are. */
export interface ErrorScrubber {
  /**
   * Takes the agent's bytes and gives those that may go on.
   *
   * @throws RelayError `agent_answer_too_large` where an error has more than 1 MiB.
   */
  push(chunk: Uint8Array): Uint8Array;
  /** The agent has ended cleanly: gives what was held back. */
  finish(): string;
}

/** Longest error that is held back until its end, in bytes. */
const maxErrorBytes = 1_048_576;

/** Longest beginning that is looked at, in bytes. */
const maxBeginBytes = 1024;

/**
 * What a beginning says: that it is one of an error, of something that may tell of one, or of anything else. undefined where
 * more of it is needed.
 */
type Verdict = 'error' | 'maybe-error' | 'other' | undefined;

/**
 * Scrubs the error frames of an event stream: what the SDKs of AgentCore send with `event: error` or as `{"error":…}`
 * (`bedrock-agentcore` 0.4, npm; `bedrock_agentcore` 1.22, `runtime/app.py`), what Strands tells of an error (`force_stop` of
 * `strands-agents` 1.x; `error` in the hook events of `@strands-agents/sdk` 1.x), the exceptions of ConverseStream, and
 * AG-UI's `RUN_ERROR`.
 *
 * The first bytes of a message tell whether it may be one. If not, it goes on at once and as it comes; else it is held back
 * until its end. An `event` field has to stand before the data, as both SDKs write it.
 */
export function createFrameScrubber(): ErrorScrubber {
  let verdict: Verdict;
  /** Whether the line under way is no data, in a message whose data has not begun. */
  let isPassedOver = false;
  let isLineEmpty = true;
  let isAfterCr = false;
  const held = createPieces();
  const output = createPieces();

  function letGo(): void {
    for (const piece of held.take()) output.add(piece);
  }

  /** Takes a line, or what is there of it. */
  function takePart(part: Uint8Array): void {
    held.add(part);
    if (verdict === undefined && !isPassedOver) {
      const judged = judgeLines(held.read(maxBeginBytes));
      isPassedOver = judged === 'no-data';
      if (judged !== 'no-data') verdict = judged ?? (held.byteLength > maxBeginBytes ? 'other' : undefined);
    }
    if (held.byteLength > maxErrorBytes) {
      if (verdict === 'error') throw new RelayError('agent_answer_too_large');
      verdict = 'other';
    }
    if (verdict === 'other' || isPassedOver) letGo();
  }

  function endLine(): void {
    if (isLineEmpty) {
      if (held.byteLength > 0) output.add(scrubMessage(held.join()));
      verdict = undefined;
    }
    isPassedOver = false;
    isLineEmpty = true;
  }

  return {
    push(chunk) {
      const findBreak = createBreakFinder(chunk);
      let at = 0;
      if (isAfterCr && chunk[0] === lineFeed) {
        // It belongs to the line that has ended.
        (held.byteLength > 0 ? held : output).add(chunk.subarray(0, 1));
        at = 1;
      }
      if (chunk.byteLength > 0) isAfterCr = false;
      while (at < chunk.byteLength) {
        const breakAt = findBreak(at);
        const isCr = chunk[breakAt] === carriageReturn;
        const end = Math.min(breakAt + (isCr && chunk[breakAt + 1] === lineFeed ? 2 : 1), chunk.byteLength);
        if (breakAt > at) isLineEmpty = false;
        takePart(chunk.subarray(at, end));
        if (breakAt < chunk.byteLength) endLine();
        isAfterCr = isCr && end === breakAt + 1 && end === chunk.byteLength;
        at = end;
      }
      return output.join();
    },
    finish: () => (held.byteLength === 0 ? '' : scrubMessage(held.join()).toString('utf8')),
  };
}

/** Scrubs an answer that is a document, where it is an error: `{"error":…}` and its like. Any other one goes on as it comes. */
export function createDocumentScrubber(): ErrorScrubber {
  let verdict: Verdict;
  const held = createPieces();
  return {
    push(chunk) {
      if (verdict === 'other') return chunk;
      held.add(chunk);
      verdict ??= judgeData(held.read(maxBeginBytes)) ?? (held.byteLength > maxBeginBytes ? 'other' : undefined);
      if (verdict === 'error' && held.byteLength > maxErrorBytes) throw new RelayError('agent_answer_too_large');
      if (held.byteLength > maxErrorBytes) verdict = 'other';
      return verdict === 'other' ? held.join() : new Uint8Array();
    },
    finish: () => scrubData(held.join().toString('utf8'), false),
  };
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Finds the line breaks of a chunk, which is asked for in ascending order; gives its length where there is none. */
function createBreakFinder(chunk: Uint8Array): (from: number) => number {
  let nextLineFeed = -1;
  let nextCarriageReturn = -1;
  const find = (byte: number, from: number) => {
    const index = chunk.indexOf(byte, from);
    return index === -1 ? chunk.byteLength : index;
  };
  return (from) => {
    if (nextLineFeed < from) nextLineFeed = find(lineFeed, from);
    if (nextCarriageReturn < from) nextCarriageReturn = find(carriageReturn, from);
    return Math.min(nextLineFeed, nextCarriageReturn);
  };
}

interface Pieces {
  add(piece: Uint8Array): void;
  /** Gives all of them, and forgets them. */
  take(): readonly Uint8Array[];
  /** Gives all of them in one, and forgets them. */
  join(): Buffer;
  /** The first bytes, one character for each. */
  read(maxBytes: number): string;
  readonly byteLength: number;
}

/** Bytes in pieces. Those that follow each other in memory become one again, so that what passes as it came is not copied. */
function createPieces(): Pieces {
  let pieces: Uint8Array[] = [];
  let byteLength = 0;
  const take = () => {
    const taken = pieces;
    pieces = [];
    byteLength = 0;
    return taken;
  };
  return {
    add(piece) {
      byteLength += piece.byteLength;
      const last = pieces.at(-1);
      if (
        last !== undefined &&
        last.buffer === piece.buffer &&
        last.byteOffset + last.byteLength === piece.byteOffset
      ) {
        pieces[pieces.length - 1] = Buffer.from(piece.buffer, last.byteOffset, last.byteLength + piece.byteLength);
      } else pieces.push(piece);
    },
    take,
    join() {
      const [only, ...others] = take();
      if (only === undefined || others.length > 0) return Buffer.concat(only === undefined ? [] : [only, ...others]);
      return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
    },
    read(maxBytes) {
      const [first] = pieces;
      if (first === undefined) return '';
      const bytes = pieces.length === 1 ? first : Buffer.concat(pieces, Math.min(byteLength, maxBytes));
      return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, maxBytes)).toString('latin1');
    },
    get byteLength() {
      return byteLength;
    },
  };
}

const lineBreak = /\r\n|\r|\n/u;
/** A line's field `data`, and its value (WHATWG HTML, 9.2.6). */
const dataField = /^data(?:: ?|$)/u;
const errorField = /^event: ?error$/u;

/** Judges a message by its first lines, the last of which may not be whole. */
function judgeLines(text: string): Verdict | 'no-data' {
  const lines = text.split(lineBreak);
  const last = lines.pop() ?? '';
  if (lines.some((line) => errorField.test(line))) return 'error';
  const data = [...lines, ...(last.startsWith('data:') ? [last] : [])].filter((line) => dataField.test(line));
  if (data.length > 0) return judgeData(data.map((line) => line.replace(dataField, '')).join('\n'));
  const mayBecome = ['data:', 'event:error', 'event: error'].some((field) => field.startsWith(last));
  return last !== '' && mayBecome ? undefined : 'no-data';
}

/** Members with which errors begin, and those whose value tells more. */
const errorMembers = ['error', 'error_type', 'force_stop', 'force_stop_reason'] as const;
const tellingMembers = [...errorMembers, 'event', 'type'];
/** `type` of what is an error. */
const errorTypes = ['RUN_ERROR', 'SUBAGENT_ERROR'];
/** `type` of what may have a member `error`. */
const maybeErrorTypes = ['afterModelCallEvent', 'afterToolCallEvent'];

/** Judges JSON by its beginning. */
function judgeData(text: string): Verdict {
  const [begin = '', member = '', memberEnd = ''] = /^\s*\{\s*"([^"\\]*)("?)/u.exec(text) ?? [];
  if (begin === '') return /^\s*\{?\s*$/u.test(text) ? undefined : 'other';
  if (memberEnd === '') return judgeName(member, tellingMembers);
  if (errorMembers.some((name) => name === member)) return 'error';
  const value = text.slice(begin.length);
  switch (member) {
    case 'type': {
      const [, type = '', typeEnd = ''] = /^\s*:\s*"([^"\\]*)("?)/u.exec(value) ?? [];
      if (typeEnd === '' && type === '') return /^\s*:?\s*"?$/u.test(value) ? undefined : 'other';
      if (typeEnd === '') return judgeName(type, [...errorTypes, ...maybeErrorTypes]);
      if (errorTypes.includes(type)) return 'error';
      return maybeErrorTypes.includes(type) ? 'maybe-error' : 'other';
    }
    case 'event': {
      const [found = '', name = '', nameEnd = ''] = /^\s*:\s*\{\s*"([^"\\]*)("?)/u.exec(value) ?? [];
      if (found === '') return /^\s*:?\s*\{?\s*$/u.test(value) ? undefined : 'other';
      if (nameEnd === '') return undefined;
      return name.endsWith('Exception') ? 'error' : 'other';
    }
    default:
      return 'other';
  }
}

function judgeName(begin: string, names: readonly string[]): Verdict {
  return names.some((name) => name.startsWith(begin)) ? undefined : 'other';
}

/** Scrubs a message; what is not its data stays as it is. */
function scrubMessage(message: Buffer): Buffer {
  const lines = message.toString('utf8').match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/gu) ?? [];
  const isData = (line: string) => dataField.test(line.replace(lineBreak, ''));
  const dataLines = lines.filter(isData);
  const data = dataLines.map((line) => line.replace(lineBreak, '').replace(dataField, '')).join('\n');
  const isError = lines.some((line) => errorField.test(line.replace(lineBreak, '')));
  const scrubbed = scrubData(data, isError);
  if (scrubbed === data) return message;
  const firstAt = lines.findIndex(isData);
  const end = lineBreak.exec(lines[firstAt] ?? '')?.[0] ?? '';
  const written = scrubbed.split('\n').map((line) => `data: ${line}${end === '' ? '\n' : end}`);
  const others = lines.filter((line, index) => index > firstAt && !isData(line));
  return Buffer.from([...lines.slice(0, firstAt), ...written, ...others].join(''), 'utf8');
}

/** Scrubs what an agent says, where it is an error. Of JSON only its texts change. */
function scrubData(data: string, isError: boolean): string {
  const value = parseJson(data);
  if (!isError && !isErrorValue(value)) return data;
  if (value === undefined) return scrub(data);
  return data.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/gu, (literal) => {
    const text = parseJson(literal);
    if (typeof text !== 'string') return literal;
    const scrubbed = scrub(text);
    return scrubbed === text ? literal : JSON.stringify(scrubbed);
  });
}

/** Whether a value tells of an error. Many an answer has an empty `error` beside its text. */
function isErrorValue(value: unknown): boolean {
  // What began as an error and is no JSON is still what an agent says of its error.
  if (!isJsonObject(value)) return value === undefined;
  const { error, type, event } = value;
  return (
    Boolean(error) ||
    'error_type' in value ||
    value['force_stop'] === true ||
    errorTypes.some((name) => name === type) ||
    (isJsonObject(event) && Object.keys(event).some((name) => name.endsWith('Exception')))
  );
}
