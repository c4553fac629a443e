import { isUtf8 } from 'node:buffer';
import { RelayError } from '../errors.ts';

/** Types whose bytes are text although their name does not begin with `text/`. */
const textTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/x-ndjson',
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
  'application/sql',
  // What browsers say of a file whose type they do not know, most source code among them; its bytes decide.
  'application/octet-stream',
]);

/** Something that a client attached to a message. */
export interface Attachment {
  /** As the client says it; undefined where only the URL does. */
  readonly mediaType?: string | undefined;
  /** Its name, if it has one. */
  readonly filename?: string | undefined;
  /** A `data:` URL (RFC 2397), or base64 where `mediaType` is given. */
  readonly data: string;
}

/**
 * What is done about content that is no text: gives what stands in its place, or throws. It takes a sentence that says what
 * is wrong. Leaving out is no caught refusal: a request may have 300,000 such parts, and errors are dear.
 */
export type HandleUnsupported = (message: string) => string;

/**
 * For the message that becomes the prompt.
 *
 * @throws RelayError `unsupported_content`, always.
 */
export const refuseUnsupported: HandleUnsupported = (message) => {
  throw new RelayError('unsupported_content', { message });
};

/** For the messages before it, where it is too late to refuse anything. */
export const leaveOutUnsupported: HandleUnsupported = () => '';

/**
 * Gives an attachment as text for the prompt: its name on a line of its own, then what it holds. Unsupported is what is no
 * text, or only a reference to something elsewhere: the relay fetches nothing for a viewer.
 */
export function readTextAttachment(
  { mediaType, filename, data }: Attachment,
  handleUnsupported: HandleUnsupported,
): string {
  const split = splitData(data, mediaType);
  if (typeof split === 'string') return handleUnsupported(split);
  const { type, isBase64, content } = split;
  if (!type.startsWith('text/') && !textTypes.has(type)) {
    return handleUnsupported(
      `an attachment must be text, such as text/plain or application/json, got ${JSON.stringify(type.slice(0, 60))}`,
    );
  }
  const text = decode(content, isBase64);
  if (text === undefined) return handleUnsupported('an attachment must be text in UTF-8');
  const name = (filename ?? type).replaceAll(/[\r\n[\]]+/gu, ' ').slice(0, 200);
  return `[${name}]\n${text}`;
}

interface SplitData {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly isBase64: boolean;
  readonly content: string;
}

/** Gives a sentence where there is nothing to split. */
function splitData(data: string, mediaType: string | undefined): SplitData | string {
  if (!/^data:/iu.test(data)) {
    if (mediaType !== undefined && !/^[a-z][a-z0-9+.-]*:/iu.test(data)) {
      return { type: bareType(mediaType), isBase64: true, content: data };
    }
    return 'an attachment must come with its data, in a "data:" URL; a link is not followed';
  }
  const comma = data.indexOf(',');
  if (comma === -1) return 'a "data:" URL must have a comma';
  const [urlType = '', ...parameters] = data.slice('data:'.length, comma).split(';');
  return {
    // RFC 2397, section 2: without a type it is plain text.
    type: bareType(mediaType ?? (urlType === '' ? 'text/plain' : urlType)),
    isBase64: parameters.at(-1)?.trim().toLowerCase() === 'base64',
    content: data.slice(comma + 1),
  };
}

function bareType(mediaType: string): string {
  return mediaType.split(';', 1).join('').trim().toLowerCase();
}

function decode(content: string, isBase64: boolean): string | undefined {
  try {
    const bytes = isBase64 ? Buffer.from(content, 'base64') : Buffer.from(decodeURIComponent(content), 'utf8');
    return isUtf8(bytes) && !bytes.includes(0) ? new TextDecoder().decode(bytes) : undefined;
  } catch {
    // A broken escape.
    return undefined;
  }
}
