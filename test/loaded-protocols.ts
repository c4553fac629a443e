import { defaultProtocols } from '../src/protocols/default-protocols.ts';
import type { Protocol } from '../src/protocols/protocol.ts';

/** The package's protocols, all of them loaded. */
export const loadedProtocols: readonly Protocol[] = await Promise.all(
  defaultProtocols.map(async (protocol) => ('load' in protocol ? protocol.load() : protocol)),
);
