/** The parent that a test kills: invokes once, prints the result and keeps the function's process. */
import { createLambdaFunction } from '../../src/local/lambda/lambda-function.ts';

const lambda = createLambdaFunction({
  name: 'f',
  codeDirectory: process.argv[2] ?? '',
  handler: 'index.startsChild',
  environment: {},
  timeoutMs: 20_000,
  memorySizeMb: 128,
  region: 'us-east-1',
  accountId: '123456789012',
  onLog: () => undefined,
});
console.log(JSON.stringify(await lambda.invoke({}, { requestId: 'req-1', traceId: 'Root=1-2' })));
