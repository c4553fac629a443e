/** Preloaded into every Node process on Windows: ends it, and what it started, when its parent is gone, even by `kill -9`. */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { parentPipeVariable } from './parent-pipe.ts';

const descriptor = process.env[parentPipeVariable];
// Workers and processes that the child starts inherit its flags: they must not take this pipe for theirs.
delete process.env[parentPipeVariable];

if (descriptor !== undefined && isMainThread) {
  const pipe = Number(descriptor);
  const parent = new Socket({ fd: pipe, readable: true, writable: false });
  parent.on('error', endGroup);
  parent.on('close', endGroup);
  parent.resume();
  parent.unref();
  // The parent's end may make the child fail before it is noticed here: what the child started must go all the same.
  process.on('exit', () => {
    if (hasEnded(pipe)) {
      endGroup();
    }
  });
}

function hasEnded(pipe: number): boolean {
  try {
    return readSync(pipe, Buffer.alloc(1)) === 0;
  } catch (error) {
    // EAGAIN: open, and nothing to read.
    return !(error instanceof Error && 'code' in error && error.code === 'EAGAIN');
  }
}

function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.exit(1);
  }
}
