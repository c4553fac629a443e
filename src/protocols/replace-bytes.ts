/**
 * Creates what replaces a text in bytes that may be cut anywhere. It holds back no more than what may be the text's beginning,
 * and copies nothing where there is nothing to replace.
 *
 * @param text - Not empty.
 */
export function createReplacer(text: string, replacement: string): (chunk: Uint8Array) => Uint8Array {
  const sought = Buffer.from(text, 'utf8');
  const written = Buffer.from(replacement, 'utf8');
  let held: Uint8Array = new Uint8Array();
  return (chunk) => {
    const bytes = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk]);
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (let found = view.indexOf(sought); found !== -1; found = view.indexOf(sought, at)) {
      pieces.push(view.subarray(at, found), written);
      at = found + sought.byteLength;
    }
    const heldAt = findBeginning(view, sought, at);
    held = view.subarray(heldAt);
    if (pieces.length === 0) return heldAt === view.byteLength ? bytes : view.subarray(0, heldAt);
    pieces.push(view.subarray(at, heldAt));
    return Buffer.concat(pieces);
  };
}

/** Finds where bytes end with the longest beginning of what is sought; gives their length where they do not. */
function findBeginning(bytes: Buffer, sought: Buffer, from: number): number {
  const [first = 0] = sought;
  let index = bytes.indexOf(first, Math.max(from, bytes.byteLength - sought.byteLength + 1));
  while (index !== -1) {
    const length = bytes.byteLength - index;
    if (bytes.compare(sought, 0, length, index) === 0) return index;
    index = bytes.indexOf(first, index + 1);
  }
  return bytes.byteLength;
}
