// A small agent on AgentCore's HTTP contract, which does what the prompt says.
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

if (process.env.FAIL_AT_START === 'yes') {
  console.error('the agent cannot start');
  process.exit(4);
}
const { TERM_MS } = process.env;
if (TERM_MS !== undefined) {
  process.on('SIGTERM', () => {
    console.log('ending');
    setTimeout(() => {
      console.log('ended');
      process.exit();
    }, Number(TERM_MS));
  });
}
let invocations = 0;
let busy = process.env.BUSY === 'yes';

createServer(async (request, response) => {
  if (request.url === '/ping') {
    if (process.env.TELL_PING === 'yes') response.on('close', () => console.log('asked'));
    response.writeHead(process.env.NEVER_HEALTHY === 'yes' ? 503 : 200, { 'content-type': 'application/json' });
    const changed = process.env.ALWAYS_UPDATED === 'yes' ? Date.now() / 1000 : 1;
    response.end(JSON.stringify({ status: busy ? 'HealthyBusy' : 'Healthy', time_of_last_update: changed }));
    return;
  }
  if (request.url === '/.well-known/agent-card.json') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name: 'test', url: process.env.AGENTCORE_RUNTIME_URL }));
    return;
  }
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  invocations += 1;
  const { prompt, file, count = 3 } = JSON.parse(body.toString());
  response.setHeader('x-internal', 'not for callers');
  switch (prompt) {
    case 'who':
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'm-1' });
      response.end(JSON.stringify({ pid: process.pid, invocations }));
      break;
    case 'request':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: body.toString() }),
      );
      break;
    case 'environment':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(process.env));
      break;
    case 'empty':
      response.writeHead(204).end();
      break;
    case 'fail':
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end('{"error":"the secret of the agent"}');
      break;
    case 'reset':
      request.socket.destroy();
      break;
    case 'crash':
      process.exit(9);
      break;
    case 'two steps':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      while (!existsSync(file)) await wait(5);
      response.end('data: 2\n\n');
      break;
    case 'die in the middle':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      await wait(30);
      process.exit(9);
      break;
    case 'wait for the caller to leave':
      response.on('close', () => writeFileSync(file, String(response.writableFinished)));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      break;
    case 'say nothing until the caller leaves':
      writeFileSync(file, 'waiting');
      response.on('close', () => writeFileSync(file, 'left'));
      break;
    case 'be lazy':
      busy = false;
      response.end('{}');
      break;
    case 'one message':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: 1\n\ndata: ${'a'.repeat(count)}\n\n`);
      break;
    case 'bytes':
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end('a'.repeat(count));
      break;
    case 'silence':
      break;
    case 'flood':
      response.writeHead(200, { 'content-type': 'text/plain' });
      for (let n = 0; n < count; n += 1) {
        if (!response.write(Buffer.alloc(65_536, 0x61))) {
          writeFileSync(file, `${n} waiting`);
          await new Promise((resolve) => response.once('drain', resolve));
        }
      }
      writeFileSync(file, `${count} done`);
      response.end();
      break;
    default:
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let n = 0; n < count; n += 1) {
        response.write(`data: {"n":${n}}\n\n`);
        await wait(5);
      }
      response.end();
  }
}).listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'));
