import { ActorError } from '../../actor/errors.ts';
import { messageOf } from '../../errors.ts';
import { fromBase64 } from '../../values/base64.ts';
import { NetworkError } from '../errors.ts';
import { onAbort, pause } from './abort.ts';

/** The part of a connection of NATS that is used. Connections of `@nats-io/nats-core` 3 have it, over each transport. */
export interface NatsConnection {
  readonly info?: { readonly version: string; readonly max_payload: number } | undefined;
  request(
    subject: string,
    payload?: Uint8Array | string,
    options?: { timeout: number; headers?: object },
  ): Promise<{ readonly data: Uint8Array }>;
  subscribe(subject: string, options: { callback: () => void }): { unsubscribe(): void };
  isClosed(): boolean;
}

/** The part of the package `@nats-io/nats-core` that is used. */
export interface Client {
  headers(): { set(key: string, value: string): void };
}

/** Headers of a message. */
export type Headers = Readonly<Record<string, string | undefined>>;

export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
}

/** An error that JetStream answered. */
export class JetStreamError extends ActorError {
  readonly number: number;
  readonly status: number;
  constructor(subject: string, number: number, status: number, description: string) {
    const what = subject.replace('$JS.API.', '');
    super('STATE_STORE_FAILED', `NATS: ${what}: ${description} (JetStream error ${number})`);
    this.number = number;
    this.status = status;
  }
}

/** The numbers that are told apart. https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export const JS_CODES = {
  noMessage: 10037,
  nameInUse: 10058,
  noStream: 10059,
  wrongSequence: 10071,
  sequenceOpen: 10164,
  streamFull: 10077,
};

export const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';

const LEAST_VERSION = [2, 11] as const;
const REQUEST_MS = 5000;
const PAUSE_MS = 100;
/** Time after which a warning names a request without an answer: JetStream may be off on the server. */
const WARN_AFTER_MS = 2000;
const UNAVAILABLE = 503;
const encoder = new TextEncoder();

/** No server answers, or the leader of a cluster has another message of the subject on its way. Then nothing is decided. */
const isTransient = ({ number, status }: JetStreamError): boolean =>
  status === UNAVAILABLE || number === JS_CODES.sequenceOpen;

export const hasCode = (error: unknown, code: keyof typeof JS_CODES): boolean =>
  error instanceof JetStreamError && error.number === JS_CODES[code];

/** Whether a message has more bytes than the server takes. */
export const isTooLarge = (error: unknown): error is NetworkError =>
  error instanceof NetworkError && error.code === 'STEP_TOO_LARGE';

/** Whether the client has refused a request, and would refuse it again. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && /^Invalid(Argument|Subject)Error$/.test(error.name);

/** Requests to JetStream, each repeated until a server has answered it. */
export class JetStream {
  readonly #connection: NatsConnection;
  readonly #makeHeaders: Client['headers'];
  readonly #signal: AbortSignal;
  readonly #warn: (message: string) => void;
  /** Subjects that a warning has named, and that had no answer since. */
  readonly #silent = new Set<string>();

  /**
   * @param signal ends the repetition
   * @param warn called when a request has failed again and again. An error that it throws ends the request
   * @param load loads the client
   * @throws {NetworkError} NATS_TOO_OLD, NATS_CLIENT_MISSING
   */
  static async on(
    connection: NatsConnection,
    signal: AbortSignal,
    warn: (message: string) => void,
    load: () => Promise<Client> = loadClient,
  ): Promise<JetStream> {
    checkVersion(connection.info?.version);
    const { headers } = await load();
    return new JetStream(connection, headers, signal, warn);
  }

  private constructor(
    connection: NatsConnection,
    makeHeaders: Client['headers'],
    signal: AbortSignal,
    warn: (message: string) => void,
  ) {
    this.#warn = warn;
    this.#connection = connection;
    this.#makeHeaders = makeHeaders;
    this.#signal = signal;
  }

