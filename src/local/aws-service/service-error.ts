/** What the service says besides its message. */
export interface ServiceErrorFields {
  /** Why a request is not valid: ValidationException's `reason`. */
  readonly reason?: string;
  /** Which members are not valid: ValidationException's `fieldList`. */
  readonly fieldList?: readonly { readonly name: string; readonly message: string }[];
}

/** An exception of an AWS service. */
export class ServiceError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** The exception's name, such as `ValidationException`. */
  readonly errorName: string;
  /** What its body holds besides the message. */
  readonly fields: ServiceErrorFields;

  constructor(status: number, errorName: string, message: string, fields: ServiceErrorFields = {}) {
    super(message);
    this.name = 'ServiceError';
    this.status = status;
    this.errorName = errorName;
    this.fields = fields;
  }
}
