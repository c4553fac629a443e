const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
const maxPieceLength = 24;

/**
 * Cuts text into the pieces in which a model would stream it: a word with the space before and the marks after it.
 * Never inside an emoji or a letter with its accents; joined, the pieces are the text.
 */
export function wordsOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let holdsWord = false;
  for (const { segment, isWordLike = false } of segmenter.segment(text)) {
    const startsPiece = isWordLike ? holdsWord : /^\s/u.test(segment) && holdsWord;
    if (startsPiece || piece.length >= maxPieceLength) {
      pieces.push(piece);
      piece = '';
      holdsWord = false;
    }
    piece += segment;
    holdsWord ||= isWordLike;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}

/** How many words there are: what the offline model counts as tokens. */
export function countWords(text: string): number {
  let count = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike === true) count += 1;
  return count;
}