  /** Size of the largest message in bytes, its headers included. */
  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 2 ** 20;
  }

  /** Appends a message to the stream of its subject. Returns its number there. @throws {JetStreamError} {NetworkError} STEP_TOO_LARGE, the reason of the signal */
  async publish(subject: string, data: Uint8Array | string, headers: Headers): Promise<number> {
    const { seq } = await this.#request<{ seq: number }>(subject, data, headers);
    return seq;
  }

  /** Calls the API of JetStream. @throws as `publish` */
  api<T>(name: string, body: object = {}): Promise<T> {
    return this.#request(`$JS.API.${name}`, JSON.stringify(body));
  }

  /**
   * Makes a stream unless there is one of the name, whose settings are left as they are.
   * @throws {ActorError} STATE_STORE_FAILED for a stream that does not take the subjects
   */
  async ensureStream(
    name: string,
    config: { readonly subjects?: readonly string[]; readonly [setting: string]: unknown },
  ): Promise<{ readonly num_replicas: number }> {
    const found = await this.#findOrMake(name, config);
    const { subjects: own = [], mirror, sources } = found;
    // A stream may be for some subjects of a network, which has only those.
    const missing = config.subjects?.find(
      subject => !own.some(given => covers(given, subject) || covers(subject, given)),
    );
    // Such a stream may get them from another one.
    if (missing === undefined || mirror || sources) return found;
    throw new ActorError(
      'STATE_STORE_FAILED',
      `NATS: stream ${name}: expected the subject ${missing}, got ${own.join(', ') || 'none'}; change its subjects, remove the stream, or give the network another name`,
    );
  }

  async #findOrMake(name: string, config: object): Promise<StreamConfig> {
    type Info = { config: StreamConfig };
    try {
      return (await this.api<Info>(`STREAM.INFO.${name}`)).config;
    } catch (error) {
      if (!hasCode(error, 'noStream')) throw error;
    }
    try {
      return (await this.api<Info>(`STREAM.CREATE.${name}`, { name, storage: 'file', ...config })).config;
    } catch (error) {
      // Another worker was faster.
      if (hasCode(error, 'nameInUse')) return (await this.api<Info>(`STREAM.INFO.${name}`)).config;
      throw error;
    }
  }

  async rangeOf(stream: string): Promise<{ first: number; last: number; messages: number }> {
    const { state } = await this.api<{ state: { first_seq: number; last_seq: number; messages: number } }>(
      `STREAM.INFO.${stream}`,
    );
    return { first: state.first_seq, last: state.last_seq, messages: state.messages };
  }

  /** Returns the subjects of a stream that match and have a message. */
  async subjectsOf(stream: string, filter: string): Promise<string[]> {
    const { state } = await this.api<{ state: { subjects?: { [subject: string]: number } } }>(
      `STREAM.INFO.${stream}`,
      { subjects_filter: filter },
    );
    return Object.keys(state.subjects ?? {});
  }

  /**
   * Returns a message by its number, the last of a subject, or the first of a subject from a number on. The leader answers: others
   * may not have it yet.
   */
  async read(
    stream: string,
    which: { seq: number; next_by_subj?: string } | { last_by_subj: string },
  ): Promise<StoredMessage | undefined> {
    try {
      const { message } = await this.api<{
        message: { seq: number; subject: string; hdrs?: string; data?: string };
      }>(`STREAM.MSG.GET.${stream}`, which);
      const { seq: sequence, subject, hdrs = '', data = '' } = message;
      return { sequence, subject, headers: headersOf(hdrs), data: fromBase64(data) };
    } catch (error) {
      if (hasCode(error, 'noMessage')) return undefined;
      throw error;
    }
  }

  /** Removes the messages of a subject before a number. */
  async purge(stream: string, subject: string, before: number): Promise<void> {
    await this.api(`STREAM.PURGE.${stream}`, { filter: subject, seq: before });
  }

  onMessage(subject: string, callback: () => void): () => void {
    const subscription = this.#connection.subscribe(subject, { callback });
    return () => {
      if (!this.#connection.isClosed()) subscription.unsubscribe();
    };
  }

  /**
   * Runs an action at once, after each message of a subject, and after `mostMs` without one, one run at a time, until the signal
   * fires. The subscription only wakes; a message of it may be lost.
   * @param action `isWoken`: it runs for the first time, or a message came
   */
  async watch(
    subject: string,
    mostMs: () => number,
    signal: AbortSignal,
    action: (isWoken: boolean) => Promise<void>,
  ): Promise<void> {
    let isNew = true;
    let wake = () => {};
    const unsubscribe = this.onMessage(subject, () => {
      isNew = true;
      wake();
    });
    const forget = onAbort(signal, () => wake());
    try {
      while (!signal.aborted) {
        const isWoken = isNew;
        isNew = false;
        await action(isWoken);
        if (isNew) continue;
        const waking = new AbortController();
        wake = () => waking.abort();
        if (!signal.aborted) await pause(mostMs(), waking.signal);
      }
    } finally {
      forget();
      unsubscribe();
    }
  }

  async #request<T>(subject: string, content: Uint8Array | string, headers?: Headers): Promise<T> {
    const data = typeof content === 'string' ? encoder.encode(content) : content;
    const size = sizeOf(data, headers);
    const startMs = performance.now();
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#connection.isClosed())
        throw new ActorError(
          'STATE_STORE_FAILED',
          'NATS: the connection is closed; connect with maxReconnectAttempts: -1',
        );
      // Each time: the next server of a connection may take less.
      const most = this.maxPayload;
      if (size > most) throw tooLarge(subject, size, most);
      try {
        const answer = await this.#requestOnce<T>(subject, data, headers);
        this.#silent.delete(subject);
        return answer;
      } catch (error) {
        if (error instanceof JetStreamError && !isTransient(error)) throw error;
        if (isRefusal(error) && size <= this.maxPayload)
          throw new ActorError(
            'STATE_STORE_FAILED',
            `NATS: the client refuses ${subject}: ${messageOf(error)}`,
          );
        this.#warnOf(subject, performance.now() - startMs, error);
      }
      // Without the signal: many requests may wait at once.
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    }
  }

  #warnOf(subject: string, ms: number, error: unknown): void {
    if (ms < WARN_AFTER_MS || this.#silent.has(subject)) return;
    this.#silent.add(subject);
    this.#warn(`NATS: JetStream does not answer ${subject}: ${messageOf(error)}`);
  }

  async #requestOnce<T>(subject: string, data: Uint8Array, headers: Headers | undefined): Promise<T> {
    const made = headers && this.#makeHeaders();
    for (const [key, value] of Object.entries(headers ?? {})) if (value !== undefined) made!.set(key, value);
    const options = { timeout: REQUEST_MS, ...(made && { headers: made }) };
    const answer = await this.#connection.request(subject, data, options);
    const { error, ...result } = JSON.parse(new TextDecoder().decode(answer.data)) as {
      error?: { err_code: number; code: number; description: string };
    };
    if (error) throw new JetStreamError(subject, error.err_code, error.code, error.description);
    return result as T;
  }
}

