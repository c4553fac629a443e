import assert from 'node:assert/strict';

import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { watchFiles } from './watch-files.ts';

/** A folder that is watched, with a file at the beginning. */
interface Watched extends Disposable {
  readonly folder: string;
  /** Writes a file, with the folders above it. */
  write(file: string, text: string): void;
  /** The files that are told next. */
  next(): Promise<readonly string[]>;
}

function watchFolder(counts: (file: string) => boolean = () => true): Watched {
  const folder = mkdtempSync(path.join(tmpdir(), 'watch-files-'));
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  write('src/a.ts', 'a');
  write('src/deep/b.ts', 'b');
  const changes = new EventEmitter();
  const queue: (readonly string[])[] = [];
  const watched = watchFiles({
    folder,
    counts,
    quietMs: 50,
    onChange: (files) => {
      queue.push([...files].sort());
      changes.emit('change');
    },
    onFault: (sentence) => assert.fail(sentence),
  });
  return {
    folder,
    write,
    next: async () => {
      while (queue.length === 0) {
        await once(changes, 'change');
      }
      return queue.shift() ?? [];
    },
    [Symbol.dispose]: () => {
      watched.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test('tells what has changed, come and gone, once for all of what comes together', async () => {
  using watched = watchFolder();
  watched.write('src/a.ts', 'changed');
  watched.write('src/deep/new.ts', 'new');
  rmSync(path.join(watched.folder, 'src/deep/b.ts'));
  assert.deepEqual(await watched.next(), ['src/a.ts', 'src/deep/b.ts', 'src/deep/new.ts']);
});

test('sees files in folders that have come, and in those that were removed and made again', async () => {
  using watched = watchFolder();
  watched.write('lib/one/two/c.ts', 'c');
  assert.deepEqual(await watched.next(), ['lib/one/two/c.ts']);
  watched.write('lib/one/two/c.ts', 'changed');
  assert.deepEqual(await watched.next(), ['lib/one/two/c.ts']);
  rmSync(path.join(watched.folder, 'lib'), { recursive: true });
  watched.write('lib/one/two/c.ts', 'again');
  assert.deepEqual(await watched.next(), ['lib/one/two/c.ts']);
  watched.write('lib/one/two/c.ts', 'and again');
  assert.deepEqual(await watched.next(), ['lib/one/two/c.ts']);
});

test('tells of a folder that has gone what was in it', async () => {
  using watched = watchFolder();
  renameSync(path.join(watched.folder, 'src'), path.join(watched.folder, '..', path.basename(watched.folder) + '-src'));
  assert.deepEqual(await watched.next(), ['src/a.ts', 'src/deep/b.ts']);
  rmSync(path.join(watched.folder, '..', path.basename(watched.folder) + '-src'), { recursive: true });
});

test('tells nothing of a file that is written again as it was, or that is gone before anybody looks', async () => {
  using watched = watchFolder();
  watched.write('src/a.ts', 'changed');
  assert.deepEqual(await watched.next(), ['src/a.ts']);
  watched.write('src/a.ts', 'changed');
  watched.write('src/4913', 'an editor tries whether it may write');
  rmSync(path.join(watched.folder, 'src/4913'));
  watched.write('src/last.ts', 'last');
  assert.deepEqual(await watched.next(), ['src/last.ts']);
});

test('neither tells nor enters what does not count, and follows no link', async () => {
  const asked: string[] = [];
  using watched = watchFolder((file) => {
    asked.push(file);
    return !file.split('/').includes('node_modules');
  });
  watched.write('node_modules/x/index.js', 'x');
  symlinkSync(watched.folder, path.join(watched.folder, 'src/loop'));
  watched.write('src/z.ts', 'z');
  assert.deepEqual(await watched.next(), ['src/loop', 'src/z.ts']);
  assert.deepEqual(
    asked.filter((file) => file.startsWith('node_modules/') || file.startsWith('src/loop/')),
    [],
  );
});

test('says in a sentence that there is nothing to watch', () => {
  const options = { quietMs: 20, counts: () => true, onChange: () => undefined, onFault: () => undefined };
  assert.throws(() => watchFiles({ ...options, folder: '/no/such/folder' }), {
    name: 'LocalChainError',
    message: /^"\/no\/such\/folder" cannot be watched: ENOENT/u,
  });
});
