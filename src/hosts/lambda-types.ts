import type { Sink } from './send.ts';

/**
 * What of a Function URL's event is read (payload format 2.0; AWS Lambda Developer Guide, "Request payload format").
 *
 * Own types, because those of `@types/aws-lambda` would become part of this package's public declarations, and declare
 * Lambda's response stream as the `Writable` that it is not.
 */
export interface FunctionUrlEvent {
  /** Not decoded. */
  readonly rawPath?: string | undefined;
  /** Without `?`. */
  readonly rawQueryString?: string | undefined;
  /** The same, decoded; several values of one name joined by `,`. */
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | undefined;
  /** Names in lower case; several values of one name joined by `,`. No `cookie` among them. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** One `name=value` each. */
  readonly cookies?: readonly string[] | undefined;
  readonly requestContext?:
    | {
        readonly http?: { readonly method?: string | undefined } | undefined;
        /** `iam` is there where Lambda has checked a signature, and is somebody's with the permission to invoke. */
        readonly authorizer?: { readonly iam?: object | null | undefined } | null | undefined;
      }
    | undefined;
  /** Absent where it is empty. */
  readonly body?: string | undefined;
  /** Text types and JSON come as they are; everything else, `curl -d` too, in base64. The flag alone decides. */
  readonly isBase64Encoded?: boolean | undefined;
}

/** What of a Lambda context is read. */
export interface FunctionUrlContext {
  readonly awsRequestId: string;
  /** Always there in Lambda; a test's own context may have none, and then there is no deadline. */
  getRemainingTimeInMillis?(): number;
}

/** Status and headers of a streamed response. */
export interface ResponseMetadata {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A streaming handler, as `awslambda.streamifyResponse` takes it. */
export type FunctionUrlHandler = (
  event: FunctionUrlEvent,
  responseStream: Sink,
  context: FunctionUrlContext,
) => Promise<void>;

/** The global `awslambda` of Lambda's Node.js runtimes. */
export interface AwsLambda {
  streamifyResponse(handler: FunctionUrlHandler): FunctionUrlHandler;
  readonly HttpResponseStream: {
    from(responseStream: Sink, metadata: ResponseMetadata): Sink;
  };
}
