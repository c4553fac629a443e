/** Preloaded into every child process: ends it, and what it started, when its parent is gone, even by `kill -9`. */
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { parentPipeVariable } from './parent-pipe.ts';

const descriptor = process.env[parentPipeVariable];
// Workers and processes that the child starts inherit its flags: they must not take this pipe for theirs.
delete process.env[parentPipeVariable];

if (descriptor !== undefined && isMainThread) {
  const parent = new Socket({ fd: Number(descriptor), readable: true, writable: false });
  parent.on('error', endGroup);
  parent.on('close', endGroup);
  parent.resume();
  parent.unref();
}

function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.exit(1);
  }
}
