import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isJsonObject, parseJson } from '../../json.ts';
import type { JsonObject } from '../../json.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { flattenHeaders } from '../aws-service/flatten-headers.ts';
import { authenticate } from '../iam/service-caller.ts';
import type { ServiceCaller } from '../iam/service-caller.ts';
import { listen } from '../listen.ts';
import { getSecretValue } from './get-secret-value.ts';
import type { LocalSecret } from './get-secret-value.ts';

/** A local Secrets Manager. */
export interface SecretsManagerSettings {
  /** The only secrets that exist here. */
  readonly secrets: readonly LocalSecret[];
  /** Who has an access key id, and what they may do; undefined where nobody has it. */
  callerOf(accessKeyId: string): ServiceCaller | undefined;
  /** Called with a sentence where a value cannot be had. */
  onFault(sentence: string): void;
  /** The time in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** A running Secrets Manager. */
export interface SecretsManager {
  /** Its base URL, `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL_SECRETS_MANAGER` is set to. */
  readonly endpoint: string;
  /** Ends the server. */
  close(): Promise<void>;
}

/** Largest request that is read, in bytes. */
const maxRequestBytes = 65_536;

/**
 * Starts Secrets Manager on a free port of 127.0.0.1, for all regions that its secrets are in. It has GetSecretValue and no
 * other operation. Not imitated: KMS, and versions but the current one.
 */
export async function startSecretsManager(settings: SecretsManagerSettings): Promise<SecretsManager> {
  const server = await listen((message, response) => void answer(settings, message, response), 0);
  return { endpoint: server.url, close: () => server.close() };
}

async function answer(
  settings: SecretsManagerSettings,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => undefined);
  try {
    const body = await readBody(message);
    const caller = findCaller(settings, message, body);
    const request = readRequest(message, body);
    write(response, 200, await getSecretValue(request, caller, settings.secrets, (settings.now ?? Date.now)()));
  } catch (error) {
    if (error instanceof ServiceError) {
      // Services with JSON 1.1 refuse signatures and permissions with 400, too.
      const status = error.status === 403 ? 400 : error.status;
      write(response, status, { __type: error.errorName, message: error.message, Message: error.message });
      return;
    }
    settings.onFault(error instanceof Error ? error.message : String(error));
    write(response, 500, { __type: 'InternalServiceError', Message: 'An error occurred on the server side.' });
  }
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxRequestBytes) {
      throw new ServiceError(400, 'SerializationException', 'the request is too large');
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function findCaller(settings: SecretsManagerSettings, message: IncomingMessage, body: Buffer): ServiceCaller {
  const { method = '', url: target = '' } = message;
  const headers = flattenHeaders(message);
  // One server stands for those of all regions: it checks as that one does which the request is meant for.
  const regions = settings.secrets.map(({ arn }) => arn.split(':')[3] ?? '');
  const region = regions.find((known) => headers['authorization']?.includes(`/${known}/`)) ?? regions[0] ?? '';
  return authenticate(
    { method, target, headers, body },
    {
      region,
      service: 'secretsmanager',
      callerOf: (accessKeyId) => settings.callerOf(accessKeyId),
      nowMs: (settings.now ?? Date.now)(),
    },
  );
}

function readRequest(message: IncomingMessage, body: Buffer): JsonObject {
  const target = message.headers['x-amz-target'];
  if (message.method !== 'POST' || message.url !== '/' || target !== 'secretsmanager.GetSecretValue') {
    throw new ServiceError(400, 'UnknownOperationException', `the local Secrets Manager has no ${String(target)}`);
  }
  const request = parseJson(body.toString('utf8'));
  if (message.headers['content-type'] !== 'application/x-amz-json-1.1' || !isJsonObject(request)) {
    throw new ServiceError(
      400,
      'SerializationException',
      'the body must be a JSON object of application/x-amz-json-1.1',
    );
  }
  return request;
}

function write(response: ServerResponse, status: number, fields: JsonObject): void {
  const body = Buffer.from(JSON.stringify(fields));
  response
    .writeHead(status, {
      'Content-Type': 'application/x-amz-json-1.1',
      'Content-Length': body.length,
      'x-amzn-RequestId': randomUUID(),
    })
    .end(body);
}
