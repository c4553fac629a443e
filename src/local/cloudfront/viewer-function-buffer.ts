/** What the sandbox asks of the thread around it: what the language alone does not have. Bytes travel as one character each. */
export type HostCall =
  | { readonly kind: 'encode'; readonly text: string; readonly encoding: string }
  | { readonly kind: 'decode'; readonly bytes: string; readonly encoding: string; readonly isFatal?: boolean }
  | { readonly kind: 'hash'; readonly algorithm: string; readonly bytes: string; readonly key?: string };

/** Bytes as the sandbox has them. */
export type SandboxBytes = ArrayLike<number>;

/** What the sandbox does with bytes. */
export interface BufferKit {
  /** The runtime's `Buffer`. */
  readonly Buffer: { from(bytes: SandboxBytes): object };
  ask(call: HostCall): string;
  /** One character for each byte, and back. */
  toText(bytes: SandboxBytes): string;
  toBytes(text: string): number[];
  /** The bytes of a text, and back. Default encoding: UTF-8. */
  encode(text: string, encoding?: string): number[];
  decode(bytes: SandboxBytes, encoding?: string): string;
  /** The bytes of anything that the modules take for bytes. */
  bytesOf(value: unknown, encoding?: string): SandboxBytes;
}

/**
 * Makes the `Buffer` of CloudFront's runtime (CloudFront, JavaScript runtime 2.0 features for CloudFront Functions, "Buffer").
 *
 * It runs inside the sandbox, from its own text, and so refers to nothing outside of it.
 *
 * @param host - Answers a {@link HostCall} as JSON with `{ value }` or `{ error }` as JSON. The function never gets hold of it.
 */
