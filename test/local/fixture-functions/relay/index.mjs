/** A relay that shows its event (GET), echoes its body in two parts (POST), and fails when it is told to. */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const ask = event.headers['x-fixture-relay'];
  if (ask === 'throw') {
    throw new Error('the relay was told to throw');
  }
  const stream = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer', 'X-Fixture': 'mine' },
    cookies: ['a=1; Path=/', 'b=2'],
  });
  if (event.requestContext.http.method === 'GET') {
    stream.write(JSON.stringify(event));
    stream.end();
    return;
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  stream.write(body.subarray(0, body.length / 2));
  if (ask === 'silent') {
    await pause(4000);
  }
  stream.write(body.subarray(body.length / 2));
  stream.end();
});
