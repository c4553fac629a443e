import type { JSONValue, Message, ToolResultBlock, ToolUseBlock } from '@strands-agents/sdk';
import { z } from 'zod';

/** What the offline model says in one call. */
export interface OfflineReply {
  /** What it thinks first. */
  readonly reasoning: string;
  /** What it says; empty where it only calls tools. */
  readonly text: string;
  /** The tools that it calls after that. */
  readonly toolCalls: readonly OfflineToolCall[];
  /** Whether the model fails after the text, so that errors in the middle of a stream can be seen. */
  readonly fails: boolean;
}

/** One call of a tool. */
export interface OfflineToolCall {
  readonly name: string;
  readonly input: JSONValue;
}

const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.';

const abilities =
  'Ask me to calculate, for the time in a city, to count to ten, what your name is, or what you asked before.';

/**
 * Decides by rules what to answer to a conversation. The same conversation always gets the same reply.
 *
 * @param tools names of the tools that may be called.
 */
export function replyTo(messages: readonly Message[], tools: ReadonlySet<string>): OfflineReply {
  const results = messages.at(-1)?.content.filter((block) => block.type === 'toolResultBlock') ?? [];
  if (results.length > 0) {
    return say('The tools have answered; now I only have to say it.', tellResults(messages, results));
  }
  const prompts = messages.filter(({ role }) => role === 'user').map(textOf);
  const turn: Turn = {
    prompt: prompts.at(-1) ?? '',
    earlier: prompts.slice(0, -1).filter((prompt) => prompt !== ''),
    tools,
  };
  const reply = rules.map((rule) => rule(turn)).find((found) => found !== undefined) ?? echo(turn);
  const isFirst = messages.every(({ role }) => role === 'user');
  return isFirst ? { ...reply, text: `${introduction}\n\n${reply.text}` } : reply;
}

interface Turn {
  readonly prompt: string;
  readonly earlier: readonly string[];
  readonly tools: ReadonlySet<string>;
}

type Rule = (turn: Turn) => OfflineReply | undefined;

/** In this order: the first that gives a reply wins. */
const rules: readonly Rule[] = [failOnRequest, useTools, count, recallName, recallPrompt, greet, introduce];

function say(reasoning: string, text: string): OfflineReply {
  return { reasoning, text, toolCalls: [], fails: false };
}

function failOnRequest({ prompt }: Turn): OfflineReply | undefined {
  if (!/^\s*(?:please\s+)?fail\b/iu.test(prompt)) return undefined;
  return { ...say('I am asked to fail, so I do.', 'I begin to answer, and then'), fails: true };
}

function useTools({ prompt, tools }: Turn): OfflineReply | undefined {
  const toolCalls: OfflineToolCall[] = [];
  const expression = findExpression(prompt);
  if (expression !== undefined && tools.has('calculator'))
    toolCalls.push({ name: 'calculator', input: { expression } });
  if (asksForTime(prompt) && tools.has('clock')) toolCalls.push({ name: 'clock', input: findTimeZone(prompt) });
  if (toolCalls.length === 0) return undefined;
  const names = toolCalls.map(({ name }) => name).join(' and the ');
  return { ...say(`I should not guess this. I have a tool for it: the ${names}.`, 'Let me see.\n\n'), toolCalls };
}

const maxSearchedLength = 2000;

