import { isJsonObject } from '../../json.ts';
import type { JsonObject } from '../../json.ts';

/** Gives the value back where it is a JSON object, and undefined otherwise. */
export function asObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** Gives the value back where it is a string, and undefined otherwise. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
