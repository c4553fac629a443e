import { LocalChainError } from '../local-chain-error.ts';
import type { Notice } from './deployment.ts';
import { asObject } from './json.ts';

/** The stack that a resource belongs to, with the environment it is read for. */
export interface StackScope {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  /** Folder of a template that is no part of a cloud assembly: where the paths in it start; undefined for the others. */
  readonly directory?: string | undefined;
}

/** Turns an intrinsic into its value and leaves everything else as it is; members are resolved when they are read. */
export type Resolve = (value: unknown) => unknown;

/** One property of a resource, with its path, so that what is missing can be named. */
export class Property {
  readonly #owner: string;
  readonly #path: string;
  readonly #raw: unknown;
  readonly #resolve: Resolve;

  constructor(owner: string, path: string, raw: unknown, resolve: Resolve) {
    this.#owner = owner;
    this.#path = path;
    this.#raw = raw;
    this.#resolve = resolve;
  }

  /** The value with its outermost intrinsic resolved; undefined where the property is missing. */
  value(): unknown {
    try {
      return this.#resolve(this.#raw);
    } catch (error) {
      throw error instanceof LocalChainError
        ? new LocalChainError(`${this.#owner}: property ${this.#path}: ${error.message}`, { cause: error })
        : error;
    }
  }

  /** True where the template does not set the property. */
  get isMissing(): boolean {
    return this.value() === undefined;
  }

  /** The names of the members of the object that this property is; none where it is no object, or missing. */
  names(): readonly string[] {
    return Object.keys(asObject(this.value()) ?? {});
  }

  /** A member of the object that this property is; it may be missing. */
  get(name: string): Property {
    const path = this.#path === '' ? name : `${this.#path}.${name}`;
    return new Property(this.#owner, path, asObject(this.value())?.[name], this.#resolve);
  }

  /** The members of a list; none where the property is missing. */
  list(): readonly Property[] {
    const value = this.value();
    if (value === undefined) {
      return [];
    }
    if (!Array.isArray(value)) {
      throw this.fault('must be a list');
    }
    return value.map((raw, index) => new Property(this.#owner, `${this.#path}[${index}]`, raw, this.#resolve));
  }

  /** A list of strings; none where the property is missing. */
  strings(): readonly string[] {
    return this.list().map((member) => member.string());
  }

  /** An object of strings; none where the property is missing. */
  record(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.names()
        .filter((name) => !this.get(name).isMissing)
        .map((name) => [name, this.get(name).string()]),
    );
  }

  /** A string that must be there; numbers and booleans count, as CloudFormation writes them either way. */
  string(): string {
    const text = this.optionalString();
    if (text === undefined) {
      throw this.fault('is missing');
    }
    return text;
  }

  /** A string, or undefined where the property is missing. */
  optionalString(): string | undefined {
    const value = this.value();
    switch (typeof value) {
      case 'undefined':
        return undefined;
      case 'string':
        return value;
      case 'number':
      case 'boolean':
        return String(value);
      default:
        throw this.fault(`must be a string, not ${JSON.stringify(value)}`);
    }
  }

  /** A number, or the default where the property is missing. */
  number(otherwise: number): number {
    const text = this.optionalString();
    const number = text === undefined ? otherwise : Number(text);
    if (Number.isNaN(number)) {
      throw this.fault(`must be a number, not "${text}"`);
    }
    return number;
  }

  /**
   * A whole number within bounds, or undefined where the property is missing.
   *
   * @throws LocalChainError with a sentence that names the bounds, and the service that has them
   */
  integer(service: string, min: number, max: number): number | undefined {
    if (this.isMissing) {
      return undefined;
    }
    const number = this.number(min);
    if (!Number.isInteger(number) || number < min || number > max) {
      const bounds = max === Infinity ? `${min} or more` : `from ${min} to ${max}`;
      throw this.fault(`is ${number}; ${service} takes whole numbers ${bounds}`);
    }
    return number;
  }

  /**
   * One of several values, or the default where the property is missing.
   *
   * @throws LocalChainError with a sentence that names them
   */
  oneOf<Known extends string>(known: readonly Known[], otherwise?: Known): Known {
    const found = this.optionalString() ?? otherwise;
    const value = known.find((candidate) => candidate === found);
    if (value === undefined) {
      throw this.fault(`is ${found === undefined ? 'missing' : `"${found}"`}; it must be ${known.join(' or ')}`);
    }
    return value;
  }

  /** True only where the template says so. */
  boolean(): boolean {
    return this.optionalString() === 'true';
  }

  /** What is said at the start of the property. */
  notice(text: string): Notice {
    return { resource: this.#owner, property: this.#path, text };
  }

  /** An error that names the resource and the property. */
  fault(what: string): LocalChainError {
    return new LocalChainError(`${this.#owner}: property ${this.#path} ${what}`);
  }
}

/** One resource of a template. */
export class TemplateResource {
  readonly stack: StackScope;
  readonly logicalId: string;
  readonly type: string;
  readonly #properties: Property;

  constructor(stack: StackScope, logicalId: string, type: string, properties: unknown, resolve: Resolve) {
    this.stack = stack;
    this.logicalId = logicalId;
    this.type = type;
    this.#properties = new Property(this.toString(), '', properties, resolve);
  }

  /** All of its properties, as one object. */
  get properties(): Property {
    return this.#properties;
  }

  /** One of its properties; it may be missing. */
  get(name: string): Property {
    return this.#properties.get(name);
  }

  /** How a sentence names it. */
  toString(): string {
    return `resource ${this.logicalId} (${this.type}) of stack ${this.stack.name}`;
  }
}
