/** Shows what it was given in its first piece, and sends the second only when the viewer (`FIXTURE_URL`) has that one. */
export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const stream = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: 200,
    headers: { 'Content-Type': 'application/x-ndjson' },
  });
  const { GREETING, STAGE, FIXTURE_URL } = process.env;
  const { 'x-from-edge': fromEdge, 'x-stage': fromOrigin } = event.headers;
  stream.write(`${JSON.stringify({ GREETING, STAGE, fromEdge, fromOrigin, body: event.body })}\n`);
  if (FIXTURE_URL !== undefined) {
    await fetch(`${FIXTURE_URL}/middle`);
  }
  stream.end('{"done":true}\n');
});
