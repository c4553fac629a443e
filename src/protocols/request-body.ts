import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { ProtocolRequest } from './protocol.ts';

/**
 * Reads a body that must be a JSON object, under whatever content type.
 *
 * @throws RelayError `invalid_json`, or `invalid_request` where it is JSON of another kind.
 */
export function readJsonBody({ body }: ProtocolRequest): JsonObject {
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
