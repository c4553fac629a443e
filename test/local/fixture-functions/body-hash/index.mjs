import { createHash } from 'node:crypto';

export async function handler(event) {
  const { request } = event.Records[0].cf;
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
