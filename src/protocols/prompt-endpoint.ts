import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import type { AgentCall, Endpoint, ProtocolRequest } from './protocol.ts';

/**
 * The interface of the relay's first version: `POST /` with `{"prompt","runtimeSessionId"?,"response"?}` under whatever
 * content type (`curl -d` names a form), and the same three as the query of `GET /`. Members that are not known are
 * ignored.
 */
export const promptEndpoint: Endpoint = {
  path: '/',
  methods: ['GET', 'POST'],
  read(request, { maxPromptLength }) {
    const fields = request.method === 'GET' ? Object.fromEntries(request.query) : readBody(request);
    const prompt = readPrompt(fields['prompt'], maxPromptLength);
    return { prompt, payload: { prompt }, ...readChoices(fields) };
  },
};

function readBody({ body }: ProtocolRequest): Readonly<Record<string, unknown>> {
  const value = parseJson(new TextDecoder().decode(body));
  if (value === undefined) {
    const got = body.byteLength === 0 ? 'nothing' : 'something else';
    throw new RelayError('invalid_json', { message: `the body must be a JSON object, got ${got}` });
  }
  if (!isJsonObject(value)) {
    throw new RelayError('invalid_request', { message: `the body must be a JSON object, got ${nameType(value)}` });
  }
  return value;
}

function readPrompt(prompt: unknown, maxPromptLength: number): string {
  if (prompt === undefined || prompt === null)
    throw new RelayError('invalid_prompt', { message: '"prompt" is missing' });
  if (typeof prompt !== 'string') {
    throw new RelayError('invalid_prompt', { message: `"prompt" must be a string, got ${nameType(prompt)}` });
  }
  if (prompt.trim() === '') throw new RelayError('invalid_prompt', { message: '"prompt" must not be empty' });
  if (prompt.length > maxPromptLength) {
    throw new RelayError('payload_too_large', {
      message: `"prompt" has ${prompt.length} characters, at most ${maxPromptLength} are allowed`,
    });
  }
  return prompt;
}

function readChoices(fields: Readonly<Record<string, unknown>>): Pick<AgentCall, 'conversationId' | 'output'> {
  const { runtimeSessionId, response } = fields;
  if (response !== undefined && response !== null && typeof response !== 'string') {
    throw new RelayError('invalid_response_format', {
      message: `"response" must be a string, got ${nameType(response)}`,
    });
  }
  // The first version took an empty id for a missing one.
  if (runtimeSessionId === undefined || runtimeSessionId === null || runtimeSessionId === '') {
    return { output: response ?? undefined };
  }
  if (typeof runtimeSessionId !== 'string') {
    throw new RelayError('invalid_session_id', {
      message: `"runtimeSessionId" must be a string, got ${nameType(runtimeSessionId)}`,
    });
  }
  return { output: response ?? undefined, conversationId: runtimeSessionId };
}

function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
