import type * as AiReact from '@ai-sdk/react';
import type * as Ai7 from 'ai7';
import type * as Jsdom from 'jsdom';
import type * as React from 'react';
import type * as ReactDom from 'react-dom/client';
import { loadClient } from './installed.ts';

/** A major of `ai`, as the package of clients calls it. */
export type AiName = 'ai5' | 'ai6' | 'ai7';

/** What is used of `ai`, and the same in all of these majors. */
export type AiSdk = Pick<
  typeof Ai7,
  'AbstractChat' | 'DefaultChatTransport' | 'lastAssistantMessageIsCompleteWithToolCalls' | 'readUIMessageStream'
>;

type UiMessage = Ai7.UIMessage;

/** What a chat is told besides where to post: what a page may say to `useChat` and to its transport. */
export interface ChatOptions extends Pick<
  Ai7.ChatInit<UiMessage>,
  'id' | 'onToolCall' | 'sendAutomaticallyWhen' | 'messages'
> {
  readonly origin: string;
  readonly transport?:
    | Pick<Ai7.HttpChatTransportInitOptions<UiMessage>, 'headers' | 'prepareSendMessagesRequest'>
    | undefined;
}

/** What `onFinish` is told, without the messages. */
export interface ChatFinish {
  readonly isAbort: boolean;
  readonly isDisconnect: boolean;
  readonly isError: boolean;
  readonly finishReason: string | undefined;
}

/** A chat on a page. */
export interface OpenChat extends Disposable {
  readonly chat: Pick<
    Ai7.AbstractChat<UiMessage>,
    'messages' | 'status' | 'error' | 'sendMessage' | 'regenerate' | 'stop' | 'resumeStream'
  >;
  /** The messages as JSON has them: without members that are undefined. */
  readonly messages: readonly UiMessage[];
  /** One for each request. */
  readonly finishes: readonly ChatFinish[];
  /** Resolves when the page shows what is asked for. */
  until(isShown: () => boolean): Promise<void>;
}

/** A way to chat. */
export interface ChatClient {
  readonly name: string;
  readonly aiName: AiName;
  open(options: ChatOptions): Promise<OpenChat>;
}

/** The class that `useChat` drives, of each major; and the hook itself. */
export const chatClients: readonly ChatClient[] = [
  ...(['ai5', 'ai6', 'ai7'] as const).map((aiName) => ({
    name: `the chat of ${aiName}`,
    aiName,
    open: async (options: ChatOptions) => openPlainChat(await loadClient<AiSdk>(aiName), options),
  })),
  { name: 'useChat of @ai-sdk/react', aiName: 'ai7', open: openHookChat },
];

interface Page {
  readonly finishes: ChatFinish[];
  /** Something may have changed. */
  show(): void;
  until(isShown: () => boolean): Promise<void>;
}

function createPage(): Page {
  let changed = Promise.withResolvers<void>();
  return {
    finishes: [],
    show() {
      changed.resolve();
      changed = Promise.withResolvers();
    },
    async until(isShown) {
      while (!isShown()) await changed.promise;
    },
  };
}

function createInit(ai: AiSdk, { origin, transport, ...init }: ChatOptions, page: Page) {
  return {
    ...init,
    transport: new ai.DefaultChatTransport({ api: `${origin}/api/chat`, ...transport }),
    onFinish: ({
      isAbort,
      isDisconnect,
      isError,
      finishReason,
    }: Omit<ChatFinish, 'finishReason'> & { finishReason?: string }) =>
      void page.finishes.push({ isAbort, isDisconnect, isError, finishReason }),
  };
}

function openPlainChat(ai: AiSdk, options: ChatOptions): OpenChat {
  const page = createPage();

  class PlainChat extends ai.AbstractChat<UiMessage> {}

  const state: Ai7.ChatState<UiMessage> = {
    status: 'ready',
    error: undefined,
    messages: options.messages ?? [],
    pushMessage(message) {
      state.messages = [...state.messages, message];
      page.show();
    },
    popMessage() {
      state.messages = state.messages.slice(0, -1);
      page.show();
    },
    replaceMessage(index, message) {
      // As the state of `@ai-sdk/react` does it: what was shown stays as it was.
      state.messages = state.messages.with(index, structuredClone(message));
      page.show();
    },
    snapshot: structuredClone,
  };
  const chat = new PlainChat({ ...createInit(ai, options, page), state });
  return {
    chat,
    get messages() {
      return toJson(chat.messages);
    },
    finishes: page.finishes,
    until: page.until,
    [Symbol.dispose]: () => undefined,
  };
}

async function openHookChat(options: ChatOptions): Promise<OpenChat> {
  const { Chat, createElement, createRoot, document, useChat } = await loadPage();
  const page = createPage();
  const chat = new Chat(createInit(await loadClient<AiSdk>('ai7'), options, page));
  let shown: AiReact.UseChatHelpers<UiMessage> | undefined;

  function Page() {
    shown = useChat({ chat });
    page.show();
    return null;
  }

  const root = createRoot(document.createElement('main'));
  root.render(createElement(Page));
  await page.until(() => shown !== undefined);
  const show = () => {
    if (shown === undefined) throw new Error('the page shows nothing');
    return shown;
  };
  return {
    get chat() {
      return show();
    },
    get messages() {
      return toJson(show().messages);
    },
    finishes: page.finishes,
    until: (isShown) =>
      // The page is a moment behind.
      page.until(() => show().messages === chat.messages && show().status === chat.status && isShown()),
    [Symbol.dispose]: () => root.unmount(),
  };
}

async function loadPage() {
  const { JSDOM } = await loadClient<typeof Jsdom>('jsdom');
  if (!('document' in globalThis)) {
    const { window } = new JSDOM('<!doctype html>');
    Object.assign(globalThis, { window, document: window.document });
  }
  const [{ createElement }, { createRoot }, { Chat, useChat }] = await Promise.all([
    loadClient<typeof React>('react'),
    // It looks for a window when it is loaded.
    loadClient<typeof ReactDom>('react-dom/client'),
    loadClient<typeof AiReact>('@ai-sdk/react'),
  ]);
  return { Chat, createElement, createRoot, document, useChat };
}

function toJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
