/** Where the relay must stand beside a handler that only pipes. */
export const budgets = {
  /** From the start of the process to the first byte of its first answer. */
  coldStartRatio: 1.15,
  /** The same where the protocol that is asked for is loaded for it. */
  loadedProtocolRatio: 1.2,
  /** The same of the relay with all of its protocols beside one with `original` alone: nothing, as far as it can be measured. */
  unusedProtocolsRatio: 1.02,
  /** What the protocols beside `original` add to the load of the module, in milliseconds: again nothing. */
  unusedProtocolsLoadMs: 0.5,
  /** Processor time per event of 200 bytes, where the agent's bytes are passed on. */
  originalCpuRatio: 1.3,
  /** The same where they are translated. */
  translatedCpuRatio: 2.5,
  /**
   * The same in bulk, where nothing but bytes counts, for `openai-responses`: the protocol has every character said five times,
   * once as it comes and four times when its text, its part, its item and the response are done.
   */
  repeatedCpuRatio: 5,
  /** From the invocation to the first byte of the answer, in a process that is warm. */
  addedFirstByteMs: 1,
  /** Growth of what is held in memory between 1 MB and 200 MB of one answer, after a garbage collection, in bytes. */
  heldGrowthBytes: 1_000_000,
  /**
   * How far the agent may be ahead of a slow reader, in bytes. Between them are the buffers of four sockets, which Linux lets
   * grow to 20 MB by default; an answer that is not held back gets ahead by nearly its whole length.
   */
  aheadBytes: 32_000_000,
  /** All files of the relay's bundle. */
  relayBundleBytes: 200_000,
  /** The file of it that the start reads. */
  relayStartBytes: 100_000,
} as const;
