/** The parent that a test kills: invokes a handler once, prints what comes of it and keeps the function's process. */
import { createLambdaFunction } from '../../src/local/lambda/lambda-function.ts';

const [codeDirectory = '', handler = '', event = '{}'] = process.argv.slice(2);
const lambda = createLambdaFunction({
  name: 'f',
  codeDirectory,
  handler,
  environment: {},
  timeoutMs: 20_000,
  memorySizeMb: 128,
  region: 'us-east-1',
  accountId: '123456789012',
  onLog: () => undefined,
});
const { bytes } = await lambda.invokeBuffered(JSON.parse(event), { requestId: 'req-1', traceId: 'Root=1-2' });
console.log(String(bytes));
