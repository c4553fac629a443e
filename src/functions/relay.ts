/** The relay's Lambda function: all of it from the environment, with no more than `AGENT_RUNTIME_ARN` and `RELAY_AUTH` set. */
import { createHandler } from '../lambda.ts';
import type { FunctionUrlHandler } from '../hosts/lambda-types.ts';

/** What Lambda calls. */
export const handler: FunctionUrlHandler = createHandler({ environment: process.env });
