import { RelayError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { readOptionalString } from './request-body.ts';

/** Longest name of a model, in UTF-16 units: it is repeated in every chunk of the answer. */
const maxModelLength = 256;

/**
 * Reads the model that an OpenAI client names, any text; undefined where it names none.
 *
 * @throws RelayError `invalid_request` where it is no string, or longer than 256 UTF-16 units.
 */
export function readModel(body: JsonObject): string | undefined {
  const model = readOptionalString(body, 'model');
  if (model !== undefined && model.length > maxModelLength) {
    throw new RelayError('invalid_request', {
      message: `"model" has ${model.length} characters, at most ${maxModelLength} are allowed`,
    });
  }
  return model === '' ? undefined : model;
}
