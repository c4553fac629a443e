import type { RequestFaults } from '../faults/request-faults.ts';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import type { LogLine, RequestLine } from '../request-line.ts';
import type { RequestScope } from '../request-scope.ts';
import type {
  DeployedBehaviour,
  DeployedDistribution,
  DeployedFunction,
  DeployedOrigin,
  DeployedViewerFunction,
} from '../template/deployment.ts';
import type { EdgeContext } from './edge-members.ts';
import type { Origin, ViewerRequest } from './messages.ts';
import type { RequestBody } from './request-body.ts';
import type { ViewerFunction } from './viewer-function.ts';

/** What CloudFront serves, and what it passes requests on to. */
export interface CloudFrontSettings {
  readonly distribution: DeployedDistribution;
  viewerFunctionOf(deployed: DeployedViewerFunction): ViewerFunction;
  edgeFunctionOf(deployed: DeployedFunction): LambdaFunction;
  originOf(origin: DeployedOrigin): Origin;
  /**
   * What is to go wrong with the request that has arrived.
   *
   * @throws LocalChainError where its own wish, the value of `x-local-fault`, cannot be understood
   */
  faultsOf(header: string | undefined): RequestFaults;
  /** Whether every hop is written down. */
  readonly isTraced: boolean;
  /** Called once per request, when its response is over. */
  onRequest(line: RequestLine): void;
  /** Called where CloudFront or its function has something to say. */
  onLog(line: LogLine): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds, and may reject when the signal aborts. Default: the process's own timers. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** One request on its way through a behaviour. */
export interface Exchange {
  readonly request: ViewerRequest;
  /** What this edge server adds to `via`, such as `1.1 d1.cloudfront.net (CloudFront)`. */
  readonly via: string;
  /** The viewer's, until an edge function puts another one in its place. */
  body: RequestBody;
  readonly behaviour: DeployedBehaviour;
  readonly requestId: string;
  readonly scope: RequestScope;
  /** When the origin's whole answer must be over, on the clock of `performance.now`. */
  completeBy: number | undefined;
}

/** What every event of an edge function says of the request that it is about. */
export function edgeContextOf({ distribution }: CloudFrontSettings, { requestId }: Exchange): EdgeContext {
  return { distributionDomainName: distribution.domainName, distributionId: distribution.id, requestId };
}
