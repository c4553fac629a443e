import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { ProtocolRequest } from './protocol.ts';

/** Beyond some thousands `JSON.stringify` overflows the stack; beyond 1,000 so does the `json` of an agent in Python. */
const maxDepth = 500;

/**
 * Reads a body that must be a JSON object, under whatever content type.
 *
 * @throws RelayError `invalid_json`, or `invalid_request` where it is JSON of another kind, or nested more than 500 deep.
 */
export function readJsonBody({ body }: ProtocolRequest): JsonObject {
  if (isDeeperThan(maxDepth, body)) {
    throw new RelayError('invalid_request', { message: `the body must not be nested more than ${maxDepth} deep` });
  }
  const value = parseJson(new TextDecoder().decode(body));
  if (value === undefined) {
    const got = body.byteLength === 0 ? 'nothing' : 'something else';
    throw new RelayError('invalid_json', { message: `the body must be a JSON object, got ${got}` });
  }
  if (!isJsonObject(value)) {
    throw new RelayError('invalid_request', { message: `the body must be a JSON object, got ${nameType(value)}` });
  }
  return value;
}

/** Whether JSON opens more objects and arrays within one another than this; of what is no JSON, it may say anything. */
function isDeeperThan(limit: number, json: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.byteLength; index++) {
    const byte = json[index];
    if (isInString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) {
      isInString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return false;
}

/** Names the type of a JSON value in a sentence: `a number`, `an array`. */
export function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Checks the text that becomes the prompt.
 *
 * @param name - What the client calls it, such as `"prompt"` or `the last message`.
 * @throws RelayError `invalid_prompt` where it is blank, `payload_too_large` where it is longer than `maxPromptLength`.
 */
export function checkPrompt(name: string, prompt: string, maxPromptLength: number): string {
  if (prompt.trim() === '') throw new RelayError('invalid_prompt', { message: `${name} must not be empty` });
  if (prompt.length > maxPromptLength) {
    throw new RelayError('payload_too_large', {
      message: `${name} has ${prompt.length} characters, at most ${maxPromptLength} are allowed`,
    });
  }
  return prompt;
}

/**
 * Reads a member that may be left out or null, and must be a string otherwise.
 *
 * @throws RelayError `invalid_request` that names the member.
 */
export function readOptionalString(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : refuseMember(name, 'a string', value);
}

/**
 * Refuses a member of another type than the protocol has for it.
 *
 * @param allowed - What it must be, such as `a string`.
 * @throws RelayError `invalid_request`, always.
 */
export function refuseMember(name: string, allowed: string, value: unknown): never {
  throw new RelayError('invalid_request', { message: `"${name}" must be ${allowed}, got ${nameType(value)}` });
}
