/** A distribution in front of an origin of the test's own: CloudFront alone, without the rest of the chain. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createCloudFront } from '../../src/local/cloudfront/cloudfront.ts';
import type { CloudFrontSettings } from '../../src/local/cloudfront/exchange.ts';
import type { Origin, OriginRequest, OriginResponse } from '../../src/local/cloudfront/messages.ts';
import { createViewerFunction } from '../../src/local/cloudfront/viewer-function.ts';
import type { ViewerFunction } from '../../src/local/cloudfront/viewer-function.ts';
import { noFaults } from '../../src/local/faults/request-faults.ts';
import type { LambdaFunction } from '../../src/local/lambda/lambda-function.ts';
import { listen } from '../../src/local/listen.ts';
import type { LogLine, RequestLine } from '../../src/local/request-line.ts';
import type {
  DeployedBehaviour,
  DeployedEdgeFunction,
  DeployedFunction,
  DeployedFunctionUrl,
  DeployedOrigin,
} from '../../src/local/template/deployment.ts';

/** What a Lambda@Edge function of the test does with its event; `cf` is what it is about. */
export type EdgeHandler = (cf: EdgeRecord) => unknown;

/** The one record of a Lambda@Edge event, loosely. */
export interface EdgeRecord {
  readonly config: { readonly eventType: string };
  readonly request: LooseMessage & { readonly uri: string; readonly body?: { data: string; inputTruncated: boolean } };
  readonly response: LooseMessage;
}

interface LooseMessage {
  readonly headers: Record<string, { key?: string; value: string }[]>;
}

/** What is in front of the origin. */
export interface DistributionOptions extends Partial<Pick<CloudFrontSettings, 'faultsOf' | 'isTraced' | 'sleep'>> {
  /** The default behaviour, where it is not the harness's. */
  readonly behaviour?: Partial<DeployedBehaviour>;
  /** What a request for `/` is one for. Default: for `/`. */
  readonly defaultRootObject?: string;
  /** Those before it. */
  readonly behaviours?: readonly Partial<DeployedBehaviour>[];
  /** Default: answers 200 with `ok`. */
  readonly origin?: (...parameters: [...Parameters<Origin>, DeployedOrigin]) => Promise<OriginResponse>;
}

/** A distribution that answers viewers. */
export interface Distribution extends AsyncDisposable {
  readonly url: string;
  /** What has reached the origin. */
  readonly requests: readonly OriginRequest[];
  readonly lines: readonly RequestLine[];
  readonly logs: readonly LogLine[];
  /** Resolves when the next request is over. */
  nextLine(): Promise<RequestLine>;
}

/** The origin of the default behaviour; its timeouts are short. */
export const testOrigin: DeployedOrigin = {
  id: 'origin',
  domainName: 'abc.lambda-url.us-east-1.on.aws',
  path: '',
  readTimeoutMs: 30_000,
  completionTimeoutMs: undefined,
  keepAliveTimeoutSeconds: 5,
  connectionAttempts: 3,
  sslProtocols: ['TLSv1.2'],
  customHeaders: {},
  signingBehavior: 'never',
  functionUrl: { region: 'us-east-1' } as DeployedFunctionUrl,
};

const all = { kind: 'all', names: [] } as const;

const testBehaviour: DeployedBehaviour = {
  pathPattern: '*',
  allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
  origin: testOrigin,
  viewerFunction: undefined,
  viewerResponseFunction: undefined,
  viewerRequestEdgeFunction: undefined,
  viewerResponseEdgeFunction: undefined,
  originRequestFunction: undefined,
  originResponseFunction: undefined,
  originRequestPolicy: { headers: { kind: 'except', names: ['host'] }, cookies: all, queryStrings: all },
  responseHeadersPolicy: { set: [], remove: [] },
};

const handlers = new Map<string, EdgeHandler>();

/** A Lambda@Edge function that does in this process what the test says. */
export function edgeFunction(handler: EdgeHandler, includeBody = false): DeployedEdgeFunction {
  const logicalId = `Edge${handlers.size}`;
  handlers.set(logicalId, handler);
  return { function: { logicalId, arn: `arn:${logicalId}` } as DeployedFunction, includeBody };
}

