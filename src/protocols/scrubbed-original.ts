import { createOriginal } from './original.ts';
import type { ByteProtocol } from './protocol.ts';
import { createDocumentScrubber, createFrameScrubber } from './scrub-error-frames.ts';

/**
 * `original` in which what the agent says of its errors is scrubbed: ARNs, account ids, keys, internal hosts, paths and stack
 * traces go. An error is then held back until its end, and one of more than 1 MiB ends the answer with
 * `agent_answer_too_large`. What the agent says otherwise passes untouched, the results of its tools too.
 */
export const scrubbedOriginal: ByteProtocol = createOriginal({ createFrameScrubber, createDocumentScrubber });
