import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from './local-chain-error.ts';
import { runCommand } from './run-command.ts';
import { asObject, asString } from './template/json.ts';
import type { JsonObject } from '../json.ts';
import type { Environment } from '../settings.ts';

/** Which app is synthesized, and to where. */
export interface SynthesizeOptions {
  /** Folder with the `cdk.json` that names the app. */
  readonly projectDirectory: string;
  /** Folder for the cloud assembly. */
  readonly assemblyDirectory: string;
  /** Context for the app, as `-c` of the CDK's command line: over that of the project's files. */
  readonly context: Readonly<Record<string, string>>;
  /** The app's environment. */
  readonly environment: Environment;
  /** Ends the app. */
  readonly signal: AbortSignal;
  /** Told the command before it is run. */
  onStart(command: string): void;
  /** Called once per line that the app writes. */
  onLine(text: string): void;
}

/**
 * Runs the CDK app of a project as the CDK's command line does, without it: the app of `cdk.json`, with the context of
 * `cdk.json` and `cdk.context.json`. It needs no AWS account and no network.
 *
 * @throws LocalChainError where there is no app, or where it fails.
 */
export async function synthesize(options: SynthesizeOptions): Promise<void> {
  const { projectDirectory, assemblyDirectory, environment } = options;
  requireFolder(assemblyDirectory);
  const settings = readJson(path.join(projectDirectory, 'cdk.json'));
  const command = asString(settings?.['app']);
  if (settings === undefined || command === undefined) {
    throw new LocalChainError(
      `there is no CDK app to synthesize: "${path.join(projectDirectory, 'cdk.json')}" ${settings === undefined ? 'does not exist' : 'names no app'}`,
    );
  }
  options.onStart(command);
  const context = {
    ...asObject(settings['context']),
    ...readJson(path.join(projectDirectory, 'cdk.context.json')),
    ...options.context,
  };
  await runCommand({
    command,
    what: 'the CDK app',
    workingDirectory: projectDirectory,
    environment: {
      // Rules on templates are for the deployment, and take longer than the synthesis.
      CDK_VALIDATION: 'false',
      ...environment,
      CDK_OUTDIR: path.resolve(assemblyDirectory),
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
    signal: options.signal,
    onLine: (text) => options.onLine(text),
  });
}

/** The app would fail with a stack, or another than is meant would be run. */
function requireFolder(assemblyDirectory: string): void {
  if (statSync(assemblyDirectory, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new LocalChainError(`"${assemblyDirectory}" is a file; a CDK app is synthesized into a folder`);
  }
}

function readJson(file: string): JsonObject | undefined {
  if (!existsSync(file)) {
    return undefined;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LocalChainError(`"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const object = asObject(parsed);
  if (object === undefined) {
    throw new LocalChainError(`"${file}" holds no JSON object`);
  }
  return object;
}
