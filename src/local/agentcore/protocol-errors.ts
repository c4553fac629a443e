import type { ServerResponse } from 'node:http';
import { isJsonObject, parseJson } from '../../json.ts';
import type { ServiceError } from '../aws-service/service-error.ts';
import type { ServerProtocol } from '../container-contract.ts';
import type { AnswerHead } from './pipe-answer.ts';
import { writeServiceError } from './service-error.ts';

/** How a protocol words an exception: HTTP status, its own code, and the message. */
type Wording<Code> = readonly [status: number, code: Code, message: string];

/** "A2A protocol contract", "Error handling". AccessDeniedException is none of them: it stays AWS's own. */
const a2aErrors: Readonly<Record<string, Wording<number>>> = {
  ResourceNotFoundException: [404, -32_051, 'Resource not found - Requested resource does not exist'],
  ValidationException: [400, -32_052, 'Validation error - Invalid request data'],
  ThrottlingException: [429, -32_053, 'Rate limit exceeded - Too many requests'],
  ServiceQuotaExceededException: [429, -32_053, 'Rate limit exceeded - Too many requests'],
  ConflictException: [409, -32_054, 'Resource conflict - Resource already exists'],
  RetryableConflictException: [409, -32_054, 'Session operation in progress, please retry'],
  RuntimeClientError: [424, -32_055, 'Runtime client error - Please check your CloudWatch logs for more information'],
};

const otherA2aError: Wording<number> = [
  500,
  -32_603,
  'Internal error - An unexpected error occurred while processing the request',
];

/** "MCP protocol contract", "Error handling". */
const mcpErrors: Readonly<Record<string, Wording<number>>> = {
  UnauthorizedException: [401, -32_001, 'Authentication error - Invalid credentials'],
  AccessDeniedException: [403, -32_002, 'Authorization error - Insufficient permissions'],
  ThrottlingException: [200, -32_003, 'Rate limit exceeded - Too many requests'],
  ServiceQuotaExceededException: [200, -32_003, 'Rate limit exceeded - Too many requests'],
  ResourceNotFoundException: [200, -32_004, 'Resource not found - Requested resource does not exist'],
  ConflictException: [200, -32_005, 'Resource conflict - Resource already exists'],
  RetryableConflictException: [200, -32_005, 'Session operation in progress, please retry'],
  ValidationException: [200, -32_006, 'Validation error - Invalid request data'],
  RuntimeClientError: [200, -32_010, 'Tool execution error - Please check your CloudWatch logs for more information'],
  McpRequestUnacceptableException: [
    406,
    -32_011,
    'Accept Header Error - MCP protocol requires Accept header: application/json, text/event-stream',
  ],
};

const otherMcpError: Wording<number> = [200, -32_603, 'Internal error - Server error'];

/** "AG-UI protocol contract", "Error handling". */
const agUiErrors: Readonly<Record<string, Wording<string>>> = {
  UnauthorizedException: [401, 'UNAUTHORIZED', 'Authentication required or invalid credentials'],
  AccessDeniedException: [403, 'ACCESS_DENIED', 'Insufficient permissions for requested operation'],
  ValidationException: [400, 'VALIDATION_ERROR', 'Invalid request data or parameters'],
  ThrottlingException: [429, 'RATE_LIMIT_EXCEEDED', 'Too many requests from client'],
  ConflictException: [409, 'SESSION_BUSY', 'Resource conflict - Resource already exists'],
  RetryableConflictException: [409, 'SESSION_BUSY', 'Session operation in progress, please retry'],
  ServiceQuotaExceededException: [429, 'SERVICE_QUOTA_EXCEEDED', 'Service quota exceeded'],
  RuntimeClientError: [200, 'AGENT_ERROR', 'Agent code failed during execution – check your CloudWatch logs'],
};

const otherAgUiError: Wording<string> = [
  500,
  'INTERNAL_ERROR',
  'An internal error occurred while processing the request',
];

/** An error that is to be answered. */
export interface InvocationError {
  readonly error: ServiceError;
  readonly requestId: string;
  /** What was asked; a JSON-RPC error names its request. */
  readonly payload: Buffer;
}

/** Writes an invocation's error in the form that AgentCore gives it for the agent's protocol. Gives what was written. */
export function writeInvocationError(
  response: ServerResponse,
  protocol: ServerProtocol,
  { error, requestId, payload }: InvocationError,
): AnswerHead {
  const name = nameOf(error);
  switch (protocol) {
    case 'HTTP':
      return writeServiceError(response, error, requestId);
    case 'A2A':
      return name === 'AccessDeniedException'
        ? writeServiceError(response, error, requestId)
        : writeJsonRpc(response, a2aErrors[name] ?? otherA2aError, requestId, payload);
    case 'MCP':
      return writeJsonRpc(response, mcpErrors[name] ?? otherMcpError, requestId, payload);
    case 'AGUI': {
      const [status, code, message] = agUiErrors[name] ?? otherAgUiError;
      const event = `data: ${JSON.stringify({ type: 'RUN_ERROR', code, message })}\n\n`;
      return write(response, status, 'text/event-stream', event, requestId);
    }
    default:
      return protocol satisfies never;
  }
}

/** A signature that is not accepted is one of many names, and access denied (protocol contracts, "SigV4-configured agents"). */
function nameOf({ status, errorName }: ServiceError): string {
  return status === 403 ? 'AccessDeniedException' : errorName;
}

function writeJsonRpc(
  response: ServerResponse,
  [status, code, message]: Wording<number>,
  requestId: string,
  payload: Buffer,
): AnswerHead {
  const error = { jsonrpc: '2.0', id: readId(payload), error: { code, message } };
  return write(response, status, 'application/json', JSON.stringify(error), requestId);
}

/** JSON-RPC 2.0, "Response object": null where the request's id is not known. */
function readId(payload: Buffer): string | number | null {
  const request = parseJson(payload.toString('utf8'));
  const id = isJsonObject(request) ? request['id'] : undefined;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function write(
  response: ServerResponse,
  statusCode: number,
  contentType: string,
  text: string,
  requestId: string,
): AnswerHead {
  const body = Buffer.from(text);
  const headers = {
    'content-type': contentType,
    'content-length': String(body.length),
    'x-amzn-requestid': requestId,
  };
  response.writeHead(statusCode, headers).end(body);
  return { statusCode, headers };
}
