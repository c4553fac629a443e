import type { ServiceErrorFields } from '../aws-service/service-error.ts';

/** An exception of AgentCore's service model, and how the data plane words it. */
export interface ModelledException {
  readonly name: string;
  /** HTTP status. */
  readonly status: number;
  readonly message: string;
  /** What its body holds besides the message. */
  readonly fields?: ServiceErrorFields;
}

/**
 * Every exception of `InvokeAgentRuntime` and `StopRuntimeSession` (botocore 1.44.5, service model `bedrock-agentcore`
 * 2024-02-28). The model names and numbers them; the words of some are observed, and of the others ours.
 */
export const modelledExceptions: readonly ModelledException[] = [
  {
    name: 'ValidationException',
    status: 400,
    message: 'The request is not valid.',
    fields: { reason: 'CannotParse' },
  },
  { name: 'UnauthorizedException', status: 401, message: 'The bearer token is not valid.' },
  { name: 'ServiceQuotaExceededException', status: 402, message: 'A quota of the service is exceeded.' },
  { name: 'AccessDeniedException', status: 403, message: 'You do not have sufficient access to perform this action.' },
  { name: 'ResourceNotFoundException', status: 404, message: 'The runtime does not exist.' },
  { name: 'ConflictException', status: 409, message: 'The session is being changed.' },
  { name: 'RetryableConflictException', status: 409, message: 'Session operation in progress, please retry' },
  {
    name: 'RuntimeClientError',
    status: 424,
    message: 'Received error (500) from runtime. Please check your CloudWatch logs for more information.',
  },
  { name: 'ThrottlingException', status: 429, message: 'Rate exceeded' },
  { name: 'InternalServerException', status: 500, message: 'An internal error occurred.' },
];
