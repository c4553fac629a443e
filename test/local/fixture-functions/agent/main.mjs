/** An agent that answers one event; the local chain's own tests never invoke it. */
import { createServer } from 'node:http';

createServer((request, response) => {
  response.setHeader('content-type', request.url === '/ping' ? 'application/json' : 'text/event-stream');
  response.end(request.url === '/ping' ? '{"status":"Healthy"}' : 'data: {}\n\n');
}).listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
