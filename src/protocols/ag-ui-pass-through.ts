import { RelayError } from '../errors.ts';
import { eventStreamType, isEventStream } from '../sse/event-stream-type.ts';
import { formatSseComment } from '../sse/sse-format.ts';
import { writeAgUiEvent } from './ag-ui-event.ts';
import type { ByteCopier, ByteFormat, InvocationContext } from './protocol.ts';
import { createReplacer } from './replace-bytes.ts';

/** Bytes of an unfinished message that are held back; of a longer one the beginning goes out before its end is there. */
const maxHeldBytes = 65_536;

/**
 * The answer of an agent that speaks AG-UI itself, for an AG-UI client: its bytes untouched, message by message. Added are
 * comments while it is silent, and a `RUN_ERROR` where it ends without `RUN_FINISHED`, which clients would take for a good
 * end. A message whose end is missing is left out: a client would fail at it before it read the error.
 *
 * The agent's own `RUN_ERROR` ends the answer in the relay's words: its text is that of an exception (`bedrock_agentcore`
 * 1.22, `runtime/ag_ui.py`), which may name roles and accounts. So does the error frame of `runtime/app.py`, which no client
 * could read. What its tools give and what it says of itself otherwise, in `RAW` events too, is its answer.
 *
 * The agent knows the conversation by the runtime session's id, which the client must not see: wherever the agent says it, in
 * a state or a snapshot too, the client's own id stands in its place.
 *
 * @param threadId - What the client calls the conversation. Default: the id that the relay gave it.
 */
export function createAgUiPassThrough(threadId?: string): ByteFormat {
  return {
    kind: 'bytes',
    lateContentType: eventStreamType,
    contentType: eventStreamType,
    hasKeepAlive: () => true,
    createCopier: (contentType, _, context) =>
      isEventStream(contentType)
        ? createRunCopier(createThreadReplacer(context, threadId ?? context?.conversationId))
        : createRefusingCopier(),
  };
}

type Replace = (chunk: Uint8Array) => Uint8Array;

/** Where sessions are as given, the agent was given the client's own id. */
function createThreadReplacer(context: InvocationContext | undefined, threadId: string | undefined): Replace {
  if (context === undefined || threadId === undefined || context.runtimeSessionId === context.conversationId) {
    return (chunk) => chunk;
  }
  // Within a JSON string, where an agent says it.
  return createReplacer(context.runtimeSessionId, JSON.stringify(threadId).slice(1, -1));
}

function writeError({ code, message }: RelayError): string {
  return writeAgUiEvent({ type: 'RUN_ERROR', message, code });
}

function createRunCopier(replace: Replace): ByteCopier {
  const follower = createRunFollower();
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  /** Whether the beginning of a message has gone out, and not its end. */
  let isWithinMessage = false;
  /** Whole messages that came in one chunk with the agent's own error. */
  let beforeError = '';
  return {
    push(received) {
      // What of an id is held back belongs to a message that is not whole.
      const chunk = replace(received);
      const wholeBytes = follower.read(chunk);
      if (follower.hasFailed) {
        if (wholeBytes > 0) {
          beforeError = Buffer.concat([...held, chunk.subarray(0, wholeBytes)]).toString('utf8');
          isWithinMessage = false;
        }
        throw new RelayError('agent_error');
      }
      if (heldBytes === 0 && wholeBytes === chunk.byteLength) {
        isWithinMessage = false;
        return chunk;
      }
      const out: Uint8Array[] = [];
      if (wholeBytes > 0) {
        out.push(...held, chunk.subarray(0, wholeBytes));
        held = [];
        heldBytes = 0;
        isWithinMessage = false;
      }
      held.push(chunk.subarray(wholeBytes));
      heldBytes += chunk.byteLength - wholeBytes;
      if (isWithinMessage || heldBytes > maxHeldBytes) {
        out.push(...held);
        held = [];
        heldBytes = 0;
        isWithinMessage = true;
      }
      return Buffer.concat(out);
    },
    keepAlive: () => (isWithinMessage ? '' : formatSseComment('keep-alive')),
    get isCutShort() {
      return !follower.isOver;
    },
    finish: () => '',
    fail(error) {
      if (follower.isOver) return beforeError;
      return beforeError + (isWithinMessage ? '\n\n' : '') + writeError(error);
    },
  };
}

