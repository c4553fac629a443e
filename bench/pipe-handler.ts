/**
 * What the relay is measured against: the least that a streaming handler before AgentCore can do. It parses the event's
 * body, signs one POST with the same library as the relay, and pipes what comes back. No status, no headers, no rules for
 * sessions, no errors, no keep-alive, no deadline.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import aws4 from 'aws4';
import { http, https } from '../src/agentcore/builtin-http.ts';
import type { AwsLambda, FunctionUrlEvent, FunctionUrlHandler } from '../src/hosts/lambda-types.ts';

const { awslambda } = globalThis as unknown as { readonly awslambda: AwsLambda };
const { AGENT_RUNTIME_ARN = '', AWS_REGION: region = '', AWS_ENDPOINT_URL_BEDROCK_AGENTCORE } = process.env;
const endpoint = new URL(AWS_ENDPOINT_URL_BEDROCK_AGENTCORE ?? `https://bedrock-agentcore.${region}.amazonaws.com`);
const client = endpoint.protocol === 'https:' ? https : http;
const path = `/runtimes/${encodeURIComponent(AGENT_RUNTIME_ARN)}/invocations?qualifier=DEFAULT`;

/** What Lambda calls. */
export const handler: FunctionUrlHandler = awslambda.streamifyResponse(async (event, responseStream) => {
  const answer = await invoke(JSON.stringify({ prompt: readPrompt(event) }));
  await pipeline(answer, responseStream as unknown as NodeJS.WritableStream);
});

function readPrompt({ body = '', isBase64Encoded = false }: FunctionUrlEvent): string {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  return (JSON.parse(text) as { readonly prompt: string }).prompt;
}

function invoke(payload: string): Promise<IncomingMessage> {
  const { headers = {} } = aws4.sign({
    service: 'bedrock-agentcore',
    region,
    method: 'POST',
    hostname: endpoint.host,
    path,
    headers: {
      host: endpoint.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      accept: 'text/event-stream, application/json',
      'x-amz-content-sha256': createHash('sha256').update(payload).digest('hex'),
      'x-amzn-bedrock-agentcore-runtime-session-id': randomUUID(),
    },
  });
  return new Promise((resolve, reject) => {
    const { hostname, port } = endpoint;
    const request = client.request({ hostname, port, method: 'POST', path, headers }, resolve);
    request.on('error', reject);
    request.end(payload);
  });
}
