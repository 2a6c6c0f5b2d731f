import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readJson } from '../actor/index.ts';
import { isJsonObject } from '../actor/json/value.ts';
import type { Network } from '../network/node.ts';
import { sendByHand } from '../page/by-hand.ts';
import { Frames } from '../page/frames.ts';
import { pageText } from '../page/page-text.ts';
import type { Frame, Target } from '../page/picture.ts';
import { withCommas } from '../units.ts';
import { CliError, describeError } from './errors.ts';

/** Pages that may listen at once. */
export const MOST_LISTENERS = 8;

/** Connections of one browser to one server are 6; a few more may wait. */
const MOST_CONNECTIONS = 4 * MOST_LISTENERS;

const TOKEN_BYTES = 16;
const REQUEST_TIMEOUT_MS = 10_000;
/** A message that a person sends, with its port. */
const MOST_BODY_BYTES = 2 ** 20;
const FRAME_MS = 200;

/** Time from frame to frame, as a multiple of the time that a frame takes: pages get at most a tenth of the time. */
const REST = 10;

/** The page that a running network has in the browsers of this computer. */
export interface PageServer {
  /** Ends with the token. */
  readonly url: string;
  /** Sends the changes since the last call. Called by a timer too. */
  tell(): void;
  /** Sends the last changes, and ends. */
  close(): Promise<void>;
}

/** An answer without a page: the status and the reason, for people who look into the browser's console. */
type Refusal = readonly [status: number, reason: string, headers?: Readonly<Record<string, string>>];

interface Route {
  readonly method: string;
  readonly mostBodyBytes?: number;
  answer(response: ServerResponse, body: string): void | Promise<void>;
}

/**
 * Serves the page of a network on 127.0.0.1.
 * RATIONALE: why-can-no-other-page-reach-the-page-of-a-network
 */
export async function servePage(network: Network): Promise<PageServer> {
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  const frames = new Frames(network);
  const listeners = new Set<Listener>();
  const end = (response: ServerResponse, status: number, text = '', headers = {}) => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', ...headers });
    response.end(text);
  };
  const does = (action: () => void) => (response: ServerResponse) => {
    action();
    tell();
    end(response, 204);
  };
  const send = async (response: ServerResponse, body: string) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const { to, text } = readSending(body);
      await sendByHand(network, to, text, gone.signal);
      tell();
      end(response, 204);
    } catch (error) {
      end(response, 400, describeError(error));
    }
  };
  const routes: Readonly<Record<string, Route>> = {
    '': {
      method: 'GET',
      answer: response =>
        end(response, 200, pageText.html, {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Security-Policy': pageText.policy,
        }),
    },
    events: {
      method: 'GET',
      answer: response => {
        if (listeners.size >= MOST_LISTENERS)
          return end(response, 503, `at most ${MOST_LISTENERS} pages may listen at once; close one`);
        response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
        const listener = new Listener(response, () => frames.first());
        listeners.add(listener);
        response.on('close', () => listeners.delete(listener));
      },
    },
    pause: { method: 'POST', answer: does(() => network.pace.pause()) },
    resume: { method: 'POST', answer: does(() => network.pace.resume()) },
    step: { method: 'POST', answer: does(() => network.pace.step()) },
    send: { method: 'POST', mostBodyBytes: MOST_BODY_BYTES, answer: send },
  };

  let origin = '';
  /** Returns the route of a request, or the reason why it gets no answer. */
  const find = ({ method, url = '', headers }: IncomingMessage): Route | Refusal => {
    if (`http://${headers.host}` !== origin)
      return [403, 'wrong Host: use the address that plugboard has printed'];
    if (headers.origin !== undefined && headers.origin !== origin)
      return [403, 'wrong Origin: no other page may ask'];
    const [, given = '', name, ...more] = url.split('/');
    const route =
      name !== undefined && more.length === 0 && Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!isSame(given, token) || !route) return [404, 'not found'];
    if (method !== route.method) return [405, `expected ${route.method}`, { Allow: route.method }];
    const { mostBodyBytes: most = 0 } = route;
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
    if (encoding !== undefined || Number(length) > most)
      return [413, `expected a body of at most ${withCommas(most)} bytes, with its length in a header`];
    return route;
  };
  const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(timeouts, (request, response) => {
    // A connection that breaks is not an error of the network.
    for (const stream of [request, response]) stream.on('error', () => {});
    const found = find(request);
    if ('answer' in found) return void readBody(request, body => found.answer(response, body));
    const [status, reason, headers] = found;
    // The rest of the request is not read.
    end(response, status, reason, { Connection: 'close', ...headers });
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const tell = () => {
    const frame = frames.next();
    for (const listener of listeners) listener.tell(frame);
  };
  let timer: ReturnType<typeof setTimeout>;
  const tick = () => {
    const startMs = performance.now();
    tell();
    timer = setTimeout(tick, Math.max(FRAME_MS, REST * (performance.now() - startMs)));
    timer.unref();
  };
  tick();
  const stop = async () => {
    clearTimeout(timer);
    tell();
    frames.close();
    for (const listener of listeners) listener.end();
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    // Pages that do not read must not hold the program.
    const late = setTimeout(() => server.closeAllConnections(), FRAME_MS);
    await closed;
    clearTimeout(late);
  };
  let stopped: Promise<void> | undefined;
  return {
    url: `${origin}/${token}/`,
    tell,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Calls `use` with the body, once all of it has come. Its length was checked. */
function readBody(request: IncomingMessage, use: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => use(body));
}

/** @throws {ActorError} JSON_SYNTAX and the other codes of `readJson`; {CliError} USAGE */
function readSending(body: string): { to: Target; text: string } {
  const json = readJson(body, { what: 'the body' });
  const { node, port, text } = isJsonObject(json) ? json : {};
  const isTarget = typeof port === 'string' && (node === undefined || typeof node === 'string');
  if (isTarget && typeof text === 'string') return { to: { node, port }, text };
  throw new CliError(
    'USAGE',
    'the body: expected {"port": name, "text": message}, with "node": id for the port of a node',
  );
}

/** No page of another origin may read, frame or keep an answer. No header allows another origin (CORS). */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** A page that gets frames. While it does not read them it gets none, and then one with all that it missed. */
class Listener {
  readonly #response: ServerResponse;
  readonly #first: () => Frame;
  #isFull = false;
  #isBehind = false;

  constructor(response: ServerResponse, first: () => Frame) {
    this.#response = response;
    this.#first = first;
    response.on('drain', () => {
      this.#isFull = false;
    });
    this.#send(first());
  }

  /** @param frame undefined if nothing has changed */
  tell(frame: Frame | undefined): void {
    if (this.#isFull) this.#isBehind ||= frame !== undefined;
    else if (this.#isBehind) {
      this.#isBehind = false;
      this.#send(this.#first());
    } else if (frame) this.#send(frame);
  }

  end(): void {
    this.#response.end();
  }

  #send(frame: Frame): void {
    this.#isFull = !this.#response.write(`data: ${JSON.stringify(frame)}\n\n`);
  }
}

/** Whether two texts are the same, in a time that tells nothing about either. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(first!, second!);
}
