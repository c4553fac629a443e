import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCorsSettings, readCorsSettings } from './cors-settings.ts';
import { RelayError } from './errors.ts';

function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    assert.ok(thrown instanceof RelayError);
    assert.equal(thrown.code, 'internal_error');
    assert.equal(thrown.message, 'the relay failed');
    return String(thrown.cause);
  }
  return 'none';
}

describe('the settings for other origins', () => {
  it('are none where the environment has none', () => {
    assert.equal(readCorsSettings({}), undefined);
    assert.equal(readCorsSettings({ RELAY_CORS: '' }), undefined);
  });

  it('are read from JSON, each with its port where that is not the scheme’s own', () => {
    const origins = [
      'https://app.example.com',
      'http://localhost:5173',
      'http://127.0.0.1:3000',
      'http://[::1]:3000',
      'https://xn--bcher-kva.example',
      'capacitor://localhost',
      'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb',
    ];
    const settings = { origins, credentials: true, maxAgeSeconds: 86_400 };
    assert.deepEqual(readCorsSettings({ RELAY_CORS: JSON.stringify(settings) }), settings);
    assert.deepEqual(checkCorsSettings({ origins: ['*'] }), {
      origins: ['*'],
      credentials: undefined,
      maxAgeSeconds: undefined,
    });
    assert.deepEqual(checkCorsSettings({ origins: ['*'], credentials: false, maxAgeSeconds: 0 }), {
      origins: ['*'],
      credentials: false,
      maxAgeSeconds: 0,
    });
  });

  for (const origin of [
    'null',
    '',
    'app.example.com',
    'https://',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://app.example.com?query',
    'https://app.example.com#fragment',
    'https://App.example.com',
    'HTTPS://app.example.com',
    'https://bücher.example',
    'https://app.example.com:443',
    'http://app.example.com:80',
    'http://app.example.com:0',
    'http://app.example.com:080',
    'http://app.example.com:65536',
    'https://user@app.example.com',
    'https://*.example.com',
    'https://app.example.com, https://b.example',
    ' https://app.example.com',
    'https://app.example.com\r\nx: y',
    'https://127.1',
    'http://[::1%25lo]',
    'javascript:alert(1)',
    1,
    null,
    undefined,
    ['*'],
  ]) {
    it(`refuse the origin ${JSON.stringify(origin)}`, () => {
      const expected = `RELAY_CORS has the origin ${JSON.stringify(origin)}; allowed are "*" and exact origins as a browser sends them, such as https://app.example.com: lower case, no path, no port that is the scheme's own`;
      assert.equal(
        faultOf(() => checkCorsSettings({ origins: ['https://a.example', origin] })),
        expected,
      );
    });
  }

  for (const [value, fault] of [
    [undefined, 'must be a JSON object with "origins"'],
    [[], 'must be a JSON object with "origins"'],
    ['*', 'must be a JSON object with "origins"'],
    [{}, 'needs "origins", a list of at least one'],
    [{ origins: [] }, 'needs "origins", a list of at least one'],
    [{ origins: '*' }, 'needs "origins", a list of at least one'],
    [{ origins: ['*', 'https://a.example'] }, 'has "*" beside other origins; it is allowed alone'],
    [
      { origins: ['*'], credentials: true },
      'has "*" with credentials: any page could act as its visitor; name the origins',
    ],
    [{ origins: ['https://a.example'], credentials: 'true' }, 'has "credentials" that are no boolean'],
    [{ origins: ['https://a.example'], maxAgeSeconds: -1 }, maxAgeFault()],
    [{ origins: ['https://a.example'], maxAgeSeconds: 86_401 }, maxAgeFault()],
    [{ origins: ['https://a.example'], maxAgeSeconds: 1.5 }, maxAgeFault()],
    [{ origins: ['https://a.example'], maxAgeSeconds: '600' }, maxAgeFault()],
    [{ origin: ['*'] }, 'has "origin", which is none of origins, credentials, maxAgeSeconds'],
  ] as const) {
    it(`refuse ${JSON.stringify(value)}`, () => {
      assert.equal(
        faultOf(() => checkCorsSettings(value)),
        `RELAY_CORS ${fault}`,
      );
    });
  }

  it('refuse an environment that is no JSON', () => {
    assert.equal(
      faultOf(() => readCorsSettings({ RELAY_CORS: 'https://a.example' })),
      'RELAY_CORS must be a JSON object with "origins"',
    );
  });
});

function maxAgeFault(): string {
  return 'has a "maxAgeSeconds" that is not a whole number from 0 to 86400';
}
