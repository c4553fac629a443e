import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CorsSettings } from '../settings.ts';
import { decideCors } from './cors.ts';
import type { CorsDecision } from './cors.ts';

const app = 'https://app.example.com';
const listed: CorsSettings = { origins: [app, 'capacitor://localhost'] };
const withCredentials: CorsSettings = { origins: [app], credentials: true, maxAgeSeconds: 0 };
const everyone: CorsSettings = { origins: ['*'] };
const host = 'relay.example.com';

function decide(settings: CorsSettings | undefined, headers: Record<string, string>, method = 'POST'): CorsDecision {
  return decideCors(settings, { method, headers: { host, ...headers } }, ['GET', 'POST']);
}

const refused: CorsDecision = { kind: 'refused' };
const own: CorsDecision = { kind: 'allowed', headers: {} };
const exposed = 'allow, retry-after, www-authenticate, x-request-id, x-runtime-session-id, x-should-retry';
const readable = (origin: string): CorsDecision => ({
  kind: 'allowed',
  headers: { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed },
});

describe('a request without settings for other origins', () => {
  for (const [name, headers, method] of [
    ["the relay's own page", { 'sec-fetch-site': 'same-origin', origin: `https://${host}` }],
    ["the relay's own page, which CloudFront calls by another host", { 'sec-fetch-site': 'same-origin', origin: app }],
    ["the relay's own page that only reads", { 'sec-fetch-site': 'same-origin' }, 'GET'],
    ['the address bar', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 'GET'],
    ["the relay's own page in a browser without Sec-Fetch-Site", { origin: `https://${host}` }],
    ["the relay's own page behind what takes TLS off", { origin: `http://${host}` }],
    ['curl', {}],
    ['curl that reads', {}, 'GET'],
  ] as const) {
    it(`passes, with no header added, from ${name}`, () => {
      assert.deepEqual(decide(undefined, headers, method), own);
    });
  }

  const otherSites = ['cross-site', 'same-site'] as const;
  for (const [name, headers, method] of [
    ['a fetch with text/plain', { origin: 'https://evil.example', 'content-type': 'text/plain' }],
    ['a form', { origin: 'https://evil.example', 'sec-fetch-mode': 'navigate' }],
    ['a form in a sandboxed frame', { origin: 'null', 'sec-fetch-mode': 'navigate' }],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 'GET'],
    ['a link', { 'sec-fetch-mode': 'navigate', 'sec-fetch-user': '?1' }, 'GET'],
    ['a preflight', { origin: 'https://evil.example', 'access-control-request-method': 'POST' }, 'OPTIONS'],
    ['a page that claims to be the own one', { origin: `https://${host}` }],
  ] as const) {
    for (const site of otherSites) {
      it(`is refused where it is ${name}, ${site}`, () => {
        assert.deepEqual(decide(undefined, { ...headers, 'sec-fetch-site': site }, method), refused);
        assert.deepEqual(decide(listed, { ...headers, 'sec-fetch-site': site }, method), refused);
      });
    }
  }

  for (const [name, headers] of [
    ['another origin', { origin: 'https://evil.example' }],
    ['no origin of anybody', { origin: 'null' }],
    ['an origin that begins as the own one', { origin: `https://${host}.evil.example` }],
    ['an origin that ends as the own one', { origin: `https://evil-${host}` }],
    ['another port', { origin: `https://${host}:8443` }],
    ['a user of another host', { origin: `https://${host}@evil.example` }],
    ['another scheme', { origin: `capacitor://${host}` }],
    ['two origins', { origin: `https://${host}, https://evil.example` }],
    ['an empty origin', { origin: '' }],
    ['a word that is no site', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['a site of a later specification', { 'sec-fetch-site': 'same-galaxy', origin: `https://${host}` }],
    ['an opaque origin of the same site', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
  ] as const) {
    it(`is refused where it names ${name}`, () => {
      assert.deepEqual(decide(undefined, headers), refused);
    });
  }

  it('is refused with an origin where no host is known', () => {
    assert.deepEqual(decideCors(undefined, { method: 'POST', headers: { origin: app } }, ['POST']), refused);
  });

  it('knows its own origin with and without the port that is the default', () => {
    const decideFor = (ownHost: string, origin: string) =>
      decideCors(undefined, { method: 'POST', headers: { host: ownHost, origin } }, ['POST']).kind;
    assert.equal(decideFor('127.0.0.1:8080', 'http://127.0.0.1:8080'), 'allowed');
    assert.equal(decideFor('127.0.0.1:8080', 'http://127.0.0.1'), 'refused');
    assert.equal(decideFor('Relay.Example.com', 'https://relay.example.com'), 'allowed');
    assert.equal(decideFor('relay.example.com:443', 'https://relay.example.com'), 'allowed');
    assert.equal(decideFor('relay.example.com:443', 'http://relay.example.com'), 'refused');
    assert.equal(decideFor('[::1]:8080', 'http://[::1]:8080'), 'allowed');
  });
});

describe('a request of a listed origin', () => {
  it('may be sent, and its answer read, by that very origin', () => {
    for (const origin of listed.origins) {
      for (const headers of [{ origin }, { origin, 'sec-fetch-site': 'cross-site' }, { origin, cookie: 'a=b' }]) {
        assert.deepEqual(decide(listed, headers), readable(origin));
      }
    }
    for (const origin of [
      `${app}.evil.example`,
      'http://app.example.com',
      `${app}:444`,
      'null',
      '*',
      app.slice(0, -1),
    ]) {
      assert.deepEqual(decide(listed, { origin, 'sec-fetch-site': 'cross-site' }), refused, origin);
    }
  });

  it('may come with what the browser holds, where the settings say so', () => {
    assert.deepEqual(decide(withCredentials, { origin: app }), {
      kind: 'allowed',
      headers: {
        vary: 'origin',
        'access-control-allow-origin': app,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': exposed,
      },
    });
  });

  it('says to caches that others get something else', () => {
    const varies: CorsDecision = { kind: 'allowed', headers: { vary: 'origin' } };
    assert.deepEqual(decide(listed, {}), varies);
    assert.deepEqual(decide(listed, { origin: `https://${host}` }), varies);
    assert.deepEqual(decide(withCredentials, { 'sec-fetch-site': 'same-origin', origin: 'https://x.example' }), varies);
  });

  it('is answered before it is sent, with what clients send and nothing else', () => {
    const preflight = {
      origin: app,
      'sec-fetch-site': 'cross-site',
      'access-control-request-method': 'POST',
      'access-control-request-headers':
        'authorization,content-type, X-Stainless-Runtime-Version,x-stainless-os,openai-beta,idempotency-key,user-agent,x-session-id,x-openwebui-chat-id,last-event-id,x-api-key,x-relay-authorization,x-forwarded-for,cookie,*,authorization,a\r\nb',
      'access-control-request-private-network': 'true',
    };
    assert.deepEqual(decide(listed, preflight, 'OPTIONS'), {
      kind: 'preflight',
      answer: {
        status: 204,
        headers: {
          vary: 'origin, access-control-request-method, access-control-request-headers',
          'access-control-allow-origin': app,
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers':
            'authorization, content-type, x-stainless-runtime-version, x-stainless-os, openai-beta, idempotency-key, user-agent, x-session-id, x-openwebui-chat-id, last-event-id, x-api-key',
          'access-control-max-age': '600',
        },
        body: '',
      },
    });
    const plain = { origin: app, 'access-control-request-method': 'DELETE' };
    assert.deepEqual(decide(withCredentials, plain, 'OPTIONS'), {
      kind: 'preflight',
      answer: {
        status: 204,
        headers: {
          vary: 'origin, access-control-request-method, access-control-request-headers',
          'access-control-allow-origin': app,
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'GET, POST',
          'access-control-max-age': '0',
        },
        body: '',
      },
    });
  });

  it('is no preflight where it asks for nothing, or comes from no page', () => {
    assert.deepEqual(decide(listed, { origin: app }, 'OPTIONS'), readable(app));
    assert.deepEqual(decide(listed, { 'access-control-request-method': 'POST' }, 'OPTIONS'), {
      kind: 'allowed',
      headers: { vary: 'origin' },
    });
    assert.deepEqual(decide(listed, { origin: app, 'access-control-request-method': 'POST' }), readable(app));
  });
});

describe('a request where every origin may call', () => {
  it('may be sent and its answer read by any page, without naming it', () => {
    for (const origin of [app, 'null', 'https://evil.example']) {
      const headers = { origin, 'sec-fetch-site': 'cross-site', authorization: 'Bearer relay_x' };
      assert.deepEqual(decide(everyone, headers), readable('*'));
    }
  });

  it('is refused with what a browser adds by itself: any page could act as its visitor', () => {
    for (const credentials of [
      { authorization: 'Basic YTpi' },
      { authorization: ' basic YTpi' },
      { authorization: 'Digest username="a"' },
      { authorization: 'NTLM TlRMTVNT' },
      { authorization: 'negotiate YII' },
      { cookie: 'id=1' },
    ]) {
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', ...credentials };
      assert.deepEqual(decide(everyone, headers), refused, JSON.stringify(credentials));
      const ownPage = { origin: `https://${host}`, 'sec-fetch-site': 'same-origin', ...credentials };
      assert.equal(decide(everyone, ownPage).kind, 'allowed');
    }
  });

  it('is refused where it is a link or an image of another site, which names no page', () => {
    assert.deepEqual(decide(everyone, { 'sec-fetch-site': 'cross-site' }, 'GET'), refused);
  });
});

describe('the decision about origins', () => {
  const header = fc.oneof(
    fc.constantFrom(
      'null',
      '*',
      '',
      app,
      `https://${host}`,
      'https://evil.example',
      'cross-site',
      'same-origin',
      'a\r\nb',
    ),
    fc.string({ maxLength: 30 }),
  );
  const names = ['origin', 'sec-fetch-site', 'host', 'cookie', 'authorization', 'access-control-request-method'];
  const headers = fc.dictionary(fc.constantFrom(...names, 'access-control-request-headers'), header);
  const settings = fc.constantFrom(undefined, listed, withCredentials, everyone);

  it('never allows credentials to every origin, and never repeats an origin that is not listed', () => {
    fc.assert(
      fc.property(settings, headers, fc.constantFrom('GET', 'POST', 'OPTIONS'), (settings, headers, method) => {
        const decision = decideCors(settings, { method, headers }, ['POST']);
        if (decision.kind === 'refused') return;
        const given = decision.kind === 'preflight' ? decision.answer.headers : decision.headers;
        const origin = given['access-control-allow-origin'];
        if (origin === '*') assert.equal(given['access-control-allow-credentials'], undefined);
        if (origin !== undefined) assert.ok(settings?.origins.includes(origin));
        for (const value of Object.values(given)) assert.match(value, /^[\x20-\x7e]*$/u);
        if (settings === undefined) assert.deepEqual(given, {});
      }),
      { numRuns: 500 },
    );
  });

  it('never lets a page of another site go on that is not listed', () => {
    fc.assert(
      fc.property(headers, fc.constantFrom('cross-site', 'same-site'), (headers, site) => {
        fc.pre(headers['origin'] !== app);
        assert.deepEqual(decide(withCredentials, { ...headers, 'sec-fetch-site': site }), refused);
        assert.deepEqual(decide(undefined, { ...headers, 'sec-fetch-site': site }), refused);
      }),
    );
  });

  it("takes Node's own fetch for no browser", async () => {
    const seen: CorsDecision[] = [];
    const server = createServer((request, response) => {
      const entries = Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]);
      const headers = Object.fromEntries(entries) as Record<string, string>;
      seen.push(decideCors(undefined, { method: request.method ?? '', headers }, ['POST']));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    for (const method of ['GET', 'POST']) await (await fetch(url, { method })).text();
    server.closeAllConnections();
    server.close();
    assert.deepEqual(seen, [own, own]);
  });
});
