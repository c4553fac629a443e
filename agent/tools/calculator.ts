import { tool } from '@strands-agents/sdk';
import type { Tool } from '@strands-agents/sdk';
import { z } from 'zod';
import { evaluate } from './arithmetic.ts';

/** The agent's calculator: gives `{ expression, value }`, or an error that says what is wrong with the expression. */
export const calculator: Tool = tool({
  name: 'calculator',
  description: 'Works out an arithmetic expression with + - * / % ^ and parentheses.',
  inputSchema: z.object({ expression: z.string().max(1000).describe('the expression, such as 12*(3+4)') }),
  callback: ({ expression }) => ({ expression, value: evaluate(expression) }),
});
