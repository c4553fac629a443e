import { createHash, createHmac } from 'node:crypto';
import type { HostCall } from './viewer-function-buffer.ts';

/** Answers what the sandbox asks: JSON in and out, so that no object from here gets there. Never throws. */
export function answerHostCall(json: string): string {
  try {
    return JSON.stringify({ value: answer(JSON.parse(json) as HostCall) });
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
  }
}

function answer(call: HostCall): string {
  switch (call.kind) {
    case 'encode':
      return Buffer.from(call.text, call.encoding as BufferEncoding).toString('latin1');
    case 'decode': {
      const bytes = Buffer.from(call.bytes, 'latin1');
      return call.isFatal === true
        ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
        : bytes.toString(call.encoding as BufferEncoding);
    }
    case 'hash': {
      const hash =
        call.key === undefined
          ? createHash(call.algorithm)
          : createHmac(call.algorithm, Buffer.from(call.key, 'latin1'));
      return hash.update(Buffer.from(call.bytes, 'latin1')).digest().toString('latin1');
    }
    default:
      return call satisfies never;
  }
}
