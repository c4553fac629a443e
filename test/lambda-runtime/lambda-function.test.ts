import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { LambdaFunction, LambdaStream } from '../../src/local/lambda/lambda-function.ts';
import type { LambdaFunctionSettings, LambdaLogLine } from '../../src/local/lambda/lambda-function-settings.ts';
import { invocation, readStream as read, readUntilError, startFunction, taskFolder } from './task-function.ts';
import { processIsGone, untilGone, untilStill, untilTrue } from './until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lambda-function-'));
after(() => rmSync(scratch, { recursive: true }));

describe('a streamed answer', () => {
  it('has the status, headers and cookies of its prelude, and the bytes after it', async (t) => {
    const stream = await start(t, 'tokens').invokeStreaming({ count: 2 }, invocation);
    assert.deepEqual(head(stream), {
      statusCode: 201,
      headers: { 'Content-Type': 'text/event-stream', 'x-count': '1' },
      cookies: ['a=b; Path=/', 'c=d'],
    });
    assert.equal(await text(stream), 'data: {"n":0}\n\ndata: {"n":1}\n\n');
  });

  it('begins while the function still runs, with the first write', async (t) => {
    const stream = await start(t, 'neverEnds').invokeStreaming({}, invocation);
    const first = await stream.body[Symbol.asyncIterator]().next();
    assert.equal(String(first.value), 'x');
  });

  it('is 200 with the content type that the function set where there is no prelude', async (t) => {
    const stream = await start(t, 'ownContentType').invokeStreaming({}, invocation);
    assert.deepEqual(head(stream), { statusCode: 200, headers: { 'content-type': 'text/plain' }, cookies: [] });
    assert.equal(await text(stream), 'x');
  });

  it('keeps every byte, NULs and halves of characters too', async (t) => {
    const stream = await start(t, 'bytes').invokeStreaming({}, invocation);
    const expected = Buffer.concat([Buffer.of(0, 1, 254, 255), Buffer.from('\u20ac'), Buffer.alloc(8)]);
    assert.deepEqual(await read(stream), expected);
  });

  it('of a function that does not stream is its JSON', async (t) => {
    const stream = await start(t, 'echo').invokeStreaming({ a: 1 }, invocation);
    assert.deepEqual(head(stream), { statusCode: 200, headers: { 'content-type': 'application/json' }, cookies: [] });
    assert.equal(await text(stream), '{"event":{"a":1},"id":"req-1"}');
  });

  it('is an empty 200 without headers where the function ends it without a write, and the log says why', async (t) => {
    const lines: string[] = [];
    const stream = await start(t, 'endOnly', { onLog: ({ text: line }) => lines.push(line) }).invokeStreaming(
      {},
      invocation,
    );
    assert.deepEqual(
      [head(stream), await text(stream)],
      [{ statusCode: 200, headers: { 'content-type': 'application/octet-stream' }, cookies: [] }, ''],
    );
    assert.match(lines.join('\n'), /sends its status and headers with the first write\(\), never with end\(\)/u);
  });

  it('fails where the function ends it with a text but without a write', async (t) => {
    await assert.rejects(start(t, 'endChunkOnly').invokeStreaming({}, invocation), {
      name: 'LambdaFunctionError',
      kind: 'function-error',
      errorType: 'Runtime.InvalidPrelude',
    });
  });

  it('fails before it begins where the handler throws before any write', async (t) => {
    await assert.rejects(start(t, 'earlyThrow').invokeStreaming({}, invocation), {
      kind: 'function-error',
      errorType: 'Error',
      message: 'before any write',
    });
  });

  it('fails at its end where the handler throws in the middle, and the process serves on', async (t) => {
    const lambda = start(t, 'midThrow');
    const stream = await lambda.invokeStreaming({}, invocation);
    const failed = await readUntilError(stream);
    assert.deepEqual(failed, { read: 'data: 1\n\n', kind: 'function-error', errorType: 'TypeError' });
    const again = await lambda.invokeStreaming({}, invocation);
    assert.equal(again.initMs, undefined);
    await readUntilError(again);
  });

  it('fails where the process dies in the middle, and the next invocation gets a fresh process', async (t) => {
    const lambda = start(t, 'exits');
    const stream = await lambda.invokeStreaming({}, invocation);
    assert.deepEqual(await readUntilError(stream), { read: 'x', kind: 'crash', errorType: 'Runtime.ExitError' });
    const again = await lambda.invokeStreaming({}, invocation);
    assert.ok(again.initMs !== undefined && again.initMs > 0);
    await readUntilError(again);
  });

  it('fails where a pipeline destroys it: the process dies although the handler catches the error', async (t) => {
    const stream = await start(t, 'pipelineFailsCaught').invokeStreaming({}, invocation);
    assert.deepEqual(await readUntilError(stream), { read: 'a', kind: 'crash', errorType: 'Runtime.ExitError' });
  });

  it('fails where the function is still not at its end when its time is over', async (t) => {
    const stream = await start(t, 'neverEnds', { timeoutMs: 300 }).invokeStreaming({}, invocation);
    assert.deepEqual(await readUntilError(stream), { read: 'x', kind: 'timeout', errorType: 'Sandbox.Timedout' });
  });

  it('fails before it begins where the time is over before the first write', async (t) => {
    await assert.rejects(start(t, 'neverWrites', { timeoutMs: 300 }).invokeStreaming({}, invocation), {
      kind: 'timeout',
      message: 'RequestId: req-1 Error: Task timed out after 0.30 seconds',
    });
  });

  it('waits for a slow reader: the function writes no more than its sockets hold', async (t) => {
    const progress = join(scratch, 'slow');
    const stream = await start(t, 'fast').invokeStreaming({ chunks: 800, progress }, invocation);
    const iterator = stream.body[Symbol.asyncIterator]();
    await iterator.next();
    const stalledAt = await untilStill(() => readFileSync(progress, 'utf8'));
    assert.match(stalledAt, /^\d+ waiting$/u);
    assert.ok(Number.parseInt(stalledAt, 10) < 400, `it wrote ${stalledAt} of 800 chunks unread`);
    let length = 0;
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      length += step.value.length;
    }
    assert.ok(length > 790 * 65_536 && length < 800 * 65_536 + 1);
  });

  it('runs to its end unread where the reader leaves: the function is not told', async (t) => {
    const progress = join(scratch, 'left');
    const lambda = start(t, 'fast');
    const stream = await lambda.invokeStreaming({ chunks: 800, progress }, invocation);
    for await (const chunk of stream.body) {
      assert.ok(chunk.length > 0);
      break;
    }
    await untilTrue(() => readFileSync(progress, 'utf8') === '800 done');
    assert.equal(processIsGone(Number(stream.headers['x-pid'])), false);
    const again = await lambda.invokeStreaming({ chunks: 1, progress }, invocation);
    assert.equal((await read(again)).length, 65_536);
  });
});

