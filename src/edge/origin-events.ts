/** The Lambda@Edge function, one for both events of the origin: `origin-request` and `origin-response`. */
import { bodyHash } from './body-hash.ts';
import { challenge } from './challenge.ts';
import type {
  EdgeOriginResponse,
  EdgeRequest,
  EdgeResponse,
  OriginRequestEvent,
  OriginResponseEvent,
} from './edge-event.ts';

type OriginEvent = OriginRequestEvent | OriginResponseEvent;

/** Signs the body of a request on its way to the origin; gives the challenge of a response on its way back its name. */
export async function handler(event: OriginEvent): Promise<EdgeRequest | EdgeResponse | EdgeOriginResponse> {
  return isResponse(event) ? challenge(event) : bodyHash(event);
}

function isResponse(event: OriginEvent): event is OriginResponseEvent {
  return event.Records[0].cf.config.eventType === 'origin-response';
}
