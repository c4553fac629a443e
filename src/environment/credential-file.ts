import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RelayError } from '../errors.ts';
import { maxDocumentLength } from '../identity/credential-document.ts';

/**
 * Reads a document of hashes from a file, as `agentcore-relay key create` writes it, at most 4 MiB.
 *
 * @throws RelayError `identity_unavailable` whose cause says why it cannot be read.
 */
export async function readCredentialFile(file: string): Promise<string> {
  try {
    return await readRegularFile(file);
  } catch (thrown) {
    const { code, message } = Object(thrown) as { readonly code?: unknown; readonly message?: unknown };
    throw new RelayError('identity_unavailable', {
      cause: `the file of credentials "${file}" cannot be read: ${String(code ?? message)}`,
    });
  }
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
