/** The parent that a test kills: starts a data plane, invokes the agent once and prints its process's id. */
import { startAgentCore } from '../../src/local/agentcore/agentcore.ts';
import { defaultLifecycle } from '../../src/local/agentcore/agentcore-settings.ts';
import type { AgentHosting } from '../../src/local/agentcore/agentcore-settings.ts';
import { onlyCaller } from '../service-callers.ts';
import { agentFolder, agentRuntimeArn, bundle, clientOf, credentials, json } from './agentcore-harness.ts';

const [, , command] = process.argv;
const hosting: AgentHosting =
  command === undefined
    ? bundle
    : {
        ...defaultLifecycle,
        kind: 'command',
        command,
        workingDirectory: agentFolder,
        environment: { PATH: process.env['PATH'] ?? '' },
      };
const agentCore = await startAgentCore({
  agentRuntimeArn,
  region: 'eu-west-1',
  hosting,
  callerOf: onlyCaller(credentials),
  onInvocation: () => undefined,
  onLog: () => undefined,
});
const { pid } = await json(clientOf(agentCore, credentials), { prompt: 'who' });
console.log(pid);
