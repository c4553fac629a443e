import { createHash } from 'node:crypto';

export async function handler(event) {
  const { request } = event.Records[0].cf;
  const value = createHash('sha256').update(Buffer.from(request.body.data, 'base64')).digest('hex');
  request.headers['x-amz-content-sha256'] = [{ key: 'x-amz-content-sha256', value }];
  return request;
}
