import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeployedBehaviour } from '../template/deployment.ts';
import { selectBehaviour } from './behaviours.ts';

test('takes the first behaviour whose pattern matches, wildcards and case as CloudFront reads them', () => {
  const behaviours = ['/v1/*', 'img/a?.png', '/exact.json', '*'].map(
    (pathPattern) => ({ pathPattern }) as DeployedBehaviour,
  );
  const paths = ['/v1/chat', '/V1/chat', '/v1', '/img/ab.png', '/img/abc.png', '/exact.json', '/exactXjson', '/'];
  assert.deepEqual(
    paths.map((path) => [path, selectBehaviour(behaviours, path).pathPattern]),
    [
      ['/v1/chat', '/v1/*'],
      ['/V1/chat', '*'],
      ['/v1', '*'],
      ['/img/ab.png', 'img/a?.png'],
      ['/img/abc.png', '*'],
      ['/exact.json', '/exact.json'],
      ['/exactXjson', '*'],
      ['/', '*'],
    ],
  );
});
