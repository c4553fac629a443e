// oxlint-disable-next-line no-unused-vars -- CloudFront calls it by its name
function handler(event) {
  const request = event.request;
  if (request.uri === '/teapot') {
    return { statusCode: 418, statusDescription: "I'm a teapot", headers: { 'x-from': { value: 'viewer function' } } };
  }
  delete request.headers['x-relay-authorization'];
  if (request.headers.authorization) {
    request.headers['x-relay-authorization'] = { value: request.headers.authorization.value };
  }
  return request;
}
