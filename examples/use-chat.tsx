/**
 * A chat with the agent as a part of a React page: `useChat` of the AI SDK 7, or of 5 or 6.
 *
 *     npm install ai @ai-sdk/react react react-dom
 *
 * It posts to `/api/chat` of the page's own origin. Let your development server pass that path on to the relay; for Vite:
 *
 *     server: { proxy: { '/api/chat': { target: 'http://127.0.0.1:8787', changeOrigin: true } } }
 *
 * A relay that asks who is there gets a token of the page's user, never a key, which everybody who has the page could read:
 *
 *     new DefaultChatTransport({ api: '/api/chat', headers: () => ({ authorization: `Bearer ${tokenOfTheUser()}` }) });
 */
import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import type { DynamicToolUIPart, UIMessage } from 'ai';
import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';

const transport = new DefaultChatTransport({ api: '/api/chat' });

export function Chat(): ReactNode {
  // The agent remembers the conversation under this name. Who knows it can go on with it, so it must not be guessed.
  const [id] = useState(() => crypto.randomUUID());
  const { messages, sendMessage, status, error, stop } = useChat({ id, transport });
  const [text, setText] = useState('');
  const isBusy = status === 'submitted' || status === 'streaming';

  function send(event: FormEvent) {
    event.preventDefault();
    if (isBusy || text.trim() === '') return;
    setText('');
    void sendMessage({ text });
  }

  return (
    <main>
      {messages.map((message) => (
        <article key={message.id} aria-label={message.role}>
          {message.parts.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </article>
      ))}
      {status === 'submitted' && <p role="status">…</p>}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={send}>
        <input aria-label="Message" value={text} onChange={({ target }) => setText(target.value)} />
        {isBusy ? (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        ) : (
          <button type="submit">Send</button>
        )}
      </form>
    </main>
  );
}

function Part({ part }: { readonly part: UIMessage['parts'][number] }): ReactNode {
  switch (part.type) {
    case 'text':
      return <p>{part.text}</p>;
    case 'reasoning':
      // What the model keeps to itself has no text.
      return part.text === '' ? null : (
        <details open={part.state === 'streaming'}>
          <summary>Thoughts</summary>
          {part.text}
        </details>
      );
    case 'dynamic-tool':
      return <Tool part={part} />;
    case 'source-url':
      return <a href={part.url}>{part.title ?? part.url}</a>;
    case 'source-document':
      return <cite>{part.title}</cite>;
    default:
      return null;
  }
}

/** A tool that the agent runs itself: the page only shows it. */
function Tool({ part }: { readonly part: DynamicToolUIPart }): ReactNode {
  return (
    <figure>
      <figcaption>
        {part.toolName} {JSON.stringify(part.input)}
      </figcaption>
      {part.state === 'output-available' ? (
        <pre>{JSON.stringify(part.output)}</pre>
      ) : part.state === 'output-error' ? (
        <p role="alert">{part.errorText}</p>
      ) : (
        <p role="status">…</p>
      )}
    </figure>
  );
}
