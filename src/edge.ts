/** The two functions at the edge, for those who deploy them with something other than the CDK. */
export { handler as bodyHash } from './edge/body-hash.ts';
export type { EdgeHeaders, EdgeRequest, EdgeRequestBody, EdgeResponse, OriginRequestEvent } from './edge/body-hash.ts';
export { handler as viewerRequest } from './edge/viewer-request.ts';
export type { ViewerHeader, ViewerRequest, ViewerRequestEvent } from './edge/viewer-request.ts';
