import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answerJson, startIssuer } from '../../test/identity/issuer.ts';
import { createFetchJson } from './fetch-json.ts';

/** What is said of an answer, with the address left out. */
async function fault(answer: RequestListener): Promise<string> {
  await using issuer = await startIssuer();
  issuer.answers.set('/document', answer);
  issuer.answers.set('/elsewhere', answerJson({ keys: [] }));
  try {
    await createFetchJson({ timeoutMs: 200, maxBytes: 1_000 })(`${issuer.url}/document`);
  } catch (thrown) {
    assert.deepEqual(issuer.requests, ['/document']);
    return String(thrown).replaceAll(issuer.url, '');
  }
  return assert.fail('it was taken');
}

test('gets a document, and asks for JSON', async () => {
  await using issuer = await startIssuer();
  const accepts: (string | undefined)[] = [];
  issuer.answers.set('/document', (request, response) => {
    accepts.push(request.headers.accept);
    answerJson({ keys: ['ä'] })(request, response);
  });
  assert.deepEqual(await createFetchJson()(`${issuer.url}/document`), { keys: ['ä'] });
  assert.deepEqual(accepts, ['application/json']);
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`does not follow a redirect with ${status}: whoever can make one would be the issuer`, async () => {
    const said = await fault((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    assert.equal(said, `Error: /document answered with status ${status}, not with 200`);
  });
}

for (const status of [201, 204, 404, 500, 503]) {
  test(`takes ${status} for no document, whatever its body`, async () => {
    const said = await fault((_request, response) => response.writeHead(status).end(status === 204 ? undefined : '{}'));
    assert.equal(said, `Error: /document answered with status ${status}, not with 200`);
  });
}

test('reads no further than allowed, of a body that says its length and of one that does not end', async () => {
  const tooLong = 'Error: /document answered with more than 1000 bytes';
  assert.equal(await fault((_request, response) => response.end(JSON.stringify('a'.repeat(1_000)))), tooLong);
  const endless = await fault((_request, response) => {
    const write = () => {
      while (response.write('a'.repeat(100)));
    };
    response.on('drain', write);
    write();
  });
  assert.equal(endless, tooLong);
});

test('counts the bytes that a compressed body becomes', async () => {
  const said = await fault((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify('a'.repeat(1_000_000))));
  });
  assert.equal(said, 'Error: /document answered with more than 1000 bytes');
});

for (const [name, answer] of [
  ['before the status', () => {}],
  ['in the middle of the body', (_request, response) => void response.write('{"keys":')],
] as const satisfies readonly (readonly [string, RequestListener])[]) {
  test(`gives up an answer that hangs ${name}`, async () => {
    assert.match(await fault(answer), /^TimeoutError: /u);
  });
}

test('fails where the connection is cut', async () => {
  assert.match(await fault((_request, response) => void response.socket?.destroy()), /^TypeError: fetch failed/u);
});

for (const body of ['', '<html>', '{"keys":']) {
  test(`takes "${body}" for no document, and does not quote it`, async () => {
    assert.equal(
      await fault((_request, response) => response.end(body)),
      'Error: /document answered with what is not JSON',
    );
  });
}
