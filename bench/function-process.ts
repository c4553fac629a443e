import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { startRuntimeApi } from '../src/local/lambda/runtime-api.ts';
import type { BenchAgent } from './agent.ts';
import type { Bundles, FunctionName } from './bundles.ts';
import { sizeAnswer } from './converse-frames.ts';
import type { AnswerPlan } from './converse-frames.ts';
import type { ProbeQuestion, ProcessUsage } from './probe.ts';
import type { Subject } from './subjects.ts';

/** One answer as it comes out of a function. */
export interface FunctionAnswer {
  /** When the first byte that the agent caused was here, on this process's own clock, in milliseconds. */
  readonly firstByteAt: number;
  /** Bytes after the prelude. */
  readonly bodyBytes: number;
}

/** A function in a process of its own, as Lambda runs one. */
export interface FunctionProcess {
  /** How long its start took until it asked for its first invocation, in milliseconds. */
  readonly initMs: number;
  /**
   * Runs one invocation to its end and checks that the answer came whole.
   *
   * @param takeBytes - Called for each piece of the body; the next one is not read before it resolves.
   */
  invoke(plan: AnswerPlan, takeBytes?: (byteCount: number) => Promise<void> | undefined): Promise<FunctionAnswer>;
  /** What its process has used; only where it was started with a probe. */
  ask(question: ProbeQuestion): Promise<ProcessUsage>;
  stop(): Promise<void>;
}

/** Which function is started, and between whom. */
export interface FunctionProcessSettings {
  readonly subject: Subject;
  readonly bundles: Bundles;
  readonly agent: BenchAgent;
  /** Whether its process can be asked. A probe takes time to load: a start that is measured has none. */
  readonly hasProbe: boolean;
}

/** The authentication that costs nothing, as the handler that only pipes has it. */
export const anonymous = '{"kind":"anonymous"}';

const memorySizeMb = 512;
const timeoutMs = 900_000;
const preludeEnd = Buffer.alloc(8);

/** Starts a function under the local Lambda's runtime client and waits until it asks for an invocation. */
export async function startFunction(settings: FunctionProcessSettings): Promise<FunctionProcess> {
  const { subject, bundles, hasProbe } = settings;
  const api = await startRuntimeApi();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...(hasProbe ? ['--import', bundles.probe] : []), bundles.bootstrap], {
    env: functionEnvironment(settings, api.address),
    stdio: ['ignore', 'pipe', 'inherit', ...(hasProbe ? (['ipc'] as const) : [])],
  });
  // Read, as Lambda reads it: a log that nobody takes would stop the function.
  child.stdout?.resume();
  const exited = once(child, 'exit');
  const died = exited.then(([code, signal]) => {
    throw new Error(`the function ended with ${String(code ?? signal)}`);
  });
  died.catch(() => undefined);
  let invocationCount = 0;
  // Answers do not say what was asked, so there is one question at a time.
  let lastAnswer: Promise<unknown> = Promise.resolve();

  await Promise.race([api.initialized, died]);
  const initMs = performance.now() - startedAt;

  async function invoke(plan: AnswerPlan, takeBytes?: TakeBytes): Promise<FunctionAnswer> {
    invocationCount += 1;
    const answer = await api.invoke({
      requestId: `bench-${invocationCount}`,
      traceId: 'Root=1-67406b3f-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0',
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
      deadlineMs: Date.now() + timeoutMs,
      eventJson: JSON.stringify(createEvent(subject, plan)),
    });
    if (answer.kind !== 'streaming') throw new Error(`${subject} did not stream: ${answer.json}`);
    const received = await readAnswer(answer.message, takeBytes);
    await api.untilNext();
    checkAnswer(subject, plan, received);
    return received;
  }

  async function ask(question: ProbeQuestion): Promise<ProcessUsage> {
    const reply = once(child, 'message');
    child.send(question);
    const [usage] = (await Promise.race([reply, died])) as [ProcessUsage];
    return usage;
  }

  return {
    initMs,
    invoke: (plan, takeBytes) => Promise.race([invoke(plan, takeBytes), died]),
    ask(question) {
      const answered = lastAnswer.then(() => ask(question));
      lastAnswer = answered.catch(() => undefined);
      return answered;
    },
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await api.close();
    },
  };
}

type TakeBytes = (byteCount: number) => Promise<void> | undefined;

interface ReceivedAnswer extends FunctionAnswer {
  readonly lastBytes: string;
}

