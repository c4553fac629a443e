import type { Citation } from '../events/agent-event.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';

/**
 * Reads a citation of Bedrock ConverseStream (`location: { web: { url } }`) or of Strands TypeScript
 * (`location: { type: 'web', url }`).
 */
export function readCitation(citation: JsonObject): Citation {
  const { title, source, sourceContent, location } = citation;
  const place = isJsonObject(location) ? location : {};
  const web = isJsonObject(place['web']) ? place['web'] : place;
  const url = typeof web['url'] === 'string' ? web['url'] : source;
  const passages = Array.isArray(sourceContent)
    ? sourceContent.map((part: unknown) => (isJsonObject(part) ? part['text'] : undefined))
    : [];
  const text = passages.filter((passage) => typeof passage === 'string').join('\n');
  return {
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    ...(text === '' ? {} : { text }),
  };
}
