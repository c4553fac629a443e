/** The relay's Lambda function: the interface without authentication, with no more than `AGENT_RUNTIME_ARN` set. */
import { createHandler } from '../lambda.ts';
import type { FunctionUrlHandler } from '../hosts/lambda-types.ts';

/** What Lambda calls. */
export const handler: FunctionUrlHandler = createHandler({ environment: process.env });
