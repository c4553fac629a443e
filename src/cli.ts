#!/usr/bin/env node
import { refuseOldNode } from './command-line.ts';

const usage = `Usage: agentcore-relay <command> [options]

Commands:
  local   run on this machine what the CDK app deploys
  key     make and revoke API keys
  user    make and remove users with a password

agentcore-relay <command> --help says more about a command.
`;

const [command, ...rest] = process.argv.slice(2);
const refusal = refuseOldNode(process.versions.node);
if (refusal !== undefined) {
  process.stderr.write(`agentcore-relay: ${refusal}\n`);
  process.exit(2);
}
switch (command) {
  // Each is loaded alone: a key is made without the local chain, and the other way round.
  case 'local': {
    const { runLocalCommand } = await import('./local/command.ts');
    process.exitCode = await runLocalCommand(rest, process.env);
    break;
  }
  case 'key': {
    const { runKeyCommand } = await import('./keys/key-command.ts');
    const { processConsole } = await import('./keys/process-console.ts');
    process.exitCode = await runKeyCommand(rest, processConsole);
    break;
  }
  case 'user': {
    const { runUserCommand } = await import('./keys/user-command.ts');
    const { processConsole } = await import('./keys/process-console.ts');
    process.exitCode = await runUserCommand(rest, processConsole);
    break;
  }
  case '--help':
  case '-h':
    process.stdout.write(usage);
    break;
  case undefined:
    process.stderr.write(usage);
    process.exitCode = 2;
    break;
  default:
    process.stderr.write(`agentcore-relay: unknown command "${command}"; allowed are local, key and user\n`);
    process.exitCode = 2;
}
