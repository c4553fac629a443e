import { createBandwidth } from './bandwidth.ts';
import type { LambdaClock } from './lambda-clock.ts';
import { maxPayloadBytes, maxStreamedBytes, payloadTooLarge } from './payload-size.ts';
import type { SandboxBytes } from './sandbox.ts';

/** Holds a streamed answer, its prelude included, to Lambda's size and bandwidth. What is discarded is not held back. */
export function limitStream(bytes: SandboxBytes, clock: LambdaClock): SandboxBytes {
  const bandwidth = createBandwidth(() => clock.nowMs());
  const counted = limitSize(bytes, maxStreamedBytes);
  return {
    next: async () => {
      const chunk = await counted.next();
      const length = chunk?.length ?? 0;
      for (let passed = 0; passed < length; passed += bandwidth.maxBytes) {
        const waitMs = bandwidth.take(Math.min(bandwidth.maxBytes, length - passed));
        if (waitMs > 0) {
          await clock.wait(waitMs);
        }
      }
      return chunk;
    },
    discard: () => bytes.discard(),
  };
}

/**
 * Waits for the whole of a streamed answer, as an invocation does that does not stream.
 *
 * @throws LambdaFunctionError where the function fails, or answers with more than 6 MB
 */
export async function collectPayload(bytes: SandboxBytes): Promise<Uint8Array> {
  const counted = limitSize(bytes, maxPayloadBytes);
  const chunks: Uint8Array[] = [];
  for (let chunk = await counted.next(); chunk !== undefined; chunk = await counted.next()) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** An answer that is too large fails with the byte that is too much, and then runs to its end unread. */
function limitSize(bytes: SandboxBytes, maxBytes: number): SandboxBytes {
  let length = 0;
  return {
    next: async () => {
      const chunk = await bytes.next();
      length += chunk?.length ?? 0;
      if (length > maxBytes) {
        bytes.discard();
        throw payloadTooLarge(maxBytes);
      }
      return chunk;
    },
    discard: () => bytes.discard(),
  };
}
