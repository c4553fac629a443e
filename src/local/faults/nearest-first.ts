/** Sorts names by how few letters would have to be added, taken away or changed to make them of the one that was written. */
export function nearestFirst(names: readonly string[], written: string): readonly string[] {
  return names
    .map((name) => ({ name, distance: distanceOf(name.toLowerCase(), written.slice(0, maxLength).toLowerCase()) }))
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ name }) => name);
}

/** What is longer is nobody's slip of the finger. */
const maxLength = 64;

/** Levenshtein's distance, row by row. */
function distanceOf(name: string, written: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, index) => index);
  for (const [index, letter] of written.split('').entries()) {
    const above = row;
    row = [index + 1];
    for (const [column, wanted] of name.split('').entries()) {
      row.push(
        Math.min(
          (above[column] ?? 0) + (wanted === letter ? 0 : 1),
          (above[column + 1] ?? 0) + 1,
          (row[column] ?? 0) + 1,
        ),
      );
    }
  }
  return row.at(-1) ?? 0;
}
