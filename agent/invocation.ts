import { z } from 'zod';
import type { EarlierMessage } from './sessions.ts';

/** What the agent is asked: `{ "prompt": "…", "messages"?: [{ "role", "content" }] }`. */
export interface Invocation {
  /** Not empty. */
  readonly prompt: string;
  /** What was said before, for a session that is new to this process. Default: nothing. */
  readonly messages: readonly EarlierMessage[];
}

/** Reads a payload; each issue is a sentence. */
export const invocationSchema: z.ZodType<Invocation> = z.object(
  {
    prompt: z
      .string({ error: 'prompt must be a string' })
      .refine((prompt) => prompt.trim() !== '', { error: 'prompt must not be empty' }),
    messages: z
      .array(
        z.object({
          role: z.enum(['user', 'assistant'], { error: 'role must be "user" or "assistant"' }),
          content: z.string({ error: 'content must be a string' }).min(1, { error: 'content must not be empty' }),
        }),
        { error: 'messages must be an array of {role, content}' },
      )
      .default([]),
  },
  { error: 'the payload must be a JSON object with a prompt' },
);
