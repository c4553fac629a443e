import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate for 127.0.0.1 that nobody trusts, and its key, as PEM. */
export interface SelfSignedCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** Why no certificate can be made here; false where one can. To be given to a test as its `skip`. */
export const noCertificates: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl, which makes the certificate, is not installed';

/** Makes a new one. */
export function makeSelfSignedCertificate(): SelfSignedCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'agentcore-relay-tls-'));
  try {
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const names = '-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
    const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
    const made = spawnSync('openssl', [
      ...`req -x509 -days 1 ${key} ${names}`.split(' '),
      '-keyout',
      keyFile,
      '-out',
      certificateFile,
    ]);
    assert.equal(made.status, 0, made.stderr.toString());
    return { key: readFileSync(keyFile, 'utf8'), certificate: readFileSync(certificateFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