/** The longest piece that looks like arithmetic: digits with an operator between them. */
function findExpression(prompt: string): string | undefined {
  // Bounded, because a megabyte of parentheses would cost these patterns minutes.
  const text = prompt.slice(0, maxSearchedLength).replaceAll(/(?<=\d)\s*x\s*(?=[\d(])/giu, '*');
  return [...text.matchAll(/[-−(\d.][-\d\s.+*/%^×·÷−()]*[\d)]/gu)]
    .map(([candidate]) => candidate)
    .filter((candidate) => /[\d)]\s*[-+*/%^×·÷−]\s*[-−(\d.]/u.test(candidate))
    .filter((candidate) => !/^\d{4}-\d{2}-\d{2}$/u.test(candidate))
    .sort((one, other) => other.length - one.length)
    .at(0);
}

function asksForTime(prompt: string): boolean {
  return /\bwhat(?:'s| is|’s)? (?:the )?(?:time|date|day)\b|\bthe time\b|\btoday's date\b|何時/iu.test(prompt);
}

function findTimeZone(prompt: string): JSONValue {
  const place = /\bin (\p{Lu}[\p{L} ]*\p{L})/u.exec(prompt)?.[1]?.replaceAll(' ', '_');
  if (place === undefined) return {};
  const timeZone = Intl.supportedValuesOf('timeZone').find((zone) => zone.endsWith(`/${place}`));
  return timeZone === undefined ? {} : { timeZone };
}

function count({ prompt }: Turn): OfflineReply | undefined {
  const asked = /\bcount to (\d{1,6}|ten)\b/iu.exec(prompt)?.[1];
  if (asked === undefined) return undefined;
  const last = Math.min(asked.toLowerCase() === 'ten' ? 10 : Number(asked), 10_000);
  const numbers = Array.from({ length: last }, (_, index) => index + 1);
  return say(`From 1 to ${last}, one after the other.`, `${numbers.join(' ')}.`);
}

const nameGiven = /\b(?:my name is|call me)\s+([\p{L}\p{M}][\p{L}\p{M}'’-]*)/iu;

function recallName({ prompt, earlier }: Turn): OfflineReply | undefined {
  if (!/\bwhat(?:'s| is|’s) my name\b|\bwho am i\b/iu.test(prompt)) return undefined;
  const name = earlier.map((text) => nameGiven.exec(text)?.[1]).findLast((found) => found !== undefined);
  return name === undefined
    ? say('I look through the conversation and find no name.', 'You have not told me your name.')
    : say('I look through the conversation for a name.', `Your name is ${name}.`);
}

function recallPrompt({ prompt, earlier }: Turn): OfflineReply | undefined {
  if (!/\bwhat did i (?:ask|say|tell)\b|\bmy (?:last|previous|first) (?:question|message)\b/iu.test(prompt)) {
    return undefined;
  }
  const before = /\bfirst\b/iu.test(prompt) ? earlier.at(0) : earlier.at(-1);
  return before === undefined
    ? say('This is the first message.', 'This is the first thing that you have said to me.')
    : say('I look it up in the conversation.', `You said: “${shorten(before)}”`);
}

function greet({ prompt }: Turn): OfflineReply | undefined {
  const name = nameGiven.exec(prompt)?.[1];
  if (name === undefined) return undefined;
  return say('Someone tells me their name; I shall remember it.', `Nice to meet you, ${name}!`);
}

function introduce({ prompt }: Turn): OfflineReply | undefined {
  if (!/\bwho are you\b|\bwhat are you\b|\bwhat can you do\b|^\s*help\b/iu.test(prompt)) return undefined;
  return say('They want to know what I am.', `I am a stand-in for a model. ${abilities}`);
}

function echo({ prompt, earlier }: Turn): OfflineReply {
  const number = earlier.length + 1;
  return say('I have no rule for this, so I give it back.', `You said: “${shorten(prompt)}” (message ${number})`);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const maxEchoedCharacters = 280;

function shorten(text: string): string {
  // A prompt may have megabytes, and so may a single character with its accents.
  const head = text.slice(0, maxEchoedCharacters * 32);
  const characters = [...graphemes.segment(head)].map(({ segment }) => segment);
  if (head.length < text.length) characters.pop();
  const shown = characters.slice(0, maxEchoedCharacters).join('');
  return shown.length === text.length ? text : `${shown}…`;
}

function tellResults(messages: readonly Message[], results: readonly ToolResultBlock[]): string {
  const uses = messages.flatMap(({ content }) => content.filter((block) => block.type === 'toolUseBlock'));
  return results
    .map((result) =>
      tellResult(
        uses.findLast(({ toolUseId }) => toolUseId === result.toolUseId),
        result,
      ),
    )
    .join(' ');
}

function tellResult(use: ToolUseBlock | undefined, { status, content }: ToolResultBlock): string {
  const name = use?.name ?? 'tool';
  if (status === 'error') {
    const text = content.map((block) => (block.type === 'textBlock' ? block.text : '')).join(' ');
    return `The ${name} could not do it: ${text.replace(/^Error: /u, '')}.`;
  }
  const value = content.find((block) => block.type === 'jsonBlock')?.json;
  const sum = calculatorResult.safeParse(value);
  if (sum.success) return `${sum.data.expression} = ${sum.data.value}`;
  const time = clockResult.safeParse(value);
  if (time.success) return `It is ${time.data.local} (${time.data.timeZone}).`;
  return `The ${name} says: ${JSON.stringify(value)}`;
}

const calculatorResult = z.object({ expression: z.string(), value: z.number() });
const clockResult = z.object({ local: z.string(), timeZone: z.string() });

function textOf({ content }: Message): string {
  return content.map((block) => (block.type === 'textBlock' ? block.text : '')).join('');
}
