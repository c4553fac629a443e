import { RelayError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { AgentCall, Endpoint } from './protocol.ts';
import { checkPrompt, nameType, readJsonBody } from './request-body.ts';

/**
 * The interface of the relay's first version: `POST /` with `{"prompt","runtimeSessionId"?,"response"?}` under whatever
 * content type (`curl -d` names a form), and the same three as the query of `GET /`. Members that are not known are
 * ignored.
 */
export const promptEndpoint: Endpoint = {
  path: '/',
  methods: ['GET', 'POST'],
  read(request, { maxPromptLength }) {
    const fields = request.method === 'GET' ? Object.fromEntries(request.query) : readJsonBody(request);
    return { prompt: readPrompt(fields['prompt'], maxPromptLength), ...readChoices(fields) };
  },
};

function readPrompt(prompt: unknown, maxPromptLength: number): string {
  if (prompt === undefined || prompt === null)
    throw new RelayError('invalid_prompt', { message: '"prompt" is missing' });
  if (typeof prompt !== 'string') {
    throw new RelayError('invalid_prompt', { message: `"prompt" must be a string, got ${nameType(prompt)}` });
  }
  return checkPrompt('"prompt"', prompt, maxPromptLength);
}

function readChoices(fields: JsonObject): Pick<AgentCall, 'runtimeSessionId' | 'output'> {
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
  return { output: response ?? undefined, runtimeSessionId };
}
