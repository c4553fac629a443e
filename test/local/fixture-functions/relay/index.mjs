/**
 * A relay without an agent: shows its event (GET), and echoes its body in two halves (POST). `x-fixture-relay` tells it
 * to fail, to refuse, or to hold at a point until the test (`FIXTURE_URL`) lets it go on.
 */
const tell = (point) => fetch(`${process.env.FIXTURE_URL}/${point}`);

export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const ask = event.headers['x-fixture-relay'];
  if (ask === 'throw') {
    throw new Error('the relay was told to throw');
  }
  if (ask === 'hold-status') {
    await tell('status');
  }
  const stream = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: ask === 'refuse' ? 401 : 200,
    headers: {
      'Content-Type': 'application/json',
      'WWW-Authenticate': 'Bearer',
      'X-Fixture': 'mine',
      'X-Fixture-Pid': String(process.pid),
    },
    cookies: ['a=1; Path=/', 'b=2'],
  });
  if (event.requestContext.http.method === 'GET') {
    stream.write(JSON.stringify(event));
    stream.end();
    return;
  }
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  stream.write(body.subarray(0, body.length / 2));
  if (ask === 'hold-middle') {
    await tell('middle');
  }
  stream.write(body.subarray(body.length / 2));
  stream.end();
  if (ask === 'hold-middle') {
    await tell('end');
  }
});
