import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from './local-chain-error.ts';
import { asObject, asString } from './template/json.ts';
import type { JsonObject } from '../json.ts';

/** Which app is synthesized, and to where. */
export interface SynthesizeOptions {
  /** Folder with the `cdk.json` that names the app. */
  readonly projectDirectory: string;
  /** Folder for the cloud assembly. */
  readonly assemblyDirectory: string;
  /** Context for the app, as `-c` of the CDK's command line: over that of the project's files. */
  readonly context: Readonly<Record<string, string>>;
  /** The app's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told the command before it is run. */
  onStart(command: string): void;
}

/**
 * Runs the CDK app of a project as the CDK's command line does, without it: the app of `cdk.json`, with the context of
 * `cdk.json` and `cdk.context.json`. It needs no AWS account and no network.
 *
 * @throws LocalChainError where there is no app, or where it fails; what the app writes goes to this process's stderr.
 */
export async function synthesize(options: SynthesizeOptions): Promise<void> {
  const { projectDirectory, assemblyDirectory, environment } = options;
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
  const app = spawn(command, {
    cwd: projectDirectory,
    shell: true,
    stdio: ['ignore', process.stderr, process.stderr],
    env: {
      // Rules on templates are for the deployment, and take longer than the synthesis.
      CDK_VALIDATION: 'false',
      ...environment,
      // The app is to run under the Node that runs this, whatever else is installed.
      PATH: [path.dirname(process.execPath), environment['PATH']].join(path.delimiter),
      CDK_OUTDIR: path.resolve(assemblyDirectory),
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
  });
  const [code, signal] = (await once(app, 'close')) as [number | null, string | null];
  if (code !== 0) {
    throw new LocalChainError(`the CDK app failed (${signal ?? `exit code ${code}`}): ${command}`);
  }
}

function readJson(file: string): JsonObject | undefined {
  if (!existsSync(file)) {
    return undefined;
  }
  try {
    return asObject(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new LocalChainError(`"${file}" cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
