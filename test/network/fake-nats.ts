import type { Client, NatsConnection } from '../../src/network/nats/jet-stream.ts';
import { toBase64 } from '../../src/values/base64.ts';

// A nats-server in memory, with the part of JetStream that the engine uses. test/nats runs the same tests on a server.

interface Stored {
  sequence: number;
  subject: string;
  headers: ReadonlyMap<string, string>;
  data: Uint8Array;
  /** When its time ends. */
  endMs: number;
}

interface Stream {
  config: { num_replicas: number; subjects: readonly string[] };
  messages: Stored[];
  last: number;
}

interface Body {
  seq?: number;
  last_by_subj?: string;
  next_by_subj?: string;
  filter?: string;
  subjects_filter?: string;
}

type FakeHeaders = Map<string, string>;

export const fakeClient: Client = { headers: () => new Map<string, string>() };

const encoder = new TextEncoder();
const matches = (pattern: string, subject: string) => {
  const start = pattern.slice(0, -1);
  return /[*>]$/.test(pattern) ? subject.startsWith(start) : pattern === subject;
};
const failure = (err_code: number, code: number, description: string) => ({
  error: { err_code, code, description },
});

/** An error of the client, which the server never sees. */
const refusal = (kind: string, message: string) =>
  Object.assign(new Error(message), { name: `Invalid${kind}Error` });

export interface FakeConnection extends NatsConnection {
  close(): Promise<void>;
}

export class FakeNats {
  readonly streams = new Map<string, Stream>();
  readonly #listeners = new Set<{ subject: string; callback: () => void }>();
  maxPayload = 2 ** 20;
  /** Number of messages that are kept without an answer. */
  silent = 0;
  /** Number of messages that are refused because another one of their subject is on its way in the cluster. */
  open = 0;
  /** Number of requests that fail before they reach the server. */
  unavailable = 0;

  connect(version = '2.15.3'): FakeConnection {
    let isClosed = false;
    const mostBytes = () => this.maxPayload;
    return {
      info: {
        version,
        get max_payload() {
          return mostBytes();
        },
      },
      isClosed: () => isClosed,
      close: async () => {
        isClosed = true;
      },
      request: async (subject, payload = '', options) => {
        await Promise.resolve();
        if (isClosed) throw new Error('closed');
        if (this.unavailable > 0) {
          this.unavailable--;
          throw new Error('timeout');
        }
        const data = typeof payload === 'string' ? encoder.encode(payload) : payload.slice();
        const headers = (options?.headers ?? new Map()) as FakeHeaders;
        const headerBytes = [...headers].reduce(
          (sum, [key, value]) => sum + key.length + value.length + 4,
          12,
        );
        // Empty headers are not sent.
        if (data.length + (headers.size > 0 ? headerBytes : 0) > this.maxPayload)
          throw refusal('Argument', "'payload' max_payload size exceeded");
        if (/\s/.test(subject)) throw refusal('Subject', `illegal subject: '${subject}'`);
        const isApi = subject.startsWith('$JS.API.');
        const answer = isApi ? this.#api(subject.slice(8), data) : this.publish(subject, data, headers);
        if (!isApi && this.silent > 0) {
          this.silent--;
          throw new Error('timeout');
        }
        return { data: encoder.encode(JSON.stringify(answer)) };
      },
      subscribe: (subject, { callback }) => {
        const listener = { subject, callback };
        this.#listeners.add(listener);
        return { unsubscribe: () => this.#listeners.delete(listener) };
      },
    };
  }

  publish(subject: string, data: Uint8Array, headers: ReadonlyMap<string, string> = new Map()): object {
    const stream = [...this.streams.values()].find(({ config }) =>
      config.subjects.some(pattern => matches(pattern, subject)),
    );
    if (!stream) return failure(10060, 503, 'no stream');
    const last = stream.messages.findLast(message => message.subject === subject)?.sequence ?? 0;
    const expected = headers.get('Nats-Expected-Last-Subject-Sequence');
    if (expected !== undefined && this.open > 0) {
      this.open--;
      return failure(10164, 400, 'wrong last sequence');
    }
    if (expected !== undefined && Number(expected) !== last)
      return failure(10071, 400, `wrong last sequence: ${last}`);
    // A key has one message.
    if (subject.startsWith('$KV.') || headers.get('Nats-Rollup') === 'sub')
      stream.messages = stream.messages.filter(message => message.subject !== subject);
    const sequence = ++stream.last;
    const ttlMs = Number.parseInt(headers.get('Nats-TTL') ?? 'Infinity', 10) || Number.POSITIVE_INFINITY;
    stream.messages.push({ sequence, subject, headers, data, endMs: Date.now() + ttlMs });
    for (const listener of this.#listeners) if (matches(listener.subject, subject)) listener.callback();
    return { seq: sequence };
  }

  #api(call: string, data: Uint8Array): object {
    const body = JSON.parse(new TextDecoder().decode(data)) as Body;
    const [, kind, name = ''] = /^STREAM\.(INFO|CREATE|PURGE|MSG\.GET)\.(.+)$/.exec(call)!;
    if (kind === 'CREATE' && !this.streams.has(name))
      this.streams.set(name, {
        config: { num_replicas: 1, ...(body as Partial<Stream['config']>) } as Stream['config'],
        messages: [],
        last: 0,
      });
    const stream = this.streams.get(name);
    if (!stream) return failure(10059, 404, 'stream not found');
    stream.messages = stream.messages.filter(({ endMs }) => endMs > Date.now());
    const { messages, last } = stream;
    if (kind === 'PURGE') {
      const { filter, seq = Number.POSITIVE_INFINITY } = body;
      stream.messages = messages.filter(
        ({ subject, sequence }) => !matches(filter!, subject) || sequence >= seq,
      );
    }
    if (kind === 'MSG.GET') {
      const { seq = 0, last_by_subj: lastOf, next_by_subj: nextOf } = body;
      const found = nextOf
        ? messages.find(({ sequence, subject }) => sequence >= seq && subject === nextOf)
        : messages.findLast(({ sequence, subject }) => sequence === seq || subject === lastOf);
      if (!found) return failure(10037, 404, 'no message found');
      const lines = [...found.headers].map(([key, value]) => `${key}: ${value}\r\n`).join('');
      const hdrs = toBase64(encoder.encode(`NATS/1.0\r\n${lines}\r\n`));
      return { message: { seq: found.sequence, subject: found.subject, hdrs, data: toBase64(found.data) } };
    }
    const first = stream.messages[0]?.sequence ?? last + 1;
    return {
      config: stream.config,
      state: {
        first_seq: first,
        last_seq: last,
        messages: stream.messages.length,
        subjects: Object.fromEntries(
          stream.messages
            .filter(({ subject }) => matches(body.subjects_filter ?? '', subject))
            .map(({ subject }) => [subject, 1]),
        ),
      },
    };
  }
}
