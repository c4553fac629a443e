import { crypto } from '../builtin-crypto.ts';

/**
 * Without an `import` of `node:fs`: from an ES module, that reads everything that it exports, `promises` among it, which loads a
 * dozen more of Node's modules and takes half a millisecond.
 */
const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs');

/** What an id is made of. In a process that was never copied the first one alone would do. */
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
 * Creates what makes ids: UUIDs of version 4 (RFC 9562, 5.4), some 10 microseconds each, that do not repeat where a snapshot
 * of the process is restored many times, as platforms do to start faster (AgentCore's developer guide, "Optimize your agent
 * for Runtime V2"; Lambda's, "Handling uniqueness with SnapStart").
 *
 * `crypto.randomUUID()` would: it takes from 128 ids' worth of bytes drawn ahead (Node 24, `lib/internal/crypto/random.js`).
 * Without that cache the bytes are OpenSSL's, whose generator keeps its state in the process's memory, and so in the
 * snapshot, until it is seeded anew. So the kernel is asked each time, which is told that its machine was copied (Linux 5.18,
 * `drivers/virt/vmgenid.c`), and clocks are mixed in for where it is not. One source that differs is enough.
 */
export function createNewId(sources: RandomSources = processSources): () => string {
  const fromProcess = new Uint8Array(32);
  const fromKernel = new Uint8Array(32);
  return () => {
    sources.fillFromProcess(fromProcess);
    const kernelBytes = sources.fillFromKernel(fromKernel);
    const bytes = crypto
      .createHash('sha256')
      .update('agentcore-relay id v1\0')
      .update(fromProcess)
      .update(fromKernel.subarray(0, kernelBytes))
      .update(sources.readClocks())
      .digest();
    return formatUuid(bytes);
  };
}

const processSources: RandomSources = {
  fillFromProcess: (bytes) => void crypto.randomFillSync(bytes),
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
