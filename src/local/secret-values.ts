import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isJsonObject, parseJson } from '../json.ts';
import { LocalChainError } from './local-chain-error.ts';
import type { LocalSecret } from './secrets-manager/get-secret-value.ts';
import type { DeployedAuth, DeployedSecret, SecretKind } from './template/deployment.ts';

/** Files of the developer's that stand for secrets. */
export interface SecretFiles {
  /** In place of the secret with the hashes of keys, as `agentcore-relay key create` writes it. Default: the secret itself. */
  readonly keysFile?: string | undefined;
  /** In place of the secret with the hashes of passwords, as `agentcore-relay user create` writes it. Default: the secret itself. */
  readonly usersFile?: string | undefined;
}

/** A secret, and where its value comes from. */
export interface HostedSecret extends LocalSecret {
  readonly kind: SecretKind;
  /** The developer's file; undefined where the value is what the template puts into it. */
  readonly file: string | undefined;
  /** True where nobody was in it when the chain started. */
  readonly isEmpty: boolean;
}

/** What the document of each kind lists. */
const lists: Readonly<Record<SecretKind, string>> = { 'api-keys': 'keys', basic: 'users' };

/**
 * Decides what the secrets hold that say who may call: the developer's files, read at each request, before what the template
 * puts into them, before nobody.
 *
 * @throws LocalChainError with a sentence where a file cannot be read, is no such document, or stands for no secret or several.
 */
export function findSecrets(auth: DeployedAuth, { keysFile, usersFile }: SecretFiles): readonly HostedSecret[] {
  requireOneSecret(auth, 'api-keys', keysFile);
  requireOneSecret(auth, 'basic', usersFile);
  return auth.secrets.map((secret) => hostSecret(secret, secret.kind === 'api-keys' ? keysFile : usersFile));
}

function requireOneSecret({ kinds, secrets }: DeployedAuth, kind: SecretKind, file: string | undefined): void {
  const list = lists[kind];
  const count = secrets.filter((secret) => secret.kind === kind).length;
  if (file !== undefined && count !== 1) {
    const found = kinds.length === 0 ? 'nothing' : kinds.join(', ');
    throw new LocalChainError(
      `--${list} stands for the secret that lists ${list}, and the template has ${count} of them; its relay authenticates by: ${found}`,
    );
  }
}

function hostSecret({ kind, arn, value }: DeployedSecret, file: string | undefined): HostedSecret {
  const list = lists[kind];
  if (file === undefined) {
    const text = value ?? JSON.stringify({ [list]: [] });
    return { kind, arn, file, isEmpty: countEntries(text, list) === 0, value: () => Promise.resolve(text) };
  }
  const count = countEntries(readNow(file), list);
  if (count === undefined) {
    const command = kind === 'api-keys' ? 'key create' : 'user create';
    throw new LocalChainError(
      `"${file}" does not list ${list}: it must be {"${list}":[…]}, as "agentcore-relay ${command}" writes it`,
    );
  }
  return { kind, arn, file, isEmpty: count === 0, value: () => readFile(file, 'utf8') };
}

function readNow(file: string): string {
  if (!existsSync(file)) {
    throw new LocalChainError(`there is no file "${file}"`);
  }
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LocalChainError(`"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** Undefined where the text is no document of the kind; what is wrong within its entries is for the relay to say. */
function countEntries(text: string, list: string): number | undefined {
  const document = parseJson(text);
  const entries = isJsonObject(document) ? document[list] : undefined;
  return Array.isArray(entries) ? entries.length : undefined;
}
