import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RelayError } from '../errors.ts';
import { maxDocumentLength } from '../identity/credential-document.ts';
import type { OpenStore } from '../identity/from-settings.ts';

/**
 * A document of hashes in a file, as `agentcore-relay key create` writes it, at most 4 MiB. It is read anew each time, so that
 * what is changed in it counts without a restart.
 */
export function openCredentialFile(file: string): OpenStore {
  return {
    async read() {
      try {
        return await readRegularFile(file);
      } catch (thrown) {
        const { code, message } = Object(thrown) as { readonly code?: unknown; readonly message?: unknown };
        throw new RelayError('identity_unavailable', {
          cause: `the file of credentials "${file}" cannot be read: ${String(code ?? message)}`,
        });
      }
    },
  };
}

async function readRegularFile(file: string): Promise<string> {
  // From a pipe it could be read once only, and that might take for ever.
  if (!(await stat(file)).isFile()) throw new Error('it is not a regular file');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(file, { end: maxDocumentLength }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
  }
  if (length > maxDocumentLength) throw new Error(`it has more than ${maxDocumentLength} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}
