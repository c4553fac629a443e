import { createHash } from 'node:crypto';

/** Draws a number from 0 to below 1: the same for the same keys, evenly spread over any of them. */
export function draw(...keys: readonly (string | number)[]): number {
  const digest = createHash('sha256').update(keys.join(' ')).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}
