import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** What an id is made of. Each alone would do on a machine that was never copied. */
export interface RandomSources {
  /** Fills with what the process's own generator gives. */
  fillFromProcess(bytes: Uint8Array): void;
  /**
   * Fills with what the kernel gives at this moment.
   *
   * @returns How many bytes it filled; 0 where the system has no such source.
   */
  fillFromKernel(bytes: Uint8Array): number;
  /** What goes on while the process does, such as clocks. */
  readClocks(): string;
}

/**
 * Creates what makes ids: UUIDs of version 4 (RFC 9562, 5.4) that do not repeat where a snapshot of the process, taken after
 * its start, is restored many times.
 */
export function createNewId(sources: RandomSources = processSources): () => string {
  const fromProcess = new Uint8Array(32);
  const fromKernel = new Uint8Array(32);
  return () => {
    sources.fillFromProcess(fromProcess);
    const kernelBytes = sources.fillFromKernel(fromKernel);
    const bytes = createHash('sha256')
      .update('agentcore-relay id v1\0')
      .update(fromProcess)
      .update(fromKernel.subarray(0, kernelBytes))
      .update(sources.readClocks())
      .digest();
    return formatUuid(bytes);
  };
}

const processSources: RandomSources = {
  fillFromProcess: (bytes) => void randomFillSync(bytes),
  fillFromKernel(bytes) {
    let file: number | undefined;
    try {
      file = openSync('/dev/urandom', 'r');
      return readSync(file, bytes);
    } catch {
      return 0;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  },
  readClocks: () => `${process.pid} ${Date.now()} ${process.hrtime.bigint()}`,
};

function formatUuid(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
