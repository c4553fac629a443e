import { createHash } from 'node:crypto';
import type { JsonObject } from '../../json.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import type { ServiceCaller } from '../iam/service-caller.ts';

/** A secret that exists here. */
export interface LocalSecret {
  /** `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<6 characters>` */
  readonly arn: string;
  /** Its current text; asked for at each request. Rejects where there is none. */
  value(): Promise<string>;
}

/** Most bytes of a value (Secrets Manager, CreateSecret, `SecretString`). */
const maxValueBytes = 65_536;

/**
 * Answers GetSecretValue (Secrets Manager API reference).
 *
 * Whether the caller may is asked before whether the secret exists.
 *
 * @throws ServiceError as the service does: for a caller who may not, an unknown secret, and a version that is not `AWSCURRENT`.
 */
export async function getSecretValue(
  request: JsonObject,
  caller: ServiceCaller,
  secrets: readonly LocalSecret[],
  nowMs: number,
): Promise<JsonObject> {
  const { SecretId: id, VersionStage: stage = 'AWSCURRENT', VersionId: versionId } = request;
  if (typeof id !== 'string') {
    throw new ServiceError(
      400,
      'ValidationException',
      "1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member must not be null",
    );
  }
  const secret = secrets.find(({ arn }) => [arn, withoutSuffix(arn), nameOf(arn)].includes(id));
  caller.authorize({
    action: 'secretsmanager:GetSecretValue',
    resource: secret?.arn ?? id,
    context: {
      'secretsmanager:SecretId': id,
      'secretsmanager:VersionStage': String(stage),
      'secretsmanager:VersionId': typeof versionId === 'string' ? versionId : undefined,
    },
  });
  if (secret === undefined) {
    throw new ServiceError(400, 'ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  if (stage !== 'AWSCURRENT') {
    throw new ServiceError(
      400,
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for staging label: ${String(stage)}`,
    );
  }
  const value = await secret.value();
  if (Buffer.byteLength(value) > maxValueBytes) {
    throw new Error(`the value has more than the ${maxValueBytes} bytes that a secret may have`);
  }
  return {
    ARN: secret.arn,
    CreatedDate: nowMs / 1000,
    Name: nameOf(secret.arn),
    SecretString: value,
    VersionId: versionOf(value),
    VersionStages: ['AWSCURRENT'],
  };
}

function nameOf(arn: string): string {
  return withoutSuffix(arn).split(':').slice(6).join(':');
}

function withoutSuffix(arn: string): string {
  return arn.replace(/-[A-Za-z0-9]{6}$/u, '');
}

/** The same for the same value, as a version's id is. */
function versionOf(value: string): string {
  const hex = createHash('sha256').update(value).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
