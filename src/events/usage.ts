/** Adds up two records of measurements by name; what is no number is taken from the later one. */
export function sumMeasurements<Measurements extends Readonly<Record<string, unknown>>>(
  earlier: Measurements | undefined,
  later: Measurements | undefined,
): Measurements | undefined {
  if (earlier === undefined) return later;
  if (later === undefined) return earlier;
  // A prototype-free target: the names come from the agent, and `__proto__` must stay a name.
  const sum: Record<string, unknown> = Object.assign(Object.create(null), earlier);
  for (const [name, value] of Object.entries(later)) {
    const before = sum[name];
    sum[name] = typeof before === 'number' && typeof value === 'number' ? before + value : value;
  }
  return sum as Measurements;
}
