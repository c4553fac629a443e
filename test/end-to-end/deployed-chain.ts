import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRelayApp } from '../../infra/relay-app.ts';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';
import { sentinels, startWatchedChain } from '../watched-servers.ts';

/** The deployable stack, running on this machine. */
export async function startDeployedChain(options: Partial<LocalChainOptions> = {}): Promise<LocalChain> {
  const assemblyDirectory = mkdtempSync(join(tmpdir(), 'relay-chain-'));
  process.on('exit', () => rmSync(assemblyDirectory, { recursive: true, force: true }));
  // The CDK's own check of templates takes three seconds; the tests of the stack do it.
  process.env['CDK_VALIDATION'] = 'false';
  createRelayApp({ environment: {}, context: { auth: 'anonymous' }, outdir: assemblyDirectory }).synth();
  return startWatchedChain({
    assembly: assemblyDirectory,
    port: 0,
    accountId: sentinels['the account id'],
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