/** An agent with protocol AGUI that answers with something else has failed, whatever it says. */
function createRefusingCopier(): ByteCopier {
  return {
    push() {
      throw new RelayError('agent_error', { message: 'the agent did not answer with an event stream' });
    },
    keepAlive: () => formatSseComment('keep-alive'),
    isCutShort: true,
    finish: () => '',
    fail: writeError,
  };
}

interface RunFollower {
  /** Reads on, up to an error, and tells how many of these bytes belong to messages that are whole. */
  read(chunk: Uint8Array): number;
  /** Whether the last thing that was said of a run is its good end. */
  readonly isOver: boolean;
  /** Whether the agent has said an error. */
  readonly hasFailed: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dataField = Buffer.from('data:');

/**
 * Follows an event stream as AG-UI clients read it: lines end with LF, or CRLF. It holds nothing of a message but its
 * type, however large the message is, and looks at no more of it than it needs for that.
 */
function createRunFollower(): RunFollower {
  let isOver = false;
  let hasFailed = false;
  /** Bytes of the line so far, as far as they are those of a field's name. */
  let column = 0;
  let isDataLine = true;
  const scanner = createTypeScanner();

  function endMessage(): void {
    const { type } = scanner;
    // One stream may hold several runs, one after the other.
    if (type === 'RUN_STARTED') isOver = false;
    if (type === 'RUN_FINISHED') isOver = true;
    hasFailed = type === 'RUN_ERROR' || (type === undefined && scanner.hasError);
    scanner.reset();
  }

  return {
    read(chunk) {
      let wholeBytes = 0;
      for (let index = 0; index < chunk.byteLength; index++) {
        const byte = chunk[index] ?? 0;
        if (byte === lineFeed) {
          if (column === 0) {
            endMessage();
            if (hasFailed) return wholeBytes;
            wholeBytes = index + 1;
          }
          column = 0;
          isDataLine = true;
        } else if (byte === carriageReturn) {
          continue;
        } else if (column < dataField.length) {
          if (byte !== dataField[column]) isDataLine = false;
          column += 1;
        } else if (isDataLine && scanner.type === undefined) {
          scanner.read(byte);
        } else if (scanner.type === 'RUN_ERROR') {
          hasFailed = true;
          return wholeBytes;
        } else {
          const lineEnd = chunk.indexOf(lineFeed, index);
          index = (lineEnd === -1 ? chunk.byteLength : lineEnd) - 1;
        }
      }
      return wholeBytes;
    },
    get isOver() {
      return isOver;
    },
    get hasFailed() {
      return hasFailed;
    },
  };
}

interface TypeScanner {
  read(byte: number): void;
  /** Begins anew, with the next object. */
  reset(): void;
  /** The member `type` of the object itself; undefined until it was read. */
  readonly type: string | undefined;
  /** Whether it has a member `error`, which no event has. */
  readonly hasError: boolean;
}

/** The bytes that give JSON its form. */
const json = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Longer than the name of any member or event that matters. */
const maxNameLength = 40;

/** Looks for the member `type` of a JSON object, wherever it stands in it, a byte at a time. */
function createTypeScanner(): TypeScanner {
  let type: string | undefined;
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isKey = true;
  let text = '';
  let key = '';
  let hasError = false;

  function endString(): void {
    isInString = false;
    if (depth !== 1) return;
    if (isKey) key = text;
    else if (key === 'type') type = text;
    hasError ||= key === 'error';
  }

  return {
    read(byte) {
      if (isInString) {
        if (byte === json.quote && !isEscaped) endString();
        // With an escape in it, a text is none of the names that matter.
        else if (depth === 1 && text.length < maxNameLength) text += String.fromCharCode(byte);
        isEscaped = byte === json.backslash && !isEscaped;
        return;
      }
      switch (byte) {
        case json.quote:
          isInString = true;
          text = '';
          break;
        case json.openBrace:
        case json.openBracket:
          depth += 1;
          break;
        case json.closeBrace:
        case json.closeBracket:
          depth -= 1;
          break;
        case json.colon:
          if (depth === 1) isKey = false;
          break;
        case json.comma:
          if (depth === 1) isKey = true;
          break;
        default:
      }
    },
    reset() {
      type = undefined;
      depth = 0;
      isInString = false;
      isEscaped = false;
      isKey = true;
      text = '';
      key = '';
      hasError = false;
    },
    get type() {
      return type;
    },
    get hasError() {
      return hasError;
    },
  };
}
