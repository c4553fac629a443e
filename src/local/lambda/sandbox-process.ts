import type { RunningProcess } from '../process/child-process.ts';
import { ownModulePath, startNodeProcess } from '../process/node-process.ts';
import type { LambdaFunctionSettings } from './lambda-function-settings.ts';

/** Starts the process of a function. `address` is that of its Runtime API. */
export function startSandboxProcess(settings: LambdaFunctionSettings, address: string): RunningProcess {
  return startNodeProcess({
    entryPoint: [ownModulePath('./bootstrap', import.meta.url)],
    nodeOptions: nodeOptionsOf(settings.memorySizeMb),
    workingDirectory: settings.codeDirectory,
    environment: environmentOf(settings, address),
    onLine: (stream, text) => settings.onLog({ functionName: settings.name, stream, text }),
  });
}

/** As Lambda's own `bootstrap` starts Node (`/var/runtime/bootstrap` of the public base images, nodejs18 to nodejs24). */
function nodeOptionsOf(memorySizeMb: number): readonly string[] {
  const newSpaceMb = Math.floor(memorySizeMb / 10);
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(newSpaceMb / 2)}`,
    `--max-old-space-size=${memorySizeMb - newSpaceMb}`,
  ];
}

/** Lambda's reserved variables (developer guide, "defined runtime environment variables"); the function's own between. */
function environmentOf(settings: LambdaFunctionSettings, address: string): Record<string, string> {
  return {
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime ?? 'nodejs24.x'}`,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: settings.logFormat ?? 'Text',
    ...(settings.logLevel !== undefined && { AWS_LAMBDA_LOG_LEVEL: settings.logLevel }),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...settings.environment,
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memorySizeMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${settings.name}`,
    AWS_LAMBDA_RUNTIME_API: address,
    LAMBDA_TASK_ROOT: settings.codeDirectory,
    _HANDLER: settings.handler,
  };
}
