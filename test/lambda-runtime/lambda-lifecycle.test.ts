import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LambdaClock } from '../../src/local/lambda/lambda-clock.ts';
import type { LambdaLogLine } from '../../src/local/lambda/lambda-function-settings.ts';
import { invocation, readStream, readUntilError, startFunction, taskFolder } from './task-function.ts';
import { processIsGone, untilGone, untilTrue } from './until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lambda-lifecycle-'));
after(() => rmSync(scratch, { recursive: true }));

const onLinux = process.platform === 'linux' ? false : 'skipped: only Linux tells how much memory a process has';
const exitError = { kind: 'crash', errorType: 'Runtime.ExitError' };

describe("the init phase of a function's process", () => {
  it("starts Node as Lambda's own bootstrap does, with the heap that the function's memory allows", async (t) => {
    const lambda = startFunction(t, 'lifecycle.settings', { memorySizeMb: 512 });
    const { options, gc, maxHeaderSize } = (await lambda.invoke({}, invocation)) as Settings;
    assert.deepEqual(
      [options.filter((option) => !option.startsWith('--disable-warning')), gc, maxHeaderSize],
      [
        ['--expose-gc', '--max-http-header-size=81920', '--max-semi-space-size=25', '--max-old-space-size=461'],
        'function',
        81_920,
      ],
    );
  });

  it("that takes too long is done again within the function's timeout, which has less left for the handler", async (t) => {
    const lines: string[] = [];
    const initLog = logOf('hangs-once');
    const lambda = startFunction(t, 'lifecycle.settings', {
      environment: { INIT_LOG: initLog, INIT_HANGS: '1' },
      initPhaseMs: 1000,
      timeoutMs: 10_000,
      onLog: collect(lines),
    });
    const { remainingMs } = (await lambda.invoke({}, invocation)) as Settings;
    assert.equal(readFileSync(initLog, 'utf8'), 'ii');
    assert.ok(remainingMs > 0 && remainingMs < 9990, `${remainingMs} ms are left`);
    assert.match(lines.join('\n'), /^INIT_REPORT Init Duration: 1\d{3}\.\d\d ms\tPhase: init\tStatus: timeout$/u);
    const { remainingMs: again } = (await lambda.invoke({}, invocation)) as Settings;
    assert.ok(again > 9900, `${again} ms are left for the next invocation`);
  });

  it("that takes too long twice fails with the function's timeout", async (t) => {
    const lines: string[] = [];
    const environment = { INIT_LOG: logOf('hangs-twice'), INIT_HANGS: '2' };
    const limits = { initPhaseMs: 300, timeoutMs: 300 };
    const lambda = startFunction(t, 'lifecycle.settings', { environment, ...limits, onLog: collect(lines) });
    await assert.rejects(lambda.invoke({}, invocation), {
      kind: 'timeout',
      errorType: 'Sandbox.Timedout',
      message: 'RequestId: req-1 Error: Task timed out after 0.30 seconds',
    });
    assert.match(lines[0] ?? '', /\tStatus: timeout$/u);
    assert.deepEqual(lines.slice(1), ['req-1 Task timed out after 0.30 seconds']);
  });

  it('that fails is done again, and its error is the answer', async (t) => {
    const lines: LambdaLogLine[] = [];
    const lambda = startFunction(t, 'throws-at-start.handler', { onLog: (line) => lines.push(line) });
    await assert.rejects(lambda.invoke({}, invocation), { kind: 'init-error', errorType: 'TypeError' });
    const platform = lines.filter(({ stream }) => stream === 'platform').map(({ text }) => text);
    assert.match(platform.join('\n'), /^INIT_REPORT .*\tPhase: init\tStatus: error\tError Type: Runtime\.Unknown$/u);
    assert.equal(lines.filter(({ text }) => text.includes('\tInit Error \t')).length, 2);
  });

  it('is preceded by the cold start that was asked for, and a process that runs already by none', async (t) => {
    const waits: number[] = [];
    const clock: LambdaClock = {
      nowMs: () => performance.now(),
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    const lambda = startFunction(t, 'lifecycle.pid', { clock });
    await lambda.invoke({}, { ...invocation, coldStartMs: 35_000 });
    await lambda.invoke({}, { ...invocation, coldStartMs: 35_000 });
    assert.deepEqual(waits, [35_000]);
  });
});

describe("the end of a function's process", () => {
  it('comes with its timeout, also where it blocks its own event loop', async (t) => {
    const lines: string[] = [];
    const progress = join(scratch, 'blocked');
    const lambda = startFunction(t, 'lifecycle.blocks', { timeoutMs: 500, onLog: collect(lines) });
    await assert.rejects(lambda.invoke({ progress }, invocation), { kind: 'timeout' });
    assert.deepEqual(lines, ['req-1 Task timed out after 0.50 seconds']);
    await untilGone(Number(readFileSync(progress, 'utf8')));
  });

  it('comes where it takes more memory than the function has', { skip: onLinux }, async (t) => {
    const lines: string[] = [];
    const lambda = startFunction(t, 'lifecycle.allocates', { memorySizeMb: 256, onLog: collect(lines) });
    await lambda.invoke({ megabytes: 20, isKept: false }, invocation);
    await assert.rejects(lambda.invoke({ megabytes: 300, isKept: true }, invocation), {
      ...exitError,
      message: 'RequestId: req-1 Error: Runtime exited with error: signal: killed',
    });
    assert.match(lines[0] ?? '', /^the process used \d{3} MB of memory; its MemorySize is 256 MB$/u);
    assert.deepEqual(lines.slice(1), [
      'RequestId: req-1 Error: Runtime exited with error: signal: killed\nRuntime.ExitError',
    ]);
  });

  it('comes where it took too much memory only for a moment', { skip: onLinux }, async (t) => {
    const lambda = startFunction(t, 'lifecycle.allocates', { memorySizeMb: 256 });
    const event = { megabytes: 300, isKept: false };
    // It may be seen before the answer or after it.
    const first = await lambda.invoke(event, invocation).catch((error: unknown) => error);
    const second = await lambda.invoke({ megabytes: 1, isKept: false }, invocation);
    assert.notEqual(first, second);
  });

  for (const [how, reason] of Object.entries({
    exception: 'Runtime exited with error: exit status 1',
    rejection: 'Runtime exited with error: exit status 1',
    exit: 'Runtime exited with error: exit status 4',
  })) {
    it(`between two invocations, by ${how}, is the next one's failure, and the one after it gets a fresh process`, async (t) => {
      const lines: LambdaLogLine[] = [];
      const lambda = startFunction(t, 'lifecycle.failsLater', { onLog: (line) => lines.push(line) });
      const pid = await lambda.invoke({ how }, invocation);
      await untilGone(Number(pid));
      const next = { ...invocation, requestId: 'req-2' };
      await assert.rejects(lambda.invoke({ how }, next), {
        ...exitError,
        message: `RequestId: req-2 Error: ${reason}`,
      });
      assert.deepEqual(
        lines.filter(({ stream }) => stream === 'platform').map(({ text }) => text),
        [`RequestId: req-2 Error: ${reason}\nRuntime.ExitError`],
      );
      assert.notEqual(await lambda.invoke({ how }, invocation), pid);
    });
  }

  it('after a whole answer, but before its invocation is over, is logged as a failure of that one', async (t) => {
    const lines: string[] = [];
    const lambda = startFunction(t, 'lifecycle.failsBeforeNext', { onLog: collect(lines) });
    assert.equal(String(await readStream(await lambda.invokeStreaming({}, invocation))), 'whole');
    await untilTrue(() => lines.length > 0);
    assert.deepEqual(lines, ['RequestId: req-1 Error: Runtime exited with error: exit status 5\nRuntime.ExitError']);
    const again = await lambda.invokeStreaming({}, invocation);
    assert.ok(again.initMs !== undefined);
    assert.equal(String(await readStream(again)), 'whole');
  });

  it('in the middle of an answer can be asked for', async (t) => {
    const progress = join(scratch, 'crashed');
    const stream = await startFunction(t, 'lifecycle.streamsForever').invokeStreaming({ progress }, invocation);
    stream.crash();
    const { read: _read, ...failure } = (await readUntilError(stream)) as { readonly read: string };
    assert.deepEqual(failure, exitError);
    assert.equal(processIsGone(Number(readFileSync(progress, 'utf8'))), true);
  });

  it('that is asked for when the answer is over costs no other invocation', async (t) => {
    const lambda = startFunction(t, 'index.tokensWithPid');
    const invoke = (requestId: string): ReturnType<typeof lambda.invokeStreaming> =>
      lambda.invokeStreaming({}, { ...invocation, requestId });
    const whole = Array.from({ length: 5 }, (_, n) => `data: ${n}\n\n`).join('');
    const first = await invoke('first');
    await readStream(first);
    const second = await invoke('second');
    assert.equal(second.headers['x-pid'], first.headers['x-pid']);
    first.crash();
    assert.equal(String(await readStream(second)), whole);
    second.crash();
    const third = await invoke('third');
    assert.equal(String(await readStream(third)), whole);
    assert.notEqual(third.headers['x-pid'], second.headers['x-pid']);
  });

  for (const [state, handler] of Object.entries({
    blocked: 'lifecycle.blocks',
    streaming: 'lifecycle.streamsForever',
    idle: 'index.startsChild',
  })) {
    it(`comes with its parent's, even by SIGKILL, where it is ${state}`, async () => {
      const progress = join(scratch, `parent-${state}`);
      const program = fileURLToPath(new URL('invoke-and-wait.ts', import.meta.url));
      const parent = spawn(process.execPath, [program, taskFolder, handler, JSON.stringify({ progress })], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      parent.stdout.on('data', (bytes: Buffer) => {
        output += bytes.toString();
      });
      await untilTrue(() => output.endsWith('\n') || (existsSync(progress) && readFileSync(progress, 'utf8') !== ''));
      const { pid, child = pid } = (
        output === '' ? { pid: Number(readFileSync(progress, 'utf8')) } : JSON.parse(output)
      ) as {
        readonly pid: number;
        readonly child?: number;
      };
      assert.deepEqual([processIsGone(pid), processIsGone(child)], [false, false]);
      parent.kill('SIGKILL');
      await Promise.all([untilGone(pid), untilGone(child)]);
    });
  }
});

describe('reserved concurrency', () => {
  it('throttles a second invocation while the first one runs, and starts nothing for it', async (t) => {
    const lambda = startFunction(t, 'lifecycle.pid', { reservedConcurrency: 1 });
    const first = lambda.invoke({ ms: 200 }, invocation);
    await assert.rejects(lambda.invoke({}, invocation), {
      kind: 'throttled',
      errorType: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    const pid = await first;
    await untilTrue(async () => (await lambda.invoke({}, invocation).catch(() => undefined)) === pid);
  });

  it('counts an invocation until its answer is whole', async (t) => {
    const lambda = startFunction(t, 'index.neverEnds', { reservedConcurrency: 1 });
    await lambda.invokeStreaming({}, invocation);
    await assert.rejects(lambda.invokeStreaming({}, invocation), { kind: 'throttled' });
  });

  it('of 0 throttles every invocation', async (t) => {
    const lambda = startFunction(t, 'lifecycle.pid', { reservedConcurrency: 0, codeDirectory: '/nowhere' });
    await assert.rejects(lambda.invoke({}, invocation), { kind: 'throttled' });
  });

  it('is given back where a process could not be started', async (t) => {
    const lambda = startFunction(t, 'throws-at-start.handler', { reservedConcurrency: 1 });
    for (let count = 0; count < 2; count += 1) {
      await assert.rejects(lambda.invoke({}, invocation), { kind: 'init-error' });
    }
  });
});

describe('an answer that is not streamed', () => {
  it('of a function that streams is all its bytes, its prelude among them', async (t) => {
    const { bytes, isStreamed } = await startFunction(t, 'index.lateFrom').invokeBuffered({}, invocation);
    const prelude = '{"statusCode":404,"headers":{"content-type":"application/json"}}';
    assert.deepEqual([String(bytes), isStreamed], [`${prelude}${'\0'.repeat(8)}{"error":1}`, true]);
  });

  it('of a function that does not is its JSON', async (t) => {
    const { bytes, isStreamed } = await startFunction(t, 'index.returnsText').invokeBuffered({}, invocation);
    assert.deepEqual([String(bytes), isStreamed], ['"caf\u00e9"', false]);
  });

  it('fails where the function streams and fails at its end', async (t) => {
    await assert.rejects(startFunction(t, 'index.midThrow').invokeBuffered({}, invocation), {
      kind: 'function-error',
      errorType: 'TypeError',
    });
  });
});

interface Settings {
  readonly options: readonly string[];
  readonly gc: string;
  readonly maxHeaderSize: number;
  readonly remainingMs: number;
}

function logOf(name: string): string {
  const path = join(scratch, name);
  writeFileSync(path, '');
  return path;
}

function collect(lines: string[]): (line: LambdaLogLine) => void {
  return ({ stream, text }) => {
    if (stream === 'platform') {
      lines.push(text);
    }
  };
}
