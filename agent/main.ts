/**
 * The demo agent's entry: reads the environment and serves AgentCore's contract.
 *
 * `PORT` (default 8080, AgentCore's; 0 takes a free one) and `HOST` (default 0.0.0.0) say where it listens. AgentCore may
 * take a snapshot of the process once it is ready and restore it into many sessions: nothing random and nothing of a
 * session is made here.
 */
import { createAgentApp } from './app.ts';
import { chooseModel } from './model.ts';
import { calculator } from './tools/calculator.ts';
import { createClock } from './tools/clock.ts';

const { env } = process;

// As the first process of a container it would otherwise not be ended by a signal.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

try {
  const { model, description } = await chooseModel(env);
  const port = Number(env['PORT'] ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT is "${env['PORT']}"; it must be a whole number from 0 to 65535`);
  }
  process.stdout.write(`${JSON.stringify({ level: 30, msg: `the agent's model is ${description}` })}\n`);
  createAgentApp({ model, tools: [calculator, createClock(Date.now)], maxSessions: 100 }).run({
    port,
    host: env['HOST'] ?? '0.0.0.0',
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
