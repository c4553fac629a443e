/** The functions at the edge, for those who deploy them with something other than the CDK. */
export { bodyHash } from './edge/body-hash.ts';
export { challenge } from './edge/challenge.ts';
export { handler as originEvents } from './edge/origin-events.ts';
export type {
  EdgeHeader,
  EdgeHeaders,
  EdgeOriginResponse,
  EdgeRequest,
  EdgeRequestBody,
  EdgeResponse,
  OriginRequestEvent,
  OriginResponseEvent,
} from './edge/edge-event.ts';
export { handler as viewerRequest } from './edge/viewer-request.ts';
export type { ViewerHeader, ViewerRequest, ViewerRequestEvent } from './edge/viewer-request.ts';
