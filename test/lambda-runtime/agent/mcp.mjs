// A real MCP server, stateless unless STATEFUL says otherwise.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const isStateful = process.env.STATEFUL === 'yes';
const transports = new Map();

async function connect() {
  const server = new McpServer({ name: 'test', version: '1.0.0' });
  server.registerTool('who', {}, (extra) => ({
    content: [
      {
        type: 'text',
        text: JSON.stringify({
          pid: process.pid,
          sessionId: extra.sessionId,
          header: extra.requestInfo.headers['mcp-session-id'],
        }),
      },
    ],
  }));
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: isStateful ? randomUUID : undefined,
    onsessioninitialized: (id) => transports.set(id, transport),
  });
  await server.connect(transport);
  return transport;
}

createServer(async (request, response) => {
  if (request.url !== '/mcp') {
    response.writeHead(404).end();
    return;
  }
  const id = request.headers['mcp-session-id'];
  if (isStateful && id !== undefined && !transports.has(id)) {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
    return;
  }
  const transport = transports.get(id) ?? (await connect());
  await transport.handleRequest(request, response);
}).listen(Number(process.env.PORT), process.env.HOST);
