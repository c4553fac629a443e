import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { AgentCall, EarlierMessage, ReadOptions } from './protocol.ts';
import { checkPrompt, nameType } from './request-body.ts';
import { leaveOutUnsupported, readTextAttachment, refuseUnsupported } from './text-attachment.ts';
import type { HandleUnsupported } from './text-attachment.ts';

/** A `RunAgentInput`, as far as the relay reads it. */
export interface RunRequest {
  /** The conversation, as the client calls it. Never blank. */
  readonly threadId: string;
  /** This run, as the client calls it. Never blank. */
  readonly runId: string;
  /** The tool calls that the client's messages hold: an id of these would be taken for the earlier call. */
  readonly toolCallIds: ReadonlySet<string>;
  readonly call: Pick<AgentCall, 'prompt' | 'messages' | 'system'>;
}

/**
 * Reads a `RunAgentInput` (`@ag-ui/core` 0.0.45, 0.0.59 and 1.0.0). `threadId`, `runId` and `messages` are required; all
 * else is for agents that speak AG-UI themselves, to whom the whole input goes. Such an agent is the judge of its own
 * messages: they may end with what a tool of the client's gave, and hold what is no text.
 *
 * For any other agent the last message is the prompt, and must be the user's: it cannot take back the result of a tool,
 * and to run it again on an earlier prompt would be wrong.
 *
 * @throws RelayError `invalid_request`, `invalid_prompt`, `unsupported_content` or `payload_too_large`.
 */
export function readRunRequest(input: JsonObject, { maxPromptLength, agentProtocol }: ReadOptions): RunRequest {
  const threadId = readName(input, 'threadId');
  const runId = readName(input, 'runId');
  const { messages } = input;
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array', messages);
  const call =
    agentProtocol === 'AGUI' ? readLeniently(messages, maxPromptLength) : readConversation(messages, maxPromptLength);
  return { threadId, runId, toolCallIds: new Set(messages.flatMap(listToolCalls)), call };
}

function readName(input: JsonObject, name: string): string {
  const value = input[name];
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  if (value.trim() === '') throw new RelayError('invalid_request', { message: `"${name}" must not be empty` });
  return value;
}

interface AgUiMessage {
  /** Such as `messages[3]`. */
  readonly place: string;
  readonly role: string;
  readonly content: unknown;
}

function readConversation(messages: readonly unknown[], maxPromptLength: number): RunRequest['call'] {
  const conversation = messages
    .map((value, index) => readMessage(value, `messages[${index}]`))
    // What the client shows beside the conversation (`ActivityMessage`).
    .filter(({ role }) => role !== 'activity');
  const last = conversation.pop();
  if (last?.role !== 'user') {
    throw new RelayError('invalid_prompt', {
      message: `the last message must be the user's, got ${last === undefined ? 'none' : `one of role ${JSON.stringify(last.role.slice(0, 40))}`}`,
    });
  }
  const prompt = checkPrompt('the last message', readText(last, refuseUnsupported), maxPromptLength);
  const instructions: string[] = [];
  const earlier: EarlierMessage[] = [];
  for (const message of conversation) {
    const { role } = message;
    switch (role) {
      case 'system':
      case 'developer':
        instructions.push(readText(message, leaveOutUnsupported));
        break;
      case 'user':
      case 'assistant': {
        const content = readText(message, leaveOutUnsupported);
        if (content.trim() !== '') earlier.push({ role, content });
        break;
      }
      default:
      // Results of tools and reasoning are not what was said; of a role that is not known nobody can tell.
    }
  }
  const system = joinTexts(instructions);
  return { prompt, messages: earlier, system: system === '' ? undefined : system };
}

function readMessage(value: unknown, place: string): AgUiMessage {
  if (!isJsonObject(value)) throw wrongType(place, 'an object', value);
  const { role, content } = value;
  if (typeof role !== 'string') throw wrongType(`${place}.role`, 'a string', role);
  return { place, role, content };
}

