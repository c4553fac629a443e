/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Gives the value back where it is a JSON object, and undefined otherwise. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** Gives the value back where it is a string, and undefined otherwise. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
