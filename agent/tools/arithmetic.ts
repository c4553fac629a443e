const maxDepth = 64;

/**
 * Works out `+ - * / % ^`, parentheses and signs over decimal numbers; `×`, `·`, `÷` and `−` mean what they look like.
 *
 * @throws Error with a sentence where the text is no such expression, or its value is no finite number.
 */
export function evaluate(expression: string): number {
  const tokens = tokenize(expression);
  let position = 0;

  function peek(): string | undefined {
    return tokens[position];
  }

  function sum(depth: number): number {
    let value = product(depth);
    for (let operator = peek(); operator === '+' || operator === '-'; operator = peek()) {
      position += 1;
      const right = product(depth);
      value = operator === '+' ? value + right : value - right;
    }
    return value;
  }

  function product(depth: number): number {
    let value = signed(depth);
    for (let operator = peek(); operator === '*' || operator === '/' || operator === '%'; operator = peek()) {
      position += 1;
      const right = signed(depth);
      if (operator !== '*' && right === 0) throw new Error('a number cannot be divided by zero');
      if (operator === '*') value *= right;
      else value = operator === '/' ? value / right : value % right;
    }
    return value;
  }

  function signed(depth: number): number {
    if (depth > maxDepth)
      throw new Error(`the expression is nested too deeply; at most ${maxDepth} levels are allowed`);
    const sign = peek();
    if (sign !== '-' && sign !== '+') return power(depth);
    position += 1;
    return sign === '-' ? -signed(depth + 1) : signed(depth + 1);
  }

  function power(depth: number): number {
    const base = atom(depth);
    if (peek() !== '^') return base;
    position += 1;
    return base ** signed(depth + 1);
  }

  function atom(depth: number): number {
    const token = peek();
    position += 1;
    if (token === '(') {
      const value = sum(depth + 1);
      if (peek() !== ')') throw new Error('a parenthesis is not closed');
      position += 1;
      return value;
    }
    const value = Number(token);
    if (token === undefined) throw new Error('the expression ends too early');
    if (Number.isNaN(value)) throw new Error(`"${token}" stands where a number is expected`);
    return value;
  }

  const value = sum(0);
  const rest = peek();
  if (rest !== undefined) throw new Error(`"${rest}" stands where an operator is expected`);
  if (!Number.isFinite(value)) throw new Error('the result is too large for a number');
  // 0.1 + 0.2 is 0.3 to whoever asks.
  return Number(value.toPrecision(15));
}

const lookalikes: Readonly<Record<string, string>> = { '×': '*', '·': '*', '÷': '/', '−': '-' };

function tokenize(expression: string): readonly string[] {
  const tokens: string[] = [];
  for (const [token] of expression.matchAll(/\d+(?:\.\d+)?|\.\d+|\S/gu)) tokens.push(lookalikes[token] ?? token);
  return tokens;
}