/** The settings of a stream that are looked at. */
interface StreamConfig {
  readonly num_replicas: number;
  readonly subjects?: readonly string[];
  readonly mirror?: object;
  readonly sources?: readonly object[];
}

/** Whether a subject of a stream takes all messages of another one. Both may have wildcards. */
function covers(wide: string, narrow: string): boolean {
  const [own, tokens] = [wide.split('.'), narrow.split('.')];
  const isLong = own.at(-1) === '>' ? tokens.length >= own.length : tokens.length === own.length;
  return (
    isLong &&
    own.every((token, at) => token === '>' || token === tokens[at] || (token === '*' && tokens[at] !== '>'))
  );
}

/** Returns the bytes of a message and its headers, as the protocol writes them. */
function sizeOf(data: Uint8Array, headers: Headers = {}): number {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  const lines = given.map(([key, value]) => `${key}: ${value}\r\n`).join('');
  return data.length + (lines && encoder.encode(`NATS/1.0\r\n${lines}\r\n`)).length;
}

const tooLarge = (subject: string, size: number, most: number) =>
  new NetworkError(
    'STEP_TOO_LARGE',
    `NATS: ${subject}: expected a message of at most ${most} bytes with its headers, got ${size}; send less at once, or raise max_payload of the nats-server`,
  );

/** Bundlers leave an import out that is not there, if `catch` follows it. */
const loadClient = (): Promise<Client> =>
  import('@nats-io/nats-core').catch((cause: unknown) => {
    const problem = 'NatsEngine needs the package @nats-io/nats-core; run `npm install @nats-io/nats-core`';
    throw new NetworkError('NATS_CLIENT_MISSING', problem, { cause });
  });

/** Older servers ignore the times of keys without a word: a lease there would never end. */
function checkVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (major > LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor >= LEAST_VERSION[1])) return;
  const has = version === undefined ? 'no connection' : `nats-server ${version}`;
  throw new NetworkError(
    'NATS_TOO_OLD',
    `NatsEngine: expected nats-server ${LEAST_VERSION.join('.')} or later, got ${has}; a lease has no end there`,
  );
}

function headersOf(base64: string): ReadonlyMap<string, string> {
  const lines = new TextDecoder().decode(fromBase64(base64)).split('\r\n').slice(1);
  return new Map(
    lines.filter(Boolean).map(line => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()] as const;
    }),
  );
}
