import assert from 'node:assert/strict';
import { createStreamReader } from '../src/dialects/detect.ts';
import type { AgentEvent } from '../src/events/agent-event.ts';
import { createEventOrder } from '../src/events/order.ts';
import { createSseParser } from '../src/sse/sse-parser.ts';
import { recordings } from './recordings.ts';

/** What the default dialects and the order machine make of a stream. */
export interface Reading {
  readonly events: readonly AgentEvent[];
  readonly unknownFrames: number;
  readonly dialect: string | undefined;
}

/** Reads a whole stream, given as the data of its messages. */
export function readData(messages: readonly string[]): Reading {
  const events: AgentEvent[] = [];
  const order = createEventOrder((event) => events.push(event));
  const reader = createStreamReader(order.push);
  for (const data of messages) reader.read(data);
  order.end();
  return { events, unknownFrames: reader.unknownFrames, dialect: reader.dialect };
}

/** Reads a whole stream of JSON messages. */
export function readFrames(frames: readonly unknown[]): Reading {
  return readData(frames.map((frame) => JSON.stringify(frame)));
}

/** The data of a recording's messages. */
export function messagesOf(name: string): readonly string[] {
  const recording = recordings.find((candidate) => candidate.name === name);
  assert.ok(recording, `no recording is called ${name}`);
  const messages: string[] = [];
  createSseParser({ maxMessageLength: 1_000_000, onMessage: ({ data }) => messages.push(data) }).push(recording.bytes);
  return messages;
}
