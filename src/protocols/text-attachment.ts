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
 * Gives an attachment as text for the prompt: its name on a line of its own, then what it holds.
 *
 * @throws RelayError `unsupported_content` where it is no text, or only a reference to something elsewhere: the relay
 * fetches nothing for a viewer.
 */
export function readTextAttachment({ mediaType, filename, data }: Attachment): string {
  const { type, isBase64, content } = splitData(data, mediaType);
  if (!type.startsWith('text/') && !textTypes.has(type)) {
    throw new RelayError('unsupported_content', {
      message: `an attachment must be text, such as text/plain or application/json, got ${JSON.stringify(type.slice(0, 60))}`,
    });
  }
  const name = (filename ?? type).replaceAll(/[\r\n[\]]+/gu, ' ').slice(0, 200);
  return `[${name}]\n${decode(content, isBase64)}`;
}

interface SplitData {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly isBase64: boolean;
  readonly content: string;
}

function splitData(data: string, mediaType: string | undefined): SplitData {
  if (!/^data:/iu.test(data)) {
    if (mediaType !== undefined && !/^[a-z][a-z0-9+.-]*:/iu.test(data)) {
      return { type: bareType(mediaType), isBase64: true, content: data };
    }
    throw new RelayError('unsupported_content', {
      message: 'an attachment must come with its data, in a "data:" URL; a link is not followed',
    });
  }
  const comma = data.indexOf(',');
  if (comma === -1) throw new RelayError('unsupported_content', { message: 'a "data:" URL must have a comma' });
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

function decode(content: string, isBase64: boolean): string {
  try {
    const bytes = isBase64 ? Buffer.from(content, 'base64') : Buffer.from(decodeURIComponent(content), 'utf8');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.includes('\0')) throw new TypeError('a NUL is in it');
    return text;
  } catch (thrown) {
    throw new RelayError('unsupported_content', { message: 'an attachment must be text in UTF-8', cause: thrown });
  }
}
