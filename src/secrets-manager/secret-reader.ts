import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { urlToHttpOptions } from 'node:url';
import { http, https } from '../agentcore/builtin-http.ts';
import type { Credentials } from '../agentcore/environment-credentials.ts';
import { readErrorName } from '../agentcore/errors.ts';
import { signPost } from '../agentcore/sign-post.ts';
import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { locateSecret } from './secret-location.ts';

/** How {@link createSecretReader} reaches Secrets Manager. */
export interface SecretReaderOptions {
  /** ARN of the secret: `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>`. */
  readonly secretArn: string;
  /** Gives the credentials for one try; asked anew each time, because temporary ones expire. */
  readonly credentials: () => Credentials;
  /** Base URL of the service; may be `http:` for a local one. Default: that of the ARN's region. */
  readonly endpoint?: string | undefined;
  /** Longest time for one try, from the name lookup to the answer's last byte, in milliseconds. Default 3,000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined;
  /** Waits so many milliseconds. Default: a timer. */
  readonly sleep?: ((delayMs: number) => Promise<void>) | undefined;
  /** Gives a number from 0 up to but not including 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** One secret, as it is at the moment. */
export interface SecretReader {
  /**
   * Reads its current text, the `SecretString` of `AWSCURRENT`.
   *
   * @throws RelayError `identity_unavailable` where it cannot be had: `upstreamName` and `cause` say why, and hold nothing of it;
   * what `credentials` throws.
   */
  read(): Promise<string>;
}

/** Largest answer that is read, in bytes: a value has 65,536 bytes at most, and JSON may write six for one of them. */
const maxAnswerBytes = 524_288;

const maxTries = 2;

/** The wait before the second try is anything up to this, in milliseconds. */
const maxDelayMs = 400;

/** Under these names services say that it is too much at the moment (AWS SDKs, "Retry behavior", standard mode). */
const throttled: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'RequestLimitExceeded',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/**
 * Reads a secret with one signed POST over Node's own HTTP client, without the AWS SDK, as AgentCore is called: the same
 * headers and body as `@aws-sdk/client-secrets-manager` 3.1162. A failure that may pass is tried once more.
 *
 * Each read has a connection of its own: minutes lie between two, and the server would have closed a kept one long ago.
 *
 * @throws RelayError `internal_error` whose cause says it, where the ARN is none or the endpoint is no http or https URL.
 */
export function createSecretReader(options: SecretReaderOptions): SecretReader {
  const { secretArn, credentials, timeoutMs = 3_000, now = Date.now } = options;
  const { sleep = sleepByTimer, random = Math.random } = options;
  const { region, endpoint } = locateSecret(secretArn, options.endpoint);
  const { hostname, port } = urlToHttpOptions(endpoint);
  const path = `${endpoint.pathname.replace(/\/+$/u, '')}/`;
  const payload = Buffer.from(JSON.stringify({ SecretId: secretArn }), 'utf8');

  async function attempt(): Promise<Attempt> {
    const post = {
      service: 'secretsmanager',
      region,
      host: endpoint.host,
      path,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      payload,
    };
    const signal = AbortSignal.timeout(timeoutMs);
    const request = (endpoint.protocol === 'https:' ? https : http).request({
      agent: false,
      hostname,
      port,
      method: 'POST',
      path,
      headers: signPost(post, credentials(), now),
      signal,
    });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve);
        // It stays for the life of the request: an `error` that nobody listens to would end the process.
        request.on('error', reject);
        request.end(payload);
      });
      return readAnswer(response.statusCode ?? 0, response, await readText(response));
    } catch (thrown) {
      const error = signal.aborted
        ? refuse(`Secrets Manager gave no answer within ${timeoutMs} ms`, 'TimeoutError')
        : refuse(`Secrets Manager cannot be reached: ${nameOf(thrown)}`, nameOf(thrown));
      return { error, mayPass: true };
    }
  }

  return {
    async read() {
      for (let tries = 1; ; tries += 1) {
        const outcome = await attempt();
        if ('text' in outcome) return outcome.text;
        if (tries === maxTries || !outcome.mayPass) throw outcome.error;
        await sleep(random() * maxDelayMs);
      }
    },
  };
}

/** One try: the secret's text, or why there is none and whether to ask again makes sense. */
type Attempt = { readonly text: string } | { readonly error: RelayError; readonly mayPass: boolean };

/** Reads all of an answer, or as much as can be one: what is cut off is no JSON any more. */
async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maxAnswerBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(status: number, response: IncomingMessage, text: string): Attempt {
  const body = parseJson(text);
  const fields = isJsonObject(body) ? body : {};
  if (status === 200) {
    const secret = fields['SecretString'];
    if (typeof secret === 'string') return { text: secret };
    const fault = 'SecretBinary' in fields ? 'the secret is binary; it must be text' : 'the answer holds no secret';
    return { error: refuse(`Secrets Manager: ${fault}`), mayPass: false };
  }
  // AWS JSON 1.1 has the name in the body; what stands before the service has it in the header.
  const name = readErrorName(response.headers['x-amzn-errortype'] ?? fields['__type']);
  return {
    error: refuse(`Secrets Manager answered ${status} ${name ?? 'without a name'}`, name),
    mayPass: status >= 500 || status === 429 || (name !== undefined && throttled.has(name)),
  };
}

/** The name of a socket's or the parser's error, such as `ECONNREFUSED`. */
function nameOf(thrown: unknown): string {
  const { code, name } = Object(thrown) as { readonly code?: unknown; readonly name?: unknown };
  return String(code ?? name);
}

function refuse(cause: string, upstreamName?: string): RelayError {
  return new RelayError('identity_unavailable', { cause, upstreamName });
}

async function sleepByTimer(delayMs: number): Promise<void> {
  await wait(delayMs);
}
