import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { readConversationId } from './openai-conversation.ts';
import { readModel } from './openai-model.ts';
import type { AgentCall, EarlierMessage, ProtocolRequest } from './protocol.ts';
import { checkPrompt, readJsonBody, refuseMember } from './request-body.ts';
import { leaveOutUnsupported, readTextAttachment, refuseUnsupported } from './text-attachment.ts';
import type { HandleUnsupported } from './text-attachment.ts';

/** What a request to `POST /v1/chat/completions` says, as far as an agent can be given it. */
export interface ChatRequest {
  readonly call: Pick<AgentCall, 'prompt' | 'messages' | 'system' | 'conversationId'>;
  /** As the client named it; undefined where it did not. */
  readonly model: string | undefined;
  readonly isStream: boolean;
  /** Whether a stream ends with a chunk that has the usage. */
  readonly includeUsage: boolean;
}

/**
 * Reads the body of a chat completion (OpenAI API reference, "Create chat completion"; types of `openai` 7.57). Sampling,
 * tools, response formats and what else only a model could honour is ignored.
 *
 * @throws RelayError with a caller's code where it is not valid.
 */
export function readChatRequest(request: ProtocolRequest, maxPromptLength: number): ChatRequest {
  const body = readJsonBody(request);
  const choiceCount = body['n'] ?? 1;
  if (choiceCount !== 1) {
    throw new RelayError('invalid_request', {
      message: `"n" must be 1, because an agent gives one answer, got ${JSON.stringify(choiceCount).slice(0, 40)}`,
    });
  }
  const streamOptions = body['stream_options'] ?? {};
  if (!isJsonObject(streamOptions)) refuseMember('stream_options', 'an object', streamOptions);
  return {
    call: { ...readMessages(body['messages'], maxPromptLength), conversationId: readConversationId(request, body) },
    model: readModel(body),
    // The clients send `accept: application/json` for streams too, so that only this member tells (`openai` 7.57).
    isStream: readFlag('stream', body['stream']),
    includeUsage: readFlag('stream_options.include_usage', streamOptions['include_usage']),
  };
}

function readFlag(name: string, value: unknown): boolean {
  const flag = value ?? false;
  return typeof flag === 'boolean' ? flag : refuseMember(name, 'a boolean', flag);
}

interface Conversation {
  readonly prompt: string;
  readonly messages: readonly EarlierMessage[];
  readonly system: string | undefined;
}

/** A message of the history, before it is known which one is the last. */
interface ChatMessage {
  readonly role: string;
  readonly content: unknown;
  /** Where it stands in the request, such as `messages[3]`. */
  readonly name: string;
}

function readMessages(value: unknown, maxPromptLength: number): Conversation {
  if (!Array.isArray(value)) refuseMember('messages', 'an array', value);
  const messages = value.map(readMessage);
  const instructions = messages.filter(({ role }) => isInstruction(role));
  const spoken = messages.filter(({ role }) => !isInstruction(role));
  const last = spoken.pop();
  if (last === undefined) {
    throw new RelayError('invalid_prompt', { message: '"messages" must hold a message of the role "user"' });
  }
  if (last.role !== 'user') {
    throw new RelayError('invalid_prompt', {
      message: `the last of "messages" must have the role "user", got "${last.role}"`,
    });
  }
  const system = instructions.map((message) => readText(message, leaveOutUnsupported)).filter((text) => text !== '');
  return {
    prompt: checkPrompt(`"${last.name}.content"`, readText(last, refuseUnsupported), maxPromptLength),
    messages: spoken.flatMap(readEarlier),
    system: system.length === 0 ? undefined : system.join('\n\n'),
  };
}

function readMessage(message: unknown, index: number): ChatMessage {
  const name = `messages[${index}]`;
  if (!isJsonObject(message)) refuseMember(name, 'an object', message);
  const { role, content } = message;
  if (typeof role !== 'string') refuseMember(`${name}.role`, 'a string', role);
  if (!roles.has(role)) {
    const allowed = Array.from(roles, (known) => `"${known}"`).join(', ');
    throw new RelayError('invalid_request', {
      message: `"${name}.role" must be one of ${allowed}, got ${JSON.stringify(role.slice(0, 40))}`,
    });
  }
  return { role, content, name };
}

const roles: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);

function isInstruction(role: string): boolean {
  return role === 'system' || role === 'developer';
}

/** Of what was said before, only what the user and the assistant said in words. */
function readEarlier(message: ChatMessage): EarlierMessage[] {
  const { role } = message;
  if (role !== 'user' && role !== 'assistant') return [];
  const content = readText(message, leaveOutUnsupported);
  return content === '' ? [] : [{ role, content }];
}

function readText({ content, name }: ChatMessage, handleUnsupported: HandleUnsupported): string {
  if (typeof content === 'string') return content;
  // An assistant that only called tools has no content.
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) refuseMember(`${name}.content`, 'a string or an array', content);
  const texts = content.map((part: unknown, index) => readPart(part, `${name}.content[${index}]`, handleUnsupported));
  return texts.filter((text) => text !== '').join('\n');
}

function readPart(part: unknown, name: string, handleUnsupported: HandleUnsupported): string {
  if (!isJsonObject(part)) refuseMember(name, 'an object', part);
  const { type, text, file } = part;
  if (type === 'text') return typeof text === 'string' ? text : refuseMember(`${name}.text`, 'a string', text);
  if (type === 'file') return readFile(file, name, handleUnsupported);
  const got = JSON.stringify(type ?? null).slice(0, 40);
  return handleUnsupported(`"${name}" must be text, or a file that is text, got ${got}`);
}

function readFile(file: unknown, name: string, handleUnsupported: HandleUnsupported): string {
  const { file_data: data, filename } = isJsonObject(file) ? file : {};
  if (typeof data !== 'string') {
    return handleUnsupported(
      `"${name}.file.file_data" must be a "data:" URL; a file that was uploaded elsewhere cannot be read`,
    );
  }
  return readTextAttachment({ data, filename: typeof filename === 'string' ? filename : undefined }, handleUnsupported);
}
