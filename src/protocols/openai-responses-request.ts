import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { readConversationId } from './openai-conversation.ts';
import { readModel } from './openai-model.ts';
import type { AgentCall, EarlierMessage, ProtocolRequest } from './protocol.ts';
import { checkPrompt, nameType, readJsonBody, readOptionalString } from './request-body.ts';
import { leaveOutUnsupported, readTextAttachment, refuseUnsupported } from './text-attachment.ts';
import type { HandleUnsupported } from './text-attachment.ts';

/** A `POST /v1/responses` as far as the relay reads it (`openai` 7.57, `ResponseCreateParams`). */
export interface ResponsesRequest {
  readonly call: AgentCall;
  /** Echoed in the answer. */
  readonly model: string;
  readonly isStream: boolean;
  /** Echoed in the answer; null where the client named none. */
  readonly previousResponseId: string | null;
}

/**
 * Makes the id of a response: it holds the conversation, so that `previous_response_id` alone leads back to it and the
 * relay need not remember anything. Neither part has a dot.
 */
export function formatResponseId(requestId: string, conversationId: string): string {
  return `resp_${requestId}.${conversationId}`;
}

const responseIdForm = /^resp_[A-Za-z0-9_-]{1,100}\.([A-Za-z0-9_-]{33,100})$/u;

/**
 * Reads a request. Its tools, sampling settings, `store`, `include`, `text` and whatever else it holds are ignored: the
 * agent has its own.
 *
 * @throws RelayError with a caller's code and a sentence that names the member.
 */
export function readResponsesRequest(
  request: ProtocolRequest,
  { maxPromptLength }: { readonly maxPromptLength: number },
): ResponsesRequest {
  const body = readJsonBody(request);
  if (readOptionalBoolean(body, 'background')) {
    refuse('"background" must be false: an answer is only given to the request that asks for it');
  }
  const isStream = readOptionalBoolean(body, 'stream');
  const previousResponseId = readOptionalString(body, 'previous_response_id') ?? null;
  const conversation = readConversation(body);
  if (previousResponseId !== null && conversation !== undefined) {
    refuse('"previous_response_id" and "conversation" exclude each other: both name the conversation');
  }
  const { prompt, messages, instructions } = readInput(body['input'], maxPromptLength);
  const system = [readOptionalString(body, 'instructions') ?? '', ...instructions].filter((text) => text.trim() !== '');
  return {
    call: {
      prompt,
      messages,
      system: system.length === 0 ? undefined : system.join('\n\n'),
      conversationId:
        previousResponseId === null
          ? (conversation ?? readConversationId(request, body))
          : readResponseId(previousResponseId),
    },
    model: readModel(body) ?? 'agent',
    isStream,
    previousResponseId,
  };
}

/** The conversation that a response belonged to. What another service made is refused, as OpenAI does, instead of lost. */
function readResponseId(id: string): string {
  const [, conversationId] = responseIdForm.exec(id) ?? [];
  if (conversationId === undefined) {
    throw new RelayError('invalid_session_id', {
      message: `"previous_response_id" must be the id of a response of this service, got ${JSON.stringify(id.slice(0, 100))}`,
    });
  }
  return conversationId;
}

function readConversation(body: JsonObject): string | undefined {
  const { conversation } = body;
  if (isJsonObject(conversation)) return readConversationName('"conversation.id"', conversation['id']);
  if (conversation === undefined || conversation === null) return undefined;
  return readConversationName('"conversation"', conversation);
}

function readConversationName(name: string, value: unknown): string {
  if (typeof value !== 'string') refuse(`${name} must be a string, got ${nameType(value)}`);
  if (value.trim() === '') refuse(`${name} must not be empty`);
  return value;
}

function readOptionalBoolean(fields: JsonObject, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean') refuse(`"${name}" must be a boolean, got ${nameType(value)}`);
  return value;
}

interface Input {
  readonly prompt: string;
  readonly messages: readonly EarlierMessage[];
  /** What system and developer messages say. */
  readonly instructions: readonly string[];
}

