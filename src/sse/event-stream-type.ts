/** The media type of event streams (WHATWG HTML, 9.2). */
export const eventStreamType = 'text/event-stream';

/** Whether a `content-type` names an event stream, with whatever parameters. */
export function isEventStream(contentType: string): boolean {
  return contentType.toLowerCase().startsWith(eventStreamType);
}
