import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { EarlierMessage, Endpoint } from './protocol.ts';
import { checkPrompt, nameType, readJsonBody, readOptionalString } from './request-body.ts';
import { readTextAttachment } from './text-attachment.ts';

/**
 * What `DefaultChatTransport` posts (`ai` 5.0, 6.0 and 7.0): `{id, messages, trigger, messageId?, …}`, or `{id, message}`, as
 * the AI SDK's documentation has it for servers that keep the conversation themselves (`prepareSendMessagesRequest`).
 *
 * The last message is the prompt, those before it are the history, those of the role `system` are instructions. Of the
 * parts, text counts, and what is attached to the user's messages as far as it is text; reasoning, tools, sources, data and
 * steps are the page's own. `trigger` is not read: with `regenerate-message` the history comes without the answer that is to
 * be replaced, but an agent that keeps its own memory still remembers it.
 */
export const uiMessageEndpoint: Endpoint = {
  path: '/api/chat',
  methods: ['POST'],
  read(request, { maxPromptLength }) {
    const fields = readJsonBody(request);
    const messages = readMessages(fields);
    const isInstruction = ({ role }: UiMessage) => role === 'system';
    const spoken = messages.filter((message) => !isInstruction(message));
    const last = spoken.pop();
    if (last?.role !== 'user') {
      throw new RelayError('invalid_prompt', {
        message: `the last message must be the user's, got ${last === undefined ? 'none' : "the assistant's"}`,
      });
    }
    const system = joinTexts(messages.filter(isInstruction).map(readEarlierText));
    return {
      prompt: checkPrompt('the last message', readPrompt(last), maxPromptLength),
      messages: spoken.flatMap(readEarlierMessage),
      system: system === '' ? undefined : system,
      conversationId: readOptionalString(fields, 'id') || undefined,
    };
  },
};

const roles = ['system', 'user', 'assistant'] as const;

interface UiMessage {
  readonly role: (typeof roles)[number];
  readonly parts: readonly UiPart[];
}

/** The parts of a message that are read. */
type UiPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'file';
      /** Undefined where the browser could not tell; then it sends an empty text. */
      readonly mediaType: string | undefined;
      readonly filename: string | undefined;
      readonly url: string;
    };

function readMessages({ messages, message }: JsonObject): readonly UiMessage[] {
  if ((messages ?? undefined) === undefined && (message ?? undefined) !== undefined) {
    return [readMessage(message, 'message')];
  }
  if (!Array.isArray(messages)) {
    throw new RelayError('invalid_request', { message: `"messages" must be an array, got ${nameType(messages)}` });
  }
  return messages.map((value: unknown, index) => readMessage(value, `messages[${index}]`));
}

function readMessage(value: unknown, place: string): UiMessage {
  if (!isJsonObject(value)) throw wrongType(place, 'an object', value);
  const role = roles.find((known) => known === value['role']);
  if (role === undefined) throw wrongType(`${place}.role`, '"system", "user" or "assistant"', value['role']);
  const { parts } = value;
  if (!Array.isArray(parts)) throw wrongType(`${place}.parts`, 'an array', parts);
  return { role, parts: parts.flatMap((part: unknown, index) => readPart(part, `${place}.parts[${index}]`)) };
}

function readPart(value: unknown, place: string): UiPart[] {
  if (!isJsonObject(value)) throw wrongType(place, 'an object', value);
  const read = (name: string) => {
    const member = value[name];
    if (typeof member !== 'string') throw wrongType(`${place}.${name}`, 'a string', member);
    return member;
  };
  const readOptional = (name: string) => (value[name] === undefined || value[name] === null ? undefined : read(name));
  switch (read('type')) {
    case 'text':
      return [{ type: 'text', text: read('text') }];
    case 'file':
      return [
        {
          type: 'file',
          mediaType: readOptional('mediaType') || undefined,
          filename: readOptional('filename'),
          url: read('url'),
        },
      ];
    default:
      return [];
  }
}

function wrongType(place: string, expected: string, got: unknown): RelayError {
  const shown = typeof got === 'string' ? JSON.stringify(got.slice(0, 40)) : nameType(got);
  return new RelayError('invalid_request', { message: `"${place}" must be ${expected}, got ${shown}` });
}

function readPrompt({ parts }: UiMessage): string {
  return joinTexts(parts.map((part) => (part.type === 'text' ? part.text : readFile(part))));
}

function readEarlierMessage(message: UiMessage): EarlierMessage[] {
  const content = readEarlierText(message);
  return message.role === 'system' || content.trim() === '' ? [] : [{ role: message.role, content }];
}

/** As {@link readPrompt}, but what is no text is left out: it was refused, or another server's, when it was new. */
function readEarlierText({ parts }: UiMessage): string {
  return joinTexts(
    parts.map((part) => {
      if (part.type === 'text') return part.text;
      try {
        return readFile(part);
      } catch {
        return '';
      }
    }),
  );
}

function readFile({ mediaType, filename, url }: UiPart & { readonly type: 'file' }): string {
  return readTextAttachment({ mediaType, filename, data: url });
}

function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n');
}
