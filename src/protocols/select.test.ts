import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RelayError } from '../errors.ts';
import { defaultProtocols } from './default-protocols.ts';
import type { LazyProtocol } from './lazy-protocol.ts';
import { ndjson } from './ndjson.ts';
import { original } from './original.ts';
import type { EventProtocol, Protocol } from './protocol.ts';
import { createRoutes } from './select.ts';
import { transformed } from './transformed.ts';

describe('the list of the package’s protocols', () => {
  const lazies = defaultProtocols.filter((protocol) => 'load' in protocol);

  it('has the relay’s own formats in it, and says of the others where their clients post', () => {
    assert.deepEqual(
      defaultProtocols.map((protocol) => ('load' in protocol ? protocol.name : protocol)),
      [original, transformed, ndjson, 'ui-message', 'ag-ui', 'openai-chat', 'openai-responses'],
    );
  });

  for (const lazy of lazies) {
    it(`says what the protocol says itself once it is loaded: ${lazy.name}`, async () => {
      const { name, endpoint } = await lazy.load();
      const { path, methods } = endpoint;
      assert.deepEqual({ name, endpoint: { path, methods } }, { name: lazy.name, endpoint: lazy.endpoint });
    });

    it(`has the protocol loaded for every path that it answers without the agent: ${lazy.name}`, async () => {
      const protocol = await lazy.load();
      const answers = (path: string) => protocol.answerDirectly?.({ method: 'GET', path }) !== undefined;
      const paths = ['/v1/models', '/v1/models/agent', ...lazies.map(({ endpoint }) => `${endpoint.path}/c/stream`)];
      const routes = createRoutes([lazy]);
      const answered = paths.filter(answers);
      for (const path of answered) {
        assert.notEqual(await routes.answerDirectly({ method: 'GET', path }), undefined, path);
      }
      assert.equal(lazy.answersDirectly !== undefined, answered.length > 0);
    });
  }
});

/** Offers a protocol and counts how often it is loaded; `failures` of the first loads do not succeed. */
function offer(protocol: Protocol, { answersDirectly, failures = 0 }: Offer = {}): LazyProtocol & { loads(): number } {
  let loads = 0;
  return {
    name: protocol.name,
    endpoint: { path: protocol.endpoint.path, methods: protocol.endpoint.methods },
    answersDirectly,
    load: async () => {
      loads += 1;
      if (loads <= failures) throw new TypeError(`Cannot find module '/var/task/${protocol.name}.mjs'`);
      return { ...protocol };
    },
    loads: () => loads,
  };
}

interface Offer {
  readonly answersDirectly?: readonly string[];
  readonly failures?: number;
}

/** A protocol that answers whatever path it is asked about. */
const talkative: EventProtocol = {
  ...ndjson,
  name: 'talkative',
  endpoint: { ...ndjson.endpoint, path: '/talk' },
  answerDirectly: ({ path }) => ({ status: 200, headers: {}, body: path }),
};

describe('a lazy protocol', () => {
  it('is found by its path without being loaded, and loaded once however many ask', async () => {
    const lazy = offer(ndjson);
    const route = createRoutes([lazy]).find('/');
    assert.deepEqual([route?.endpoint, lazy.loads()], [lazy.endpoint, 0]);
    const [first, second] = await Promise.all([route?.load(), route?.load()]);
    assert.equal(first?.name, 'ndjson');
    assert.equal(second, first);
    assert.equal(await route?.loadOutput(undefined), first);
    assert.equal(await route?.loadOutput('ndjson'), first);
    assert.equal(lazy.loads(), 1);
  });

  it('is left where it is when another one writes the answer', async () => {
    const [reader, writer, other] = [offer(original), offer(ndjson), offer(talkative)];
    const route = createRoutes([reader, writer, other]).find('/');
    assert.equal((await route?.loadOutput('ndjson'))?.name, 'ndjson');
    await assert.rejects(async () => route?.loadOutput('xml'), {
      code: 'invalid_response_format',
      message: '"response" must be one of "original", "ndjson", "talkative", got "xml"',
    });
    assert.deepEqual([reader.loads(), writer.loads(), other.loads()], [0, 1, 0]);
  });

  it('is loaded for the paths that it answers itself, and for no other', async () => {
    const lazy = offer(talkative, { answersDirectly: ['/about', '/all/'] });
    const { answerDirectly } = createRoutes([offer(ndjson), lazy]);
    const ask = async (path: string) => (await answerDirectly({ method: 'GET', path }))?.body;
    const others = ['/', '/About', '/about/', '/about/x', '/all', '/x/all/'];
    assert.deepEqual(
      await Promise.all(others.map(ask)),
      others.map(() => undefined),
    );
    assert.equal(lazy.loads(), 0);
    assert.deepEqual(await Promise.all(['/about', '/all/', '/all/x/y'].map(ask)), ['/about', '/all/', '/all/x/y']);
    assert.equal(lazy.loads(), 1);
  });

  it('that cannot be loaded is an internal error, and is loaded anew by who asks next', async () => {
    const lazy = offer(talkative, { answersDirectly: ['/about'], failures: 2 });
    const routes = createRoutes([lazy]);
    const route = routes.find('/talk');
    const isInternal = (thrown: unknown) =>
      thrown instanceof RelayError &&
      thrown.code === 'internal_error' &&
      !thrown.message.includes('/var/task') &&
      String(thrown.cause).includes('/var/task/talkative.mjs');
    await assert.rejects(async () => route?.load(), isInternal);
    await assert.rejects(routes.answerDirectly({ method: 'GET', path: '/about' }), isInternal);
    const loaded = await route?.load();
    assert.equal(loaded?.name, 'talkative');
    assert.equal(await route?.load(), loaded);
    assert.equal(lazy.loads(), 3);
  });

  it('whose loading throws at once is one that cannot be loaded', async () => {
    let loads = 0;
    const load = () => {
      loads += 1;
      if (loads === 1) throw new TypeError('not yet');
      return Promise.resolve(ndjson);
    };
    const route = createRoutes([{ name: 'ndjson', endpoint: ndjson.endpoint, load }]).find('/');
    await assert.rejects(async () => route?.load(), { code: 'internal_error' });
    assert.equal(await route?.load(), ndjson);
  });

  it('stands beside those that are there already', async () => {
    const routes = createRoutes([original, offer(ndjson), talkative]);
    assert.equal(await routes.find('/')?.load(), original);
    assert.equal((await routes.find('/')?.loadOutput('ndjson'))?.name, 'ndjson');
    assert.equal((await routes.answerDirectly({ method: 'GET', path: '/any' }))?.body, '/any');
    assert.equal(routes.find('/nowhere'), undefined);
  });
});
