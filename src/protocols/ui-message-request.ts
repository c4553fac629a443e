import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { EarlierMessage, Endpoint } from './protocol.ts';
import { checkPrompt, readJsonBody, readOptionalString, refuseMember } from './request-body.ts';
import { leaveOutUnsupported, readTextAttachment, refuseUnsupported } from './text-attachment.ts';
import type { HandleUnsupported } from './text-attachment.ts';

/**
 * What `DefaultChatTransport` posts (`ai` 5.0, 6.0 and 7.0): `{id, messages, trigger, messageId?, …}`, or `{id, message}`, as
 * the AI SDK's documentation has it for servers that keep the conversation themselves (`prepareSendMessagesRequest`).
 *
 * The last message is the prompt, those before it are the history, those of the role `system` are instructions. Of their
 * parts, text counts, and files that are text; reasoning, tools, sources, data and steps are the page's own. `trigger` is not
 * read: with `regenerate-message` the history comes without the answer that is to be replaced, but an agent that keeps its
 * own memory still remembers it.
 */
export const uiMessageEndpoint: Endpoint = {
  path: '/api/chat',
  methods: ['POST'],
  read(request, { maxPromptLength }) {
    const fields = readJsonBody(request);
    const messages = readMessages(fields);
    const spoken = messages.filter(({ role }) => role !== 'system');
    const last = spoken.pop();
    if (last === undefined) {
      throw new RelayError('invalid_prompt', { message: '"messages" must hold a message of the role "user"' });
    }
    if (last.role !== 'user') {
      throw new RelayError('invalid_prompt', {
        message: `the last of "messages" must have the role "user", got "${last.role}"`,
      });
    }
    const instructions = messages
      .filter(({ role }) => role === 'system')
      .map((message) => readText(message, leaveOutUnsupported));
    const system = instructions.filter((text) => text !== '').join('\n\n');
    const id = readOptionalString(fields, 'id') ?? '';
    return {
      prompt: checkPrompt('the last message', readText(last, refuseUnsupported), maxPromptLength),
      messages: spoken.flatMap(readEarlierMessage),
      system: system === '' ? undefined : system,
      conversationId: id.trim() === '' ? undefined : id,
    };
  },
};

interface UiMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** The parts that are read. */
  readonly parts: readonly (UiText | UiFile)[];
}

interface UiText {
  readonly type: 'text';
  readonly text: string;
}

interface UiFile {
  readonly type: 'file';
  readonly mediaType: string | undefined;
  readonly filename: string | undefined;
  readonly url: string;
}

function readMessages({ messages, message }: JsonObject): readonly UiMessage[] {
  const hasMessages = messages !== undefined && messages !== null;
  if (!hasMessages && isJsonObject(message)) return [readMessage(message, 'message')];
  if (!Array.isArray(messages)) refuseMember('messages', 'an array', messages);
  return messages.map((value: unknown, index) => readMessage(value, `messages[${index}]`));
}

function readMessage(message: unknown, name: string): UiMessage {
  if (!isJsonObject(message)) refuseMember(name, 'an object', message);
  const { role, parts } = message;
  if (role !== 'system' && role !== 'user' && role !== 'assistant') {
    if (typeof role !== 'string') refuseMember(`${name}.role`, 'a string', role);
    throw new RelayError('invalid_request', {
      message: `"${name}.role" must be one of "system", "user", "assistant", got ${JSON.stringify(role.slice(0, 40))}`,
    });
  }
  if (!Array.isArray(parts)) refuseMember(`${name}.parts`, 'an array', parts);
  return { role, parts: parts.flatMap((part: unknown, index) => readPart(part, `${name}.parts[${index}]`)) };
}

function readPart(part: unknown, name: string): (UiText | UiFile)[] {
  if (!isJsonObject(part)) refuseMember(name, 'an object', part);
  switch (readString(part, 'type', name)) {
    case 'text':
      return [{ type: 'text', text: readString(part, 'text', name) }];
    case 'file': {
      const [mediaType, filename] = ['mediaType', 'filename'].map((member) => readOptional(part, member, name));
      return [{ type: 'file', mediaType, filename, url: readString(part, 'url', name) }];
    }
    default:
      return [];
  }
}

function readString(part: JsonObject, member: string, name: string): string {
  const value = part[member];
  return typeof value === 'string' ? value : refuseMember(`${name}.${member}`, 'a string', value);
}

/** Browsers send the empty text for a type that they do not know. */
function readOptional(part: JsonObject, member: string, name: string): string | undefined {
  const value = part[member];
  return value === undefined || value === null || value === '' ? undefined : readString(part, member, name);
}

function readEarlierMessage(message: UiMessage): EarlierMessage[] {
  const content = readText(message, leaveOutUnsupported);
  return message.role === 'system' || content === '' ? [] : [{ role: message.role, content }];
}

function readText({ parts }: UiMessage, handleUnsupported: HandleUnsupported): string {
  return parts
    .map((part) => (part.type === 'text' ? part.text : readFile(part, handleUnsupported)))
    .filter((text) => text !== '')
    .join('\n');
}

function readFile({ mediaType, filename, url }: UiFile, handleUnsupported: HandleUnsupported): string {
  return readTextAttachment({ mediaType, filename, data: url }, handleUnsupported);
}
