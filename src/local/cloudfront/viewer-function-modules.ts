import type { BufferKit, SandboxBytes } from './viewer-function-buffer.ts';

/**
 * Adds what CloudFront's runtime has besides the language: `Buffer`, text encoders, `atob`, and `require` for its three modules
 * (CloudFront, JavaScript runtime 2.0 features for CloudFront Functions, "Built-in modules").
 *
 * It runs inside the sandbox, from its own text, and so refers to nothing outside of it.
 */
export function addModules({ Buffer, ask, toText, toBytes, encode, decode, bytesOf }: BufferKit): void {
  const createHash = (algorithm: string, key?: SandboxBytes): object => {
    if (!['md5', 'sha1', 'sha256'].includes(algorithm)) throw new TypeError(`not supported algorithm: "${algorithm}"`);
    let text: string | undefined = '';
    const open = (): string => {
      if (text === undefined) throw new Error('Digest already called');
      return text;
    };
    const hash = {
      update: (data: unknown, encoding?: string): object => {
        text = open() + toText(bytesOf(data, encoding));
        return hash;
      },
      digest: (encoding?: string): unknown => {
        const secret = key === undefined ? {} : { key: toText(key) };
        const bytes = toBytes(ask({ kind: 'hash', algorithm, bytes: open(), ...secret }));
        text = undefined;
        return encoding === undefined ? Buffer.from(bytes) : decode(bytes, encoding);
      },
    };
    return hash;
  };

  type Options = Readonly<Record<string, unknown>>;
  type Convert = (text: string) => string;
  const unescape = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      const bytes: number[] = [];
      for (const part of text.match(/%[\da-f]{2}|[^%]+|%/giu) ?? []) {
        bytes.push(...(/^%../u.test(part) ? [parseInt(part.slice(1), 16)] : encode(part)));
      }
      return decode(bytes);
    }
  };
  const parse = (text: string, separator = '&', equal = '=', options: Options = {}): object => {
    const convert = (options['decodeURIComponent'] as Convert | undefined) ?? unescape;
    const { maxKeys = 1000 } = options as { maxKeys?: number };
    const pairs = text.split(separator).filter((pair) => pair !== '');
    const parsed: Record<string, unknown> = {};
    for (const pair of maxKeys > 0 ? pairs.slice(0, maxKeys) : pairs) {
      const at = pair.indexOf(equal);
      const [name, value] = (at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + equal.length)]).map((part) =>
        convert(part.replaceAll('+', ' ')),
      ) as [string, string];
      // Neither read nor written as a plain member: a viewer may send any name, `__proto__` too.
      const before: unknown = Object.getOwnPropertyDescriptor(parsed, name)?.value;
      const several = Array.isArray(before) ? before.concat(value) : [before, value];
      const member = { writable: true, enumerable: true, configurable: true };
      Object.defineProperty(parsed, name, { ...member, value: before === undefined ? value : several });
    }
    return parsed;
  };
  const stringify = (values: object, separator = '&', equal = '=', options: Options = {}): string => {
    const convert = (options['encodeURIComponent'] as Convert | undefined) ?? encodeURIComponent;
    return Object.entries(values)
      .map(([name, value]) =>
        (Array.isArray(value) ? value : [value])
          .map((one) => `${convert(name)}${equal}${convert(typeof one === 'object' ? '' : String(one))}`)
          .join(separator),
      )
      .join(separator);
  };

  const modules: Readonly<Record<string, object>> = {
    buffer: { Buffer },
    crypto: {
      createHash: (algorithm: string) => createHash(algorithm),
      createHmac: (algorithm: string, key: unknown) => createHash(algorithm, bytesOf(key)),
    },
    querystring: { parse, decode: parse, stringify, encode: stringify, escape: encodeURIComponent, unescape },
  };
  Object.assign(globalThis, {
    Buffer,
    require: (name: string): object => {
      const found = Object.keys(modules).includes(name) ? modules[name] : undefined;
      if (found === undefined) throw new Error(`Cannot find module "${name}"`);
      return found;
    },
    atob: (text: string): string => toText(encode(text, 'base64')),
    btoa: (text: string): string => decode(toBytes(text), 'base64'),
    TextEncoder: class TextEncoder {
      readonly encoding = 'utf-8';
      encode(text = ''): Uint8Array {
        return new Uint8Array(encode(text));
      }
      encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
        let read = 0;
        let written = 0;
        while (read < text.length) {
          const character = String.fromCodePoint(text.codePointAt(read) ?? 0);
          const bytes = encode(character);
          if (written + bytes.length > target.length) break;
          target.set(bytes, written);
          read += character.length;
          written += bytes.length;
        }
        return { read, written };
      }
    },
    TextDecoder: class TextDecoder {
      readonly encoding = 'utf-8';
      readonly fatal: boolean;
      readonly ignoreBOM: boolean;
      constructor(_label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
        this.fatal = fatal;
        this.ignoreBOM = ignoreBOM;
      }
      decode(bytes: unknown = []): string {
        const text = ask({ kind: 'decode', bytes: toText(bytesOf(bytes)), encoding: 'utf8', isFatal: this.fatal });
        return !this.ignoreBOM && text.startsWith('\uFEFF') ? text.slice(1) : text;
      }
    },
  });
}
