import { STATUS_CODES } from 'node:http';
import { ServiceError } from '../aws-service/service-error.ts';
import { verifySignature } from '../aws-service/signature.ts';
import { joinByName, valueOf } from '../cloudfront/header-list.ts';
import type { OriginRequest } from '../cloudfront/messages.ts';
import { originAccessCredentials } from '../cloudfront/origin-access-control.ts';
import type { DeployedFunctionUrl } from '../template/deployment.ts';

/** What the service answers without invoking the function. */
export interface Refusal {
  readonly status: number;
  readonly errorType: string;
  readonly body: string;
  /** For the developer; undefined where the answer says it already. */
  readonly reason: string | undefined;
}

/** The largest request that a Function URL takes, in bytes (Lambda quotas: 6 MB). */
const maxRequestBytes = 6 * 1024 * 1024;

const forbidden =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';

/** Answered as a request without a signature is: what its `authorization` holds is none. */
const notSigned: readonly string[] = ['MissingAuthenticationTokenException', 'IncompleteSignatureException'];

/** What becomes of a request for a host that no Function URL has. */
export function refuseHost({ domainName }: DeployedFunctionUrl, { headers }: OriginRequest): Refusal | undefined {
  return valueOf(headers, 'host') === domainName
    ? undefined
    : { status: 403, errorType: 'AccessDeniedException', body: '{"Message":null}', reason: undefined };
}

/** What becomes of a request that is too large, not signed where it has to be, or not permitted. */
export function refuseRequest(
  functionUrl: DeployedFunctionUrl,
  request: OriginRequest,
  nowMs: number,
): Refusal | undefined {
  if (request.body.byteLength > maxRequestBytes) {
    const body = JSON.stringify({ Message: STATUS_CODES[413] });
    return { status: 413, errorType: 'RequestEntityTooLargeException', body, reason: undefined };
  }
  const isSignatureRefused =
    functionUrl.authType === 'AWS_IAM' ? refuseSignature(functionUrl, request, nowMs) : undefined;
  return isSignatureRefused ?? (functionUrl.refusal === undefined ? undefined : forbid(functionUrl.refusal));
}

/** Checks the signature over what has arrived, the body's own hash among it. */
function refuseSignature(
  { region }: DeployedFunctionUrl,
  { method, uri, querystring, headers, body }: OriginRequest,
  nowMs: number,
): Refusal | undefined {
  const { accessKeyId, secretAccessKey } = originAccessCredentials;
  const target = querystring === '' ? uri : `${uri}?${querystring}`;
  const secretAccessKeyOf = (id: string): string | undefined => (id === accessKeyId ? secretAccessKey : undefined);
  try {
    verifySignature(
      { method, target, headers: joinByName(headers), body },
      { service: 'lambda', region, secretAccessKeyOf, nowMs },
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      throw error;
    }
    return notSigned.includes(error.errorName)
      ? forbid(`the request is not signed (AuthType AWS_IAM): ${error.message}`)
      : {
          status: error.status,
          errorType: error.errorName,
          body: JSON.stringify({ message: error.message }),
          reason: undefined,
        };
  }
}

function forbid(reason: string): Refusal {
  return {
    status: 403,
    errorType: 'AccessDeniedException',
    body: JSON.stringify({ Message: forbidden }),
    reason: `403: ${reason}`,
  };
}
