/** Holds the package's own Lambda types against those of `@types/aws-lambda`; it is checked by the compiler alone. */
import type { Context, LambdaFunctionURLEvent, LambdaFunctionURLEventWithIAMAuthorizer } from 'aws-lambda';
import type {
  AwsLambda,
  FunctionUrlContext,
  FunctionUrlEvent,
  FunctionUrlHandler,
} from '../../src/hosts/lambda-types.ts';
import type { Sink } from '../../src/hosts/send.ts';

type Assignable<From extends To, To> = From;

/** What Lambda gives is what we read. */
export type Event = Assignable<LambdaFunctionURLEvent, FunctionUrlEvent>;
/** The same with `AWS_IAM`. */
export type EventWithIam = Assignable<LambdaFunctionURLEventWithIAMAuthorizer, FunctionUrlEvent>;
/** The context, too. */
export type InvocationContext = Assignable<Context, FunctionUrlContext>;
/** Lambda's stream can be written to as we do. */
export type Stream = Assignable<awslambda.HttpResponseStream, Sink>;
/** Lambda's own wrapper takes our handler. */
export type Handler = Assignable<
  FunctionUrlHandler,
  Parameters<typeof awslambda.streamifyResponse<LambdaFunctionURLEvent, void>>[0]
>;
/** What our handlers are made with can be the global itself. */
export type Prelude = Assignable<
  Parameters<AwsLambda['HttpResponseStream']['from']>[1]['statusCode'],
  Parameters<typeof awslambda.HttpResponseStream.from>[1]['statusCode']
>;