function readText({ place, content }: AgUiMessage, handleUnsupported: HandleUnsupported): string {
  if (!Array.isArray(content)) return readPlainText(content, place);
  return joinTexts(
    content.map((part: unknown, index) => readPart(part, `${place}.content[${index}]`, handleUnsupported)),
  );
}

function readPlainText(content: unknown, place: string): string {
  // An assistant that only called tools says nothing.
  if (content === undefined || content === null) return '';
  if (typeof content !== 'string') throw wrongType(`${place}.content`, 'a string or an array', content);
  return content;
}

function readPart(part: unknown, place: string, handleUnsupported: HandleUnsupported): string {
  if (!isJsonObject(part)) throw wrongType(place, 'an object', part);
  const { type, text, source } = part;
  switch (type) {
    case 'text':
      if (typeof text !== 'string') throw wrongType(`${place}.text`, 'a string', text);
      return text;
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      if (!isJsonObject(source)) throw wrongType(`${place}.source`, 'an object', source);
      return readSource(source, readFilename(part['metadata']), handleUnsupported);
    case 'binary': {
      // The parts of `@ag-ui/core` 0.0.45, a legacy of 0.0.59: `{mimeType, data?, url?, id?, filename?}`.
      const { mimeType, data, url, filename } = part;
      return readSource(
        data === undefined ? { type: 'url', value: url, mimeType } : { type: 'data', value: data, mimeType },
        typeof filename === 'string' ? filename : undefined,
        handleUnsupported,
      );
    }
    default: {
      const got = typeof type === 'string' ? JSON.stringify(type.slice(0, 40)) : nameType(type);
      return handleUnsupported(`"${place}" is of a type that the agent cannot be given: ${got}`);
    }
  }
}

/** `{type:"data",value,mimeType}`, or `{type:"url",value,mimeType?}`, of which only `data:` URLs are followed. */
function readSource(
  { type, value, mimeType }: JsonObject,
  filename: string | undefined,
  handleUnsupported: HandleUnsupported,
): string {
  const isHere = typeof value === 'string' && (type === 'data' || (type === 'url' && /^data:/iu.test(value)));
  if (!isHere) return handleUnsupported('an attachment must come with its data; a link is not followed');
  const mediaType = typeof mimeType === 'string' && mimeType !== '' ? mimeType : undefined;
  return readTextAttachment({ mediaType, filename, data: value }, handleUnsupported);
}

/** A file's name, where CopilotKit and `@ag-ui/client` 1.0 put it. */
function readFilename(metadata: unknown): string | undefined {
  if (!isJsonObject(metadata)) return undefined;
  const { filename } = metadata;
  return typeof filename === 'string' ? filename : undefined;
}

/** What the user said last, as far as it is text. The agent gets the whole input; only a `createInput` may look at this. */
function readLeniently(messages: readonly unknown[], maxPromptLength: number): RunRequest['call'] {
  const last: unknown = messages.findLast((message) => isJsonObject(message) && message['role'] === 'user');
  const content = isJsonObject(last) ? last['content'] : undefined;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [{ text: content }];
  const prompt = joinTexts(
    parts.flatMap((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? [part['text']] : [])),
  );
  return { prompt: prompt.trim() === '' ? '' : checkPrompt('the last message', prompt, maxPromptLength) };
}

function listToolCalls(message: unknown): string[] {
  if (!isJsonObject(message)) return [];
  const { toolCalls } = message;
  if (!Array.isArray(toolCalls)) return [];
  return toolCalls.flatMap((call: unknown) =>
    isJsonObject(call) && typeof call['id'] === 'string' ? [call['id']] : [],
  );
}

function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n');
}

function wrongType(place: string, expected: string, got: unknown): RelayError {
  return new RelayError('invalid_request', { message: `"${place}" must be ${expected}, got ${nameType(got)}` });
}
