/** The parent that a test kills: starts a data plane, invokes the agent once and prints its process's id. */
import { startAgentCore } from '../../src/local/agentcore/agentcore.ts';
import { onlyCaller } from '../service-callers.ts';
import { agentRuntimeArn, bundle, clientOf, credentials, json } from './agentcore-harness.ts';

const agentCore = await startAgentCore({
  agentRuntimeArn,
  region: 'eu-west-1',
  hosting: bundle,
  callerOf: onlyCaller(credentials),
  onInvocation: () => undefined,
  onLog: () => undefined,
});
const { pid } = await json(clientOf(agentCore, credentials), { prompt: 'who' });
console.log(pid);
