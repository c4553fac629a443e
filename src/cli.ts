#!/usr/bin/env node
import { runLocalCommand } from './local/command.ts';

const usage = `Usage: agentcore-relay <command> [options]

Commands:
  local   run on this machine what the CDK app deploys

agentcore-relay <command> --help says more about a command.
`;

const [command, ...rest] = process.argv.slice(2);
switch (command) {
  case 'local':
    process.exitCode = await runLocalCommand(rest, process.env);
    break;
  case '--help':
  case '-h':
    process.stdout.write(usage);
    break;
  case undefined:
    process.stderr.write(usage);
    process.exitCode = 2;
    break;
  default:
    process.stderr.write(`agentcore-relay: unknown command "${command}"; allowed is local\n`);
    process.exitCode = 2;
}
