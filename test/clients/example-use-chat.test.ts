import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type * as Jsdom from 'jsdom';
import type { LocalChain } from '../../src/local.ts';
import { startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { clients } from './client-packages.ts';
import { loadClient, skipReason } from './installed.ts';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));

/** The example on a page of its own, as a person has it before them. */
interface Page {
  /** What stands on the page: each element of text on a line of its own, by its name. */
  readonly text: string;
  /** Resolves when it stands on the page. */
  untilText(pattern: RegExp): Promise<void>;
  /** Writes a message and presses Send. */
  send(message: string): void;
  press(button: string): void;
  close(): void;
}

/** As a person's bundler does it. */
async function bundleExample(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createElement } from 'react';
        import { createRoot } from 'react-dom/client';
        import { Chat } from './use-chat.tsx';
        createRoot(document.body).render(createElement(Chat));
      `,
      resolveDir: examples,
    },
    bundle: true,
    format: 'iife',
    platform: 'browser',
    jsx: 'automatic',
    nodePaths: [`${clients.folder}/node_modules`],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? assert.fail('there is no bundle');
}

async function openPage(script: string, url: string): Promise<Page> {
  const { JSDOM, VirtualConsole } = await loadClient<typeof Jsdom>('jsdom');
  const virtualConsole = new VirtualConsole();
  const faults: unknown[] = [];
  virtualConsole.on('jsdomError', (fault) => void faults.push(fault));
  // React complains here.
  virtualConsole.on('error', (fault) => void faults.push(fault));
  const { window } = new JSDOM('<!doctype html><body></body>', {
    url,
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole,
  });
  const { document } = window;
  // jsdom has no network of its own. What belongs together must come from one hand: Node's.
  Object.assign(window, {
    fetch: (input: string, init: RequestInit) => fetch(new URL(input, window.location.href), init),
    AbortController,
    AbortSignal,
    ReadableStream,
    TransformStream,
    TextDecoderStream,
    structuredClone,
  });
  window.eval(script);

  const find = (selector: string, text?: string) =>
    [...document.querySelectorAll<HTMLElement>(selector)].find(
      (element) => text === undefined || element.textContent === text,
    ) ?? assert.fail(`there is no ${selector} ${text ?? ''} in ${document.body.innerHTML}`);
  const press = (button: string) => find('button', button).click();

  return {
    get text() {
      return describePage();
    },
    async untilText(pattern) {
      while (!pattern.test(describePage())) await nextChange();
      assert.deepEqual(faults, []);
    },
    send(message) {
      const input = find('input');
      // As typing does it: React looks at what was set past its own setter.
      Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, 'value')?.set?.call(input, message);
      input.dispatchEvent(new window.Event('input', { bubbles: true }));
      press('Send');
    },
    press,
    close: () => window.close(),
  };

  function describePage(): string {
    const elements = [...document.querySelectorAll('article, article *, main > [role], button')];
    return elements.map((element) => describeElement(element)).join('');
  }

  function describeElement(element: Element): string {
    const name = element.getAttribute('role') ?? element.getAttribute('aria-label') ?? element.localName;
    const text = [...element.childNodes].map((node) => (node.nodeType === 3 ? node.textContent : '')).join('');
    return text === '' && element.localName !== 'article' ? '' : `${`${name}: ${text}`.trim()}\n`;
  }

  function nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const observer = new window.MutationObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  }
}

describe('examples/use-chat.tsx', { skip: skipReason }, () => {
  let chain: LocalChain;
  let script: string;

  before(async () => {
    [chain, script] = await Promise.all([startDeployedChain(), bundleExample()]);
  });
  after(async () => {
    await chain.close();
  });

  async function open(t: TestContext): Promise<Page> {
    const page = await openPage(script, chain.url);
    t.after(page.close);
    await page.untilText(/^button: Send\n$/u);
    return page;
  }

  const introduction = 'p: I am the offline model: no real model is configured, so I answer by a few rules.\n\n';

  it('shows a conversation that the agent remembers', async (t) => {
    const page = await open(t);
    page.send('My name is Ada.');
    await page.untilText(/Ada!\nbutton: Send\n$/u);
    page.send('What is my name?');
    await page.untilText(/Your name[^]*\nbutton: Send\n$/u);
    assert.equal(
      page.text,
      `user:
p: My name is Ada.
assistant:
details: Someone tells me their name; I shall remember it.
summary: Thoughts
${introduction}Nice to meet you, Ada!
user:
p: What is my name?
assistant:
details: I look through the conversation for a name.
summary: Thoughts
p: Your name is Ada.
button: Send
`,
    );
  });

  it('shows what the agent’s tools are asked and what they give', async (t) => {
    const page = await open(t);
    page.send('What is 12*(3+4)?');
    await page.untilText(/= 84\nbutton: Send\n$/u);
    page.send('What is 1/0?');
    await page.untilText(/could not do it[^]*\nbutton: Send\n$/u);
    assert.equal(
      page.text,
      `user:
p: What is 12*(3+4)?
assistant:
details: I should not guess this. I have a tool for it: the calculator.
summary: Thoughts
${introduction}Let me see.
figcaption: calculator {"expression":"12*(3+4)"}
pre: {"expression":"12*(3+4)","value":84}
details: The tools have answered; now I only have to say it.
summary: Thoughts
p: 12*(3+4) = 84
user:
p: What is 1/0?
assistant:
details: I should not guess this. I have a tool for it: the calculator.
summary: Thoughts
p: Let me see.
figcaption: calculator {"expression":"1/0"}
alert: Error: a number cannot be divided by zero
details: The tools have answered; now I only have to say it.
summary: Thoughts
p: The calculator could not do it: a number cannot be divided by zero.
button: Send
`,
    );
  });

  it('shows why an answer failed, and keeps what came before', async (t) => {
    const page = await open(t);
    page.send('Please fail.');
    await page.untilText(/^alert: [^]*\nbutton: Send\n$/mu);
    assert.equal(
      page.text,
      `user:
p: Please fail.
assistant:
details: I am asked to fail, so I do.
summary: Thoughts
${introduction}I begin to answer, and then
alert: the agent reported an error
button: Send
`,
    );
  });

  it('keeps what came before its user stopped the answer', async (t) => {
    const page = await open(t);
    page.send('Please count to 10000.');
    await page.untilText(/\n1 2 [^]*\nbutton: Stop\n$/u);
    page.press('Stop');
    await page.untilText(/\nbutton: Send\n$/u);
    assert.match(page.text, /\n1 2 [ \d]+\nbutton: Send\n$/u);
    assert.doesNotMatch(page.text, /9999/u);
  });
});
