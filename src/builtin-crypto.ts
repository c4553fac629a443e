import type nodeCrypto from 'node:crypto';

/**
 * Node's own crypto, without an `import` of `node:crypto`: from an ES module, that reads everything that it exports, and
 * `webcrypto` among that is loaded with it, for half a millisecond of every cold start.
 */
export const crypto: typeof nodeCrypto = process.getBuiltinModule('node:crypto');
