import { createHash } from 'node:crypto';
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
  /** For the developer: a sentence that begins with the status. */
  readonly reason: string;
}

/** The largest request that a Function URL takes, in bytes (Lambda quotas: 6 MB). */
const maxRequestBytes = 6 * 1024 * 1024;

const forbidden =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';

/** Answered as a request without a signature is: what its `authorization` holds is none. */
const notSigned: readonly string[] = ['MissingAuthenticationTokenException', 'IncompleteSignatureException'];

/** What becomes of a request for a host that no Function URL has. */
export function refuseHost({ domainName }: DeployedFunctionUrl, { headers }: OriginRequest): Refusal | undefined {
  const host = valueOf(headers, 'host') ?? '';
  return host === domainName
    ? undefined
    : {
        status: 403,
        errorType: 'AccessDeniedException',
        body: '{"Message":null}',
        reason: `403: no Function URL has the host "${host}"; an origin request policy that forwards the viewer's Host, as AllViewer does, has to be AllViewerExceptHostHeader`,
      };
}

/** What becomes of a request that is too large, not signed where it has to be, or not permitted. */
export function refuseRequest(
  functionUrl: DeployedFunctionUrl,
  request: OriginRequest,
  nowMs: number,
): Refusal | undefined {
  if (request.body.byteLength > maxRequestBytes) {
    const body = JSON.stringify({ Message: STATUS_CODES[413] });
    const reason = `413: the body has more than the ${maxRequestBytes} bytes that a Function URL takes`;
    return { status: 413, errorType: 'RequestEntityTooLargeException', body, reason };
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
          reason: `${error.status}: ${explainSignature(region, headers, body)}`,
        };
  }
}

/** Why a signature does not match, which AWS does not tell: nearly always the hash of the body. */
function explainSignature(region: string, headers: OriginRequest['headers'], body: Uint8Array): string {
  const given = valueOf(headers, 'x-amz-content-sha256');
  if (body.byteLength === 0 || given === sha256(body)) {
    return `the signature is not one of this request for Lambda in ${region}`;
  }
  const said = given === undefined ? 'not there' : given === sha256('') ? 'that of an empty one' : `"${given}"`;
  return `the request has a body, and x-amz-content-sha256 is ${said}: it has to be the SHA-256 of the body's bytes, in hex; CloudFront does not hash bodies`;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function forbid(reason: string): Refusal {
  return {
    status: 403,
    errorType: 'AccessDeniedException',
    body: JSON.stringify({ Message: forbidden }),
    reason: `403: ${reason}`,
  };
}
