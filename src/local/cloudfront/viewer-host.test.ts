import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isViewerHost } from './viewer-host.ts';

describe('the host that a viewer asks for', () => {
  const domainName = 'd111111abcdef8.cloudfront.net';

  for (const [host, isAnswered] of [
    [undefined, true],
    ['localhost', true],
    ['LOCALHOST:8787', true],
    ['app.localhost', true],
    ['127.0.0.1:80', true],
    ['127.8.9.1', true],
    ['[::1]:8787', true],
    [domainName, true],
    ['D111111abcdef8.cloudfront.net:443', true],
    ['Chat.example.com', true],
    ['a.example.net:443', true],
    ['example.net', false],
    ['x.chat.example.com', false],
    ['', false],
    ['evil.example', false],
    ['evil.example:8787', false],
    ['localhost.evil.example', false],
    ['evil-localhost', false],
    ['127.0.0.1.evil.example', false],
    ['10.0.0.1', false],
    [`x.${domainName}`, false],
    ['localhost, evil.example', false],
  ] as const) {
    it(`is ${isAnswered ? 'its own' : "another's"}: ${String(host)}`, () => {
      assert.equal(isViewerHost(host, [domainName, 'chat.example.com', '*.example.net']), isAnswered);
    });
  }
});
