import { createRelayApp } from './relay-app.ts';

try {
  createRelayApp({ environment: process.env }).synth();
} catch (error) {
  // What goes wrong here is a missing build or a setting, and the message says which: a stack would only hide it.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
