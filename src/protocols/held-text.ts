/** A text that grows by pieces and is read once. */
export interface HeldText {
  add(piece: string): void;
  /** Gives all of it and forgets it. */
  take(): string;
}

/** So many pieces, of a few characters each, become one string: well under a page of the heap's. */
const piecesPerChunk = 1024;

/**
 * Creates an empty text. It takes about the memory of its characters, however small the pieces are: a string that is grown
 * with `+=` keeps every piece and a node of 32 bytes beside it until somebody reads it.
 */
export function createHeldText(): HeldText {
  let chunks: string[] = [];
  let pieces: string[] = [];
  return {
    add(piece) {
      pieces.push(piece);
      if (pieces.length < piecesPerChunk) return;
      chunks.push(pieces.join(''));
      pieces = [];
    },
    take() {
      const text = chunks.join('') + pieces.join('');
      chunks = [];
      pieces = [];
      return text;
    },
  };
}
