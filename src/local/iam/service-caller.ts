import { ServiceError } from '../aws-service/service-error.ts';
import { verifySignature } from '../aws-service/signature.ts';
import type { SignableRequest } from '../aws-service/signature.ts';

/** Something that a caller does to something. */
export interface Access {
  /** Such as `secretsmanager:GetSecretValue`. */
  readonly action: string;
  /** ARN, or the name under which a resource is asked for that does not exist. */
  readonly resource: string;
  /** Condition keys of the service, as far as they are known; one that is undefined the request has not. */
  readonly context: Readonly<Record<string, string | undefined>>;
}

/** Who signs requests to a service. */
export interface ServiceCaller {
  readonly secretAccessKey: string;
  /** What temporary credentials come with; undefined for those that are not. */
  readonly sessionToken: string | undefined;
  /**
   * Lets the caller do something, or not.
   *
   * @throws ServiceError 403 AccessDeniedException in AWS's words.
   */
  authorize(access: Access): void;
}

/** What a request is checked against. */
export interface Authentication {
  readonly region: string;
  /** Signing name of the service. */
  readonly service: string;
  /** Who has an access key id; undefined where nobody does. */
  callerOf(accessKeyId: string): ServiceCaller | undefined;
  /** The time in milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Finds who signed a request, as AWS does: by the access key id, the signature and the session token.
 *
 * @throws ServiceError 403 where one of them is missing or wrong.
 */
export function authenticate(request: SignableRequest, authentication: Authentication): ServiceCaller {
  const { region, service, nowMs } = authentication;
  const accessKeyId = verifySignature(request, {
    region,
    service,
    secretAccessKeyOf: (id) => authentication.callerOf(id)?.secretAccessKey,
    nowMs,
  });
  const caller = authentication.callerOf(accessKeyId);
  if (caller === undefined || caller.sessionToken !== request.headers['x-amz-security-token']) {
    throw new ServiceError(
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  return caller;
}