export function makeBuffer(host: (call: string) => string): BufferKit {
  const ask = (call: HostCall): string => {
    const { value, error } = JSON.parse(host(JSON.stringify(call))) as { value?: string; error?: string };
    if (value === undefined) throw new TypeError(error);
    return value;
  };
  const toText = (bytes: SandboxBytes): string => {
    let text = '';
    for (let index = 0; index < bytes.length; index += 1) text += String.fromCharCode(bytes[index] ?? 0);
    return text;
  };
  const toBytes = (text: string): number[] => {
    const bytes: number[] = [];
    for (let index = 0; index < text.length; index += 1) bytes.push(text.charCodeAt(index));
    return bytes;
  };
  const encodings = ['utf8', 'hex', 'base64', 'base64url'];
  const encode = (text: string, encoding = 'utf8'): number[] => {
    if (!encodings.includes(encoding)) throw new TypeError(`"${encoding}" encoding is not supported`);
    return toBytes(ask({ kind: 'encode', text, encoding }));
  };
  const decode = (bytes: SandboxBytes, encoding = 'utf8'): string => {
    if (!encodings.includes(encoding)) throw new TypeError(`"${encoding}" encoding is not supported`);
    return ask({ kind: 'decode', bytes: toText(bytes), encoding });
  };
  const bytesOf = (value: unknown, encoding?: string): SandboxBytes => {
    if (typeof value === 'string') return encode(value, encoding);
    if (typeof value === 'number') return [value % 256];
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return value as SandboxBytes;
  };
  const compareBytes = (left: SandboxBytes, right: SandboxBytes): number => {
    const length = Math.min(left.length, right.length);
    for (let index = 0; index < length; index += 1) {
      const difference = (left[index] ?? 0) - (right[index] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(left.length - right.length);
  };

  class SandboxBuffer extends Uint8Array {
    static override from(value: unknown, encodingOrOffset?: unknown, length?: number): SandboxBuffer {
      if (value instanceof ArrayBuffer) return new SandboxBuffer(value, encodingOrOffset as number | undefined, length);
      const inner = (value as object).valueOf();
      return typeof value === 'object' && inner !== value
        ? SandboxBuffer.from(inner, encodingOrOffset, length)
        : SandboxBuffer.copyOf(bytesOf(value, encodingOrOffset as string | undefined));
    }

    static copyOf(bytes: SandboxBytes): SandboxBuffer {
      const copy = new SandboxBuffer(bytes.length);
      copy.set(bytes);
      return copy;
    }

    static alloc(size: number, fill: unknown = 0, encoding?: string): SandboxBuffer {
      return new SandboxBuffer(size).fill(fill, 0, size, encoding);
    }

    static allocUnsafe(size: number): SandboxBuffer {
      return new SandboxBuffer(size);
    }

    static byteLength(value: unknown, encoding?: string): number {
      return bytesOf(value, encoding).length;
    }

    static compare(left: SandboxBytes, right: SandboxBytes): number {
      return compareBytes(left, right);
    }

    static concat(list: readonly SandboxBytes[], totalLength?: number): SandboxBuffer {
      const all = list.reduce<number[]>((bytes, part) => bytes.concat(Array.prototype.slice.call(part)), []);
      const length = totalLength ?? all.length;
      const whole = new SandboxBuffer(length);
      whole.set(all.slice(0, length));
      return whole;
    }

    static isBuffer(value: unknown): boolean {
      return value instanceof SandboxBuffer;
    }

    static isEncoding(encoding: string): boolean {
      return encodings.includes(encoding);
    }

    compare(target: SandboxBytes, targetStart = 0, targetEnd = target.length, start = 0, end = this.length): number {
      return compareBytes(this.subarray(start, end), Array.prototype.slice.call(target, targetStart, targetEnd));
    }

    copy(target: Uint8Array, targetStart = 0, sourceStart = 0, sourceEnd = this.length): number {
      const part = this.subarray(sourceStart, Math.min(sourceEnd, sourceStart + target.length - targetStart));
      target.set(part, targetStart);
      return part.length;
    }

    equals(other: SandboxBytes): boolean {
      return compareBytes(this, other) === 0;
    }

    override fill(value: unknown, offset = 0, end = this.length, encoding?: string): this {
      const bytes = bytesOf(value, typeof offset === 'string' ? offset : encoding);
      const start = typeof offset === 'string' ? 0 : offset;
      for (let index = start; index < end && bytes.length > 0; index += 1) {
        this[index] = bytes[(index - start) % bytes.length] ?? 0;
      }
      return this;
    }

    override indexOf(value: unknown, offset = 0, encoding?: string): number {
      const text = toText(this);
      return text.indexOf(toText(bytesOf(value, encoding)), offset < 0 ? text.length + offset : offset);
    }

    override lastIndexOf(value: unknown, offset = this.length, encoding?: string): number {
      const text = toText(this);
      return text.lastIndexOf(toText(bytesOf(value, encoding)), offset < 0 ? text.length + offset : offset);
    }

    override includes(value: unknown, offset?: number, encoding?: string): boolean {
      return this.indexOf(value, offset, encoding) !== -1;
    }

    toJSON(): { type: string; data: number[] } {
      return { type: 'Buffer', data: Array.prototype.slice.call(this) as number[] };
    }

    override toString(encoding?: string, start = 0, end = this.length): string {
      return decode(this.subarray(start, end), encoding);
    }

    write(text: string, offset = 0, length = this.length - offset, encoding?: string): number {
      const bytes = encode(text, encoding).slice(0, Math.min(length, this.length - offset));
      this.set(bytes, offset);
      return bytes.length;
    }

    swap(size: number): this {
      if (this.length % size !== 0) throw new RangeError(`Buffer size must be a multiple of ${size * 8}-bits`);
      for (let start = 0; start < this.length; start += size) this.subarray(start, start + size).reverse();
      return this;
    }
  }

  const methods = SandboxBuffer.prototype as unknown as Record<string, (...values: number[]) => unknown>;
  for (const size of [2, 4, 8]) {
    methods[`swap${size * 8}`] = function swapAll(this: SandboxBuffer) {
      return this.swap(size);
    };
  }
  for (const [name, view, size] of [
    ['Int8', 'Int8', 1],
    ['UInt8', 'Uint8', 1],
    ['Int16', 'Int16', 2],
    ['UInt16', 'Uint16', 2],
    ['Int32', 'Int32', 4],
    ['UInt32', 'Uint32', 4],
    ['Float', 'Float32', 4],
    ['Double', 'Float64', 8],
  ] as const) {
    for (const order of size === 1 ? [''] : ['LE', 'BE']) {
      methods[`read${name}${order}`] = function read(this: SandboxBuffer, offset = 0) {
        return new DataView(this.buffer, this.byteOffset, this.length)[`get${view}`](offset, order === 'LE');
      };
      methods[`write${name}${order}`] = function write(this: SandboxBuffer, value = 0, offset = 0) {
        new DataView(this.buffer, this.byteOffset, this.length)[`set${view}`](offset, value, order === 'LE');
        return offset + size;
      };
    }
  }
  for (const order of ['LE', 'BE']) {
    const most = (length: number, index: number): number => (order === 'LE' ? index : length - 1 - index);
    const read = (bytes: SandboxBuffer, offset: number, length: number): number => {
      let sum = 0;
      for (let index = 0; index < length; index += 1) {
        sum += (bytes[offset + most(length, index)] ?? 0) * 256 ** index;
      }
      return sum;
    };
    methods[`readUInt${order}`] = function readUnsigned(this: SandboxBuffer, offset = 0, length = 1) {
      return read(this, offset, length);
    };
    methods[`readInt${order}`] = function readSigned(this: SandboxBuffer, offset = 0, length = 1) {
      const value = read(this, offset, length);
      return value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value;
    };
    for (const name of ['Int', 'UInt']) {
      methods[`write${name}${order}`] = function writeAny(this: SandboxBuffer, value = 0, offset = 0, length = 1) {
        let rest = value < 0 ? value + 2 ** (8 * length) : value;
        for (let index = 0; index < length; index += 1) {
          this[offset + most(length, index)] = rest % 256;
          rest = Math.floor(rest / 256);
        }
        return offset + length;
      };
    }
  }
  Object.defineProperty(SandboxBuffer, 'name', { value: 'Buffer' });
  return { Buffer: SandboxBuffer, ask, toText, toBytes, encode, decode, bytesOf };
}
