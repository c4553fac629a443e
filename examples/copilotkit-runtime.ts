/**
 * CopilotKit's runtime as a server of its own, with the agent behind the relay as its one agent.
 *
 *     npm install @copilotkit/runtime @ag-ui/client@0.0.59
 *     RELAY_URL=https://… RELAY_KEY=relay_… node copilotkit-runtime.ts
 *
 * Node.js 22.18 or newer, in a package with `"type": "module"`. RELAY_URL is where the relay is; without it,
 * the one that `npm start` runs on this machine. The version of `@ag-ui/client` is the one that `@copilotkit/runtime`
 * 1.75 has. In the page, with `@copilotkit/react-core/v2`:
 *
 *     <CopilotKit runtimeUrl="http://127.0.0.1:4000/api/copilotkit">
 *       <CopilotChat />
 *     </CopilotKit>
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpAgent } from '@ag-ui/client';
import { CopilotRuntime } from '@copilotkit/runtime/v2';
import { createCopilotNodeListener } from '@copilotkit/runtime/v2/node';

const { RELAY_URL = 'http://127.0.0.1:8787', RELAY_KEY, PORT = '4000' } = process.env;

// The key stays in this server: the page does not see it.
const headers: Record<string, string> = RELAY_KEY === undefined ? {} : { authorization: `Bearer ${RELAY_KEY}` };

const runtime = new CopilotRuntime({
  agents: { default: new HttpAgent({ url: new URL('/ag-ui', RELAY_URL).href, headers }) },
});

// Which pages may ask: `true` means all of them. Name your own, and who may use them, before you put this on the internet.
const listener = createCopilotNodeListener({ runtime, basePath: '/api/copilotkit', cors: true });

// Where a connection is cut in its middle, `@ag-ui/client` also rejects a promise that nobody holds; it would end this server.
process.on('unhandledRejection', (fault) => process.stderr.write(`${String(fault)}\n`));

const server = createServer(listener).listen(Number(PORT), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}/api/copilotkit\n`);
});
