/** A filter with a memory: no e-mail address reaches a viewer, also where it comes in pieces. */
import type { EventFilter } from 'agentcore-relay/relay';

const address = /[\w.%+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+/giu;
/** The end of a text that may be the beginning of an address; RFC 5321 allows 254 characters. */
const beginning = /[\w.%+@-]{1,320}$/u;

/** Gives the filter of one answer. It holds text back from the last space on, so a word comes when the next one begins. */
export function createEmailRedaction(): EventFilter {
  const held = new Map<string, string>();

  function release(id: string): string {
    const text = redact(held.get(id) ?? '');
    held.delete(id);
    return text;
  }

  return (event) => {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta': {
        const text = (held.get(event.id) ?? '') + event.text;
        const cut = text.length - (beginning.exec(text)?.[0].length ?? 0);
        held.set(event.id, text.slice(cut));
        return { ...event, text: redact(text.slice(0, cut)) };
      }
      case 'text-end':
        return [{ type: 'text-delta', id: event.id, text: release(event.id) }, event];
      case 'reasoning-signature':
      case 'reasoning-end':
        return [{ type: 'reasoning-delta', id: event.id, text: release(event.id) }, event];
      default:
        return event;
    }
  };
}

function redact(text: string): string {
  return text.replaceAll(address, '[e-mail]');
}
