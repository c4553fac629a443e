import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRelayApp } from '../../infra/relay-app.ts';
import { startLocalChain } from '../../src/local.ts';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';

/** An account id that stands nowhere else: whatever holds it has leaked it. */
export const accountId = '998877665544';

/** Every byte and header that viewers got from the chains of this process. */
const seenByViewers: string[] = [];

/** The deployable stack, running on this machine. */
export async function startDeployedChain(options: Partial<LocalChainOptions> = {}): Promise<LocalChain> {
  const assemblyDirectory = mkdtempSync(join(tmpdir(), 'relay-chain-'));
  process.on('exit', () => rmSync(assemblyDirectory, { recursive: true, force: true }));
  // The CDK's own check of templates takes three seconds; the tests of the stack do it.
  process.env['CDK_VALIDATION'] = 'false';
  createRelayApp({ environment: {}, outdir: assemblyDirectory }).synth();
  return startLocalChain({
    assemblyDirectory,
    port: 0,
    accountId,
    agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '0' },
    ...options,
  });
}

/** One response, read to its end. */
export interface ViewerResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The error that cut the body; undefined where it ended as it should. */
  readonly cut: unknown;
}

/** Sends a request as a browser would and reads the whole response. */
export async function view(url: string, init: RequestInit = {}): Promise<ViewerResponse> {
  const response = await fetch(url, init);
  const decoder = new TextDecoder();
  let text = '';
  let cut: unknown;
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch (error) {
    cut = error;
  }
  remember(`${JSON.stringify([...response.headers])}\n${text}`);
  return { status: response.status, headers: response.headers, text, cut };
}

/** Sends a prompt as JSON. */
export function ask(url: string, body: unknown, init: RequestInit = {}): Promise<ViewerResponse> {
  return view(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...init,
  });
}

/** Keeps what a viewer saw, for {@link findLeaks}. */
export function remember(text: string): void {
  seenByViewers.push(text);
}

const secrets = [accountId, /arn:aws/u, /AKIA|ASIA/u, /OriginAccessControl/u, /\bat .+\.m?[jt]s:\d+/u, /node_modules/u];

/** What viewers saw and should not have: the account id, ARNs, key ids, roles, stack traces. */
export function findLeaks(): string[] {
  return seenByViewers.filter((text) =>
    secrets.some((secret) => (typeof secret === 'string' ? text.includes(secret) : secret.test(text))),
  );
}

/** How many responses {@link findLeaks} has looked at. */
export function countSeen(): number {
  return seenByViewers.length;
}
