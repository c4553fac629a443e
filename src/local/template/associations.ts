import type { Property } from './resource.ts';

/**
 * The associations of a behaviour by event type; CloudFront takes one function per event.
 *
 * @throws LocalChainError where an event is none of these, or has two functions
 */
export function associationsByEvent<Event extends string>(
  associations: Property,
  events: readonly Event[],
): ReadonlyMap<Event, Property> {
  const byEvent = new Map<Event, Property>();
  for (const association of associations.list()) {
    const eventType = association.get('EventType');
    const event = eventType.oneOf(events);
    if (byEvent.has(event)) {
      throw eventType.fault(`is "${event}" for a second time; CloudFront takes one function per event`);
    }
    byEvent.set(event, association);
  }
  return byEvent;
}
