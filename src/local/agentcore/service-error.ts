import type { ServerResponse } from 'node:http';
import type { AnswerHead } from './pipe-answer.ts';
import { ServiceError } from '../aws-service/service-error.ts';

/** A member of the request breaks the service model's constraint; in the words that callers have seen. */
export function validationError(member: string, constraint: string): ServiceError {
  const message = `Value at '${member}' failed to satisfy constraint: ${constraint}`;
  return new ServiceError(400, 'ValidationException', message, {
    reason: 'FieldValidationFailed',
    fieldList: [{ name: member, message: constraint }],
  });
}

/** The agent did not do its part: it did not start, failed, or broke off before it answered. */
export function runtimeClientError(message: string): ServiceError {
  return new ServiceError(
    424,
    'RuntimeClientError',
    `${message} Please check your CloudWatch logs for more information.`,
  );
}

/** Writes an exception as restJson1 has it: its name in `x-amzn-errortype`, its members as JSON. Gives what was written. */
export function writeServiceError(response: ServerResponse, error: ServiceError, requestId: string): AnswerHead {
  const body = Buffer.from(JSON.stringify({ message: error.message, ...error.fields }));
  const headers = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-amzn-requestid': requestId,
    'x-amzn-errortype': error.errorName,
  };
  response.writeHead(error.status, headers).end(body);
  return { statusCode: error.status, headers };
}
