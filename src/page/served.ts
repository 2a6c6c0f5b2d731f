import type { Frame } from './picture.ts';
import { type Order, showView } from './view.ts';

// The page of a running network. Its address ends with the token, so that all its requests are relative.

const RETRY_MS = 2000;

let isStopped = false;
const change = showView({
  order: order => void ask(order).catch(() => change('lost')),
  send: async (to, text) => {
    const answer = await ask('send', JSON.stringify({ ...to, text }));
    if (!answer.ok) throw new Error(await answer.text());
  },
});

function ask(name: Order | 'send', body?: string): Promise<Response> {
  return fetch(name, { method: 'POST', ...(body !== undefined && { body }) });
}

function listen(): void {
  const source = new EventSource('events');
  source.onmessage = ({ data }) => {
    const frame = JSON.parse(data) as Frame;
    isStopped = frame.phase === 'stopped';
    change(frame);
  };
  source.onerror = () => {
    change('lost');
    // A network that ended comes no more. A refused page tries again, but slower than the browser would.
    source.close();
    if (!isStopped) setTimeout(listen, RETRY_MS);
  };
}

listen();