describe('a buffered answer', () => {
  it('is the JSON value', async (t) => {
    assert.deepEqual(await start(t, 'echo').invoke({ a: 1 }, invocation), { event: { a: 1 }, id: 'req-1' });
  });

  it('is null where the handler returns nothing', async (t) => {
    assert.equal(await start(t, 'returnsUndefined').invoke({}, invocation), null);
  });

  it('fails with what the handler threw', async (t) => {
    await assert.rejects(start(t, 'throws').invoke({}, invocation), {
      kind: 'function-error',
      errorType: 'RangeError',
      message: 'buffered boom',
    });
  });

  it('fails where the process is killed', async (t) => {
    await assert.rejects(start(t, 'crashes').invoke({}, invocation), {
      kind: 'crash',
      message: 'RequestId: req-1 Error: Runtime exited with error: signal: killed',
    });
  });

  it('fails where it is over 6 MB, and the process serves on', async (t) => {
    const lambda = start(t, 'large');
    await assert.rejects(lambda.invoke({ length: 6 * 1024 * 1024 + 100 }, invocation), {
      kind: 'function-error',
      errorType: 'Function.ResponseSizeTooLarge',
    });
    assert.equal(await lambda.invoke({ length: 3 }, invocation), 'xxx');
  });

  it('fails where the handler streams', async (t) => {
    await assert.rejects(start(t, 'tokens').invoke({}, invocation), { errorType: 'Runtime.UnexpectedStream' });
  });
});

