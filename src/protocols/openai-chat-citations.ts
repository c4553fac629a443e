import type { Citation } from '../events/agent-event.ts';

/** A source of the answer (`ChatCompletionMessage.Annotation`, `openai` 7.57). */
export interface UrlCitation {
  readonly type: 'url_citation';
  readonly url_citation: {
    /** Where the text that it supports begins in the answer, in UTF-16 units, and where it ends. */
    readonly start_index: number;
    readonly end_index: number;
    readonly title: string;
    readonly url: string;
  };
}

interface Source {
  readonly url: string;
  readonly title: string;
}

/** How much of titles and addresses is held until the end, in UTF-16 units. */
const maxHeldLength = 65_536;

/** The sources of one answer. */
export interface UrlCitations {
  /** A block of text begins. */
  beginText(): void;
  /** A piece of the block's text begins here in the answer. */
  noteText(start: number): void;
  /** The block ends here in the answer. */
  endText(end: number): void;
  /** Takes a source of the block, or of the one before where none is open; `end` is where the answer is now. */
  add(citation: Citation, end: number): void;
  /** The sources of all blocks that have ended. */
  readonly list: readonly UrlCitation[];
}

/**
 * Collects the sources until the end, because the helper of `openai` (`ChatCompletionStream`) keeps only the last list. A
 * source stands for the block of text that it came in; one without an address on the web has no place in the protocol.
 */
export function createUrlCitations(): UrlCitations {
  const list: UrlCitation[] = [];
  let pending: Source[] = [];
  let heldLength = 0;
  let isOpen = false;
  let start: number | undefined;

  function put({ url, title }: Source, end: number): void {
    list.push({ type: 'url_citation', url_citation: { start_index: start ?? end, end_index: end, title, url } });
  }

  return {
    beginText() {
      isOpen = true;
      start = undefined;
    },
    noteText(from) {
      start ??= from;
    },
    endText(end) {
      isOpen = false;
      for (const citation of pending) put(citation, end);
      pending = [];
    },
    add({ url = '', title = '' }, end) {
      if (!/^https?:\/\//iu.test(url)) return;
      heldLength += url.length + title.length;
      if (heldLength > maxHeldLength) return;
      const source = { url, title: title === '' ? url : title };
      if (isOpen) pending.push(source);
      else put(source, end);
    },
    list,
  };
}