/** Reads in flowing mode, at full speed, but where `takeBytes` takes its time. */
async function readAnswer(message: IncomingMessage, takeBytes: TakeBytes | undefined): Promise<ReceivedAnswer> {
  let firstByteAt = 0;
  let bodyBytes = 0;
  let last: Buffer = Buffer.alloc(0);
  let head: Buffer | undefined = message.headers['content-type']?.includes('http-integration-response')
    ? Buffer.alloc(0)
    : undefined;

  function dropPrelude(bytes: Buffer): Buffer {
    if (head === undefined) return bytes;
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf(preludeEnd);
    if (end === -1) return Buffer.alloc(0);
    const rest = head.subarray(end + preludeEnd.length);
    head = undefined;
    return rest;
  }

  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  message.on('end', resolve);
  message.on('error', reject);
  message.on('data', (chunk: Buffer) => {
    const bytes = dropPrelude(chunk);
    if (bytes.length === 0) return;
    if (bodyBytes === 0) firstByteAt = performance.now();
    bodyBytes += bytes.length;
    last = bytes.length >= lastByteCount ? bytes : Buffer.concat([last, bytes]).subarray(-lastByteCount);
    const taking = takeBytes?.(bytes.length);
    if (taking === undefined) return;
    message.pause();
    taking.then(() => message.resume(), reject);
  });
  await ended;
  return { firstByteAt, bodyBytes, lastBytes: last.subarray(-lastByteCount).toString('utf8') };
}

/** Enough to hold the end of every format. */
const lastByteCount = 700;

/** A benchmark of an answer that is not the right one would measure nothing. */
function checkAnswer(subject: Subject, plan: AnswerPlan, { bodyBytes, lastBytes }: ReceivedAnswer): void {
  const { streamBytes, textBytes } = sizeAnswer(plan);
  switch (subject) {
    case 'pipe':
    case 'original':
    case 'original-alone':
      if (bodyBytes === streamBytes) return;
      break;
    case 'transformed': {
      const trailer = lastBytes.slice(lastBytes.indexOf('\n----------\n'));
      if (bodyBytes - trailer.length === textBytes && trailer.includes('"runtimeSessionId"')) return;
      break;
    }
    default:
      if (bodyBytes > textBytes && lastBytes.includes(goodEndings[subject])) return;
  }
  throw new Error(`${subject} answered ${bodyBytes} bytes that end in ${JSON.stringify(lastBytes)}`);
}

/** What is in the end of a good answer, and of no other. */
const goodEndings = {
  ndjson: '"type":"run-end"',
  'ui-message': '"finishReason":"stop"',
  'ag-ui': '"type":"RUN_FINISHED"',
  'openai-chat': '"finish_reason":"stop"',
  'openai-responses': '"status":"completed"',
} as const satisfies Partial<Record<Subject, string>>;

function createEvent(subject: Subject, plan: AnswerPlan): unknown {
  const prompt = JSON.stringify(plan);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: {
      'content-type': 'application/json',
      host: 'bench.lambda-url.us-east-1.on.aws',
      'user-agent': 'Amazon CloudFront',
      'x-amz-content-sha256': '0'.repeat(64),
      'x-amzn-trace-id': 'Root=1-67406b3f-0123456789abcdef01234567',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    requestContext: { http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '203.0.113.1' } },
    body: JSON.stringify(
      subject === 'pipe' ? { prompt } : { prompt, response: subject === 'original-alone' ? 'original' : subject },
    ),
    isBase64Encoded: false,
  };
}

function functionOf(subject: Subject): FunctionName {
  return subject === 'pipe' || subject === 'original-alone' ? subject : 'relay';
}

function functionEnvironment(settings: FunctionProcessSettings, runtimeApi: string): Record<string, string> {
  const { subject, bundles, agent } = settings;
  return {
    PATH: process.env['PATH'] ?? '',
    AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/bench-0123456789',
    AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agent.endpoint,
    AWS_REGION: 'us-east-1',
    RELAY_AUTH: anonymous,
    // What follows the id is the example key of AWS's documentation; the agent of the benchmark checks no signature.
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    AWS_SESSION_TOKEN: 'bench-session-token',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySizeMb),
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/bench',
    AWS_LAMBDA_LOG_STREAM_NAME: 'bench',
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: bundles.folderOf(functionOf(subject)),
    _HANDLER: 'index.handler',
  };
}