/** An answer of an origin, all at once. */
export function answerOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  ...chunks: readonly string[]
): OriginResponse {
  return {
    status,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    body: (async function* () {
      for (const chunk of chunks) {
        yield Buffer.from(chunk);
      }
    })(),
  };
}

/** Starts a distribution on a free port. */
export async function openDistribution(options: DistributionOptions = {}): Promise<Distribution> {
  const { origin = () => Promise.resolve(answerOf(200, {}, 'ok')), behaviour, behaviours = [] } = options;
  const { defaultRootObject } = options;
  const requests: OriginRequest[] = [];
  const lines: RequestLine[] = [];
  const logs: LogLine[] = [];
  const viewerFunctions = new Map<string, ViewerFunction>();
  let next = Promise.withResolvers<RequestLine>();
  const server = await listen(
    createCloudFront({
      distribution: {
        logicalId: 'Distribution',
        id: 'E1',
        arn: 'arn:aws:cloudfront::000000000000:distribution/E1',
        domainName: 'd1.cloudfront.net',
        defaultRootObject,
        aliases: [],
        accountId: '000000000000',
        behaviours: [...behaviours, { ...behaviour }].map((own) => ({ ...testBehaviour, ...own })),
      },
      viewerFunctionOf: ({ name, code }) => {
        const viewerFunction = viewerFunctions.get(name) ?? createViewerFunction(name, code);
        viewerFunctions.set(name, viewerFunction);
        return viewerFunction;
      },
      edgeFunctionOf: ({ logicalId }) => runningFunction(handlers.get(logicalId)),
      originOf: (deployed) => (request, scope) => {
        requests.push(request);
        return origin(request, scope, deployed);
      },
      faultsOf: options.faultsOf ?? (() => noFaults),
      isTraced: options.isTraced ?? false,
      onRequest: (line) => {
        lines.push(line);
        next.resolve(line);
        next = Promise.withResolvers<RequestLine>();
      },
      onLog: (line) => logs.push(line),
      now: () => Date.UTC(2026, 10, 22, 12, 15, 47),
      sleep: options.sleep,
    }),
    0,
  );
  return {
    url: server.url,
    requests,
    lines,
    logs,
    nextLine: () => next.promise,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await Promise.all([...viewerFunctions.values()].map((viewerFunction) => viewerFunction.close()));
    },
  };
}

function runningFunction(handler: EdgeHandler | undefined): LambdaFunction {
  return {
    invoke: async (event) => {
      const { Records: records } = structuredClone(event) as { Records: [{ cf: EdgeRecord }] };
      return structuredClone(await handler?.(records[0].cf));
    },
    invokeStreaming: () => Promise.reject(new Error('Lambda@Edge does not stream')),
    invokeBuffered: () => Promise.reject(new Error('Lambda@Edge is no Function URL')),
    close: () => Promise.resolve(),
  };
}

/** What a viewer sends. */
export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What it gets, without the headers that differ from request to request. */
export interface Got {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks as a bare connection does: no header that the test does not send. */
export async function open(
  { url }: Distribution,
  { method = 'GET', path = '/', headers = {}, body }: Ask,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = httpRequest({ hostname, port, path, method, headers: { ...headers, ...length }, agent: false });
  request.end(body);
  const [viewer] = (await once(request, 'response')) as [IncomingMessage];
  return viewer;
}

/** Asks and reads the whole answer. */
export async function ask(distribution: Distribution, asked: Ask = {}): Promise<Got> {
  const viewer = await open(distribution, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of viewer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  const { date: _date, 'x-amz-cf-id': _id, via: _via, 'x-amz-cf-pop': _pop, ...headers } = viewer.headers;
  return { status: viewer.statusCode, headers, body: Buffer.concat(chunks).toString() };
}

/** Sends bytes as they are, and gives all that comes back until the connection ends. */
export async function exchangeBytes({ url }: Distribution, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.end(Buffer.from(text, 'latin1'));
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** The reason on a page of CloudFront's. */
export function reasonOf(page: string): string | undefined {
  return /<HR noshade size="1px">\s(.*?)\sWe can't/su.exec(page)?.[1];
}
