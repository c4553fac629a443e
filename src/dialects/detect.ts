import type { Emit } from '../events/order.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { agUi } from './ag-ui.ts';
import { converse } from './converse.ts';
import type { Dialect, DialectReader } from './dialect.ts';
import { errorFrames } from './error-frames.ts';
import { plainText } from './plain-text.ts';
import { strandsTypescript } from './strands-typescript.ts';

/** The dialects that are tried where the user names none, in this order. */
export const defaultDialects: readonly Dialect[] = [strandsTypescript, converse, agUi];

/** Reads a stream whose dialect is not known beforehand. */
export interface StreamReader {
  /** Reads one message of the stream; never throws. */
  read(data: string, event?: string): void;
  /** Frames that no dialect knew; they are dropped. */
  readonly unknownFrames: number;
  /** The dialect that read most recently; undefined until one has. */
  readonly dialect: string | undefined;
}

/**
 * Creates a reader that finds out which dialect a stream speaks. The first structured frame decides against plain text:
 * from then on a bare string is not something the model said but an object that the Python SDK could not serialize.
 */
export function createStreamReader(emit: Emit, dialects: readonly Dialect[] = defaultDialects): StreamReader {
  const errors = errorFrames.createReader(emit);
  const text = plainText.createReader(emit);
  const structured = dialects.map(({ name, createReader }) => ({ name, reader: createReader(emit) }));
  let current: { readonly name: string; readonly reader: DialectReader } | undefined;
  let dialect: string | undefined;
  let unknownFrames = 0;
  return {
    read(data, event) {
      const frame = { event, data, value: parseJson(data) };
      if (current?.reader.read(frame) === true) return;
      if (event === 'error' || isJsonObject(frame.value)) {
        if (errors.read(frame)) {
          dialect ??= errorFrames.name;
          return;
        }
        for (const candidate of structured) {
          if (candidate !== current && candidate.reader.read(frame)) {
            current = candidate;
            dialect = candidate.name;
            return;
          }
        }
      }
      if (current === undefined && text.read(frame)) dialect = plainText.name;
      else unknownFrames += 1;
    },
    get unknownFrames() {
      return unknownFrames;
    },
    get dialect() {
      return dialect;
    },
  };
}
