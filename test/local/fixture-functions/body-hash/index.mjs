import { createHash } from 'node:crypto';

export async function handler(event) {
  const { config, request, response } = event.Records[0].cf;
  return config.eventType === 'origin-response' ? renameChallenge(request, response) : hashBody(request);
}

function hashBody(request) {
  const ask = request.headers['x-fixture-edge']?.[0]?.value;
  if (ask === 'throw') {
    throw new Error('the edge function was told to throw');
  }
  if (ask === 'bad-header') {
    request.headers['x-cache'] = [{ key: 'X-Cache', value: 'no' }];
  }
  if (request.body.inputTruncated) {
    return {
      status: '413',
      statusDescription: 'Payload Too Large',
      headers: { 'content-type': [{ key: 'Content-Type', value: 'application/json' }] },
      body: '{"error":"too large"}',
    };
  }
  if (ask !== 'no-hash') {
    const hash = createHash('sha256').update(Buffer.from(request.body.data, 'base64')).digest('hex');
    request.headers['x-amz-content-sha256'] = [{ key: 'x-amz-content-sha256', value: hash }];
  }
  return request;
}

function renameChallenge(request, response) {
  const ask = request.headers['x-fixture-edge-response']?.[0]?.value;
  const { 'x-amzn-remapped-www-authenticate': challenge, ...headers } = response.headers;
  if (ask === 'throw') {
    throw new Error('the edge function was told to throw');
  }
  if (ask === 'no-transfer-encoding') {
    delete headers['transfer-encoding'];
  }
  if (ask === 'body') {
    return { status: '418', statusDescription: 'Teapot', headers, body: 'bXkgb3du', bodyEncoding: 'base64' };
  }
  if (challenge !== undefined) {
    headers['www-authenticate'] = challenge.map(({ value }) => ({ key: 'WWW-Authenticate', value }));
  }
  headers['x-seen'] = [{ value: JSON.stringify({ ...response, headers: undefined, body: request.body }) }];
  return { ...response, headers };
}