function readInput(input: unknown, maxPromptLength: number): Input {
  if (input === undefined || input === null) throw new RelayError('invalid_prompt', { message: '"input" is missing' });
  if (typeof input === 'string') {
    return { prompt: checkPrompt('"input"', input, maxPromptLength), messages: [], instructions: [] };
  }
  if (!Array.isArray(input)) refuse(`"input" must be a string or an array, got ${nameType(input)}`);
  const items = input.map((value: unknown, index) => readItem(value, `input[${index}]`));
  const lastIndex = items.findLastIndex(({ role }) => role !== 'system');
  const last = items[lastIndex];
  if (last?.role !== 'user') {
    const got = last === undefined ? 'none' : `${JSON.stringify(last.type.slice(0, 60))} at the end`;
    throw new RelayError('invalid_prompt', { message: `"input" must end with a user's message, got ${got}` });
  }
  const messages: EarlierMessage[] = [];
  const instructions: string[] = [];
  items.forEach(({ role, name, content }, index) => {
    if (role === 'other' || index === lastIndex) return;
    const text = readText(name, content, leaveOutUnsupported);
    if (text.trim() === '') return;
    if (role === 'system') instructions.push(text);
    else messages.push({ role, content: text });
  });
  return {
    prompt: checkPrompt(`"${last.name}"`, readText(last.name, last.content, refuseUnsupported), maxPromptLength),
    messages,
    instructions,
  };
}

interface Item {
  /** Where it is, such as `input[3]`. */
  readonly name: string;
  /** Messages of developers count as `system`; reasoning, calls, results and references as `other`. */
  readonly role: 'user' | 'assistant' | 'system' | 'other';
  /** What it is to the client, for a sentence. */
  readonly type: string;
  readonly content: unknown;
}

function readItem(value: unknown, name: string): Item {
  if (!isJsonObject(value)) refuse(`"${name}" must be an object, got ${nameType(value)}`);
  const { type, role, content } = value;
  // A message may leave its type out, and so may an `item_reference`, which has no role.
  if (type !== 'message' && (typeof type === 'string' || role === undefined)) {
    return { name, role: 'other', type: typeof type === 'string' ? type : 'item_reference', content };
  }
  switch (role) {
    case 'user':
    case 'assistant':
    case 'system':
      return { name, role, type: role, content };
    case 'developer':
      return { name, role: 'system', type: role, content };
    default: {
      const got = typeof role === 'string' ? JSON.stringify(role.slice(0, 40)) : nameType(role);
      return refuse(`"${name}.role" must be one of "user", "assistant", "system", "developer", got ${got}`);
    }
  }
}

/** Gives the text of a message, with that of its files; what is no text is left out or refused. */
function readText(name: string, content: unknown, handleUnsupported: HandleUnsupported): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) refuse(`"${name}.content" must be a string or an array, got ${nameType(content)}`);
  return content
    .map((part: unknown, index) => readPart(`${name}.content[${index}]`, part, handleUnsupported))
    .filter((text) => text !== '')
    .join('\n');
}

function readPart(name: string, part: unknown, handleUnsupported: HandleUnsupported): string {
  if (!isJsonObject(part)) refuse(`"${name}" must be an object, got ${nameType(part)}`);
  const { type, text } = part;
  if (type === 'input_text' || type === 'output_text') {
    if (typeof text !== 'string') refuse(`"${name}.text" must be a string, got ${nameType(text)}`);
    return text;
  }
  if (type === 'input_file') return readFile(part, handleUnsupported);
  const got = typeof type === 'string' ? JSON.stringify(type.slice(0, 60)) : nameType(type);
  return handleUnsupported(`"${name}" must be text or a file of text, got ${got}`);
}

function readFile({ file_data: data, filename }: JsonObject, handleUnsupported: HandleUnsupported): string {
  if (typeof data !== 'string') {
    return handleUnsupported(
      'a file must come with its data, in "file_data": "file_id" and "file_url" are not followed',
    );
  }
  return readTextAttachment({ data, filename: typeof filename === 'string' ? filename : undefined }, handleUnsupported);
}

function refuse(message: string): never {
  throw new RelayError('invalid_request', { message });
}