describe('the processes of a function', () => {
  it('serve one invocation after another without a second start', async (t) => {
    const lambda = start(t, 'state');
    const first = (await lambda.invoke({}, invocation)) as { readonly pid: number };
    const second = await lambda.invoke({}, invocation);
    assert.deepEqual(second, { pid: first.pid, invocations: 2 });
  });

  it('serve one at a time: a second invocation meanwhile gets its own', async (t) => {
    const release = join(scratch, 'release');
    const lambda = start(t, 'state');
    const slow = lambda.invoke({ release }, invocation) as Promise<{ readonly pid: number }>;
    const quick = (await lambda.invoke({}, { ...invocation, requestId: 'req-2' })) as { readonly pid: number };
    writeFileSync(release, '');
    const pids = new Set([(await slow).pid, quick.pid]);
    assert.equal(pids.size, 2);
    const third = (await lambda.invoke({}, invocation)) as { readonly pid: number; readonly invocations: number };
    assert.ok(pids.has(third.pid));
    assert.equal(third.invocations, 2);
  });

  it("see the function's variables and Lambda's, nothing of the developer's", async (t) => {
    process.env['DEVELOPERS_OWN_SECRET'] = 'secret';
    t.after(() => delete process.env['DEVELOPERS_OWN_SECRET']);
    const { variables, directory } = (await start(t, 'environment').invoke({}, invocation)) as {
      readonly variables: Record<string, string>;
      readonly directory: string;
    };
    assert.equal(directory, taskFolder);
    assert.match(variables['AWS_LAMBDA_RUNTIME_API'] ?? '', /^127\.0\.0\.1:\d+$/u);
    assert.deepEqual(
      { ...withoutShells(variables), AWS_LAMBDA_RUNTIME_API: '<address>', PATH: '<path>' },
      {
        OWN: 'value',
        AWS_DEFAULT_REGION: 'eu-west-1',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_FUNCTION_NAME: 'relay',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_FORMAT: 'Text',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/relay',
        AWS_LAMBDA_LOG_STREAM_NAME: 'local/[$LATEST]relay',
        AWS_LAMBDA_RUNTIME_API: '<address>',
        AWS_REGION: 'eu-west-1',
        LAMBDA_TASK_ROOT: taskFolder,
        LANG: 'en_US.UTF-8',
        PATH: '<path>',
        TZ: ':UTC',
        _HANDLER: 'index.environment',
        _X_AMZN_TRACE_ID: 'Root=1-2;Sampled=1',
      },
    );
  });

  it('are reported by what they write, a message of several lines as one', async (t) => {
    const lines: string[] = [];
    const lambda = start(t, 'logs', {
      onLog: ({ functionName, stream, text }) => lines.push(`${functionName} ${stream} ${text}`),
    });
    await text(await lambda.invokeStreaming({}, invocation));
    await lambda.close();
    assert.match(lines[0] ?? '', /^relay stdout \S+Z\treq-1\tINFO\thello world \{ a: 1 \}$/u);
    assert.match(lines[1] ?? '', /^relay stdout \S+Z\treq-1\tINFO\ttwo\nlines$/u);
  });

  it('leave out what is less severe than the level that is named', async (t) => {
    const lines: string[] = [];
    const settings = {
      logFormat: 'JSON',
      logLevel: 'WARN',
      onLog: (line: LambdaLogLine) => lines.push(line.text),
    } as const;
    const lambda = start(t, 'logs', settings);
    await text(await lambda.invokeStreaming({}, invocation));
    await lambda.close();
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { readonly level: string }).level),
      ['WARN', 'ERROR', 'ERROR'],
    );
  });

  for (const [handler, errorType] of Object.entries({
    'index.nosuch': 'Runtime.HandlerNotFound',
    'index.withCallback': 'Runtime.CallbackHandlerDeprecated',
    'syntax.handler': 'Runtime.UserCodeSyntaxError',
    'throws-at-start.handler': 'TypeError',
  })) {
    it(`fail to start with ${errorType} for ${handler}`, async (t) => {
      await assert.rejects(start(t, '', { handler }).invoke({}, invocation), { kind: 'init-error', errorType });
    });
  }

  it('are gone after close, busy or idle, with what they started', async (t) => {
    const lambda = start(t, 'startsChild');
    const { pid, child } = (await lambda.invoke({}, invocation)) as { readonly pid: number; readonly child: number };
    assert.deepEqual([processIsGone(pid), processIsGone(child)], [false, false]);
    await lambda.close();
    await Promise.all([untilGone(pid), untilGone(child)]);
  });

  it('end what is running at close, and take nothing more', async (t) => {
    const lambda = start(t, 'neverEnds');
    const stream = await lambda.invokeStreaming({}, invocation);
    const running = readUntilError(stream);
    await lambda.close();
    assert.deepEqual(await running, { read: 'x', kind: 'crash', errorType: 'Runtime.ExitError' });
    await assert.rejects(lambda.invoke({}, invocation), { kind: 'throttled' });
  });
});

function start(t: TestContext, handler: string, changes: Partial<LambdaFunctionSettings> = {}): LambdaFunction {
  return startFunction(t, `index.${handler}`, { environment: { OWN: 'value' }, ...changes });
}

function head({ statusCode, headers, cookies }: LambdaStream): unknown {
  return { statusCode, headers, cookies };
}

async function text(stream: LambdaStream): Promise<string> {
  return (await read(stream)).toString();
}

/** What a shell adds to an environment; Lambda starts its runtime by a shell as well. */
function withoutShells({
  PWD: _pwd,
  OLDPWD: _oldPwd,
  SHLVL: _level,
  _: _command,
  ...variables
}: Record<string, string>) {
  return variables;
}
