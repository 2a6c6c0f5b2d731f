/** The largest number of results that engines allow a wasm function to have. */
const MAX_RESULTS = 1000;
const [STATE, LOG_LEVEL, LAST, COUNT, TAGS] = [0, 1, 2, 3, 4];
const VALUES_BYTES = (TAGS + MAX_RESULTS) * 4;
const WAITING = 0;
/** Polls before the thread sleeps, about 50 µs. Most answers come within this time, and waking a thread takes as long. */
const TURNS = 10_000;
/** Count of a single result, to tell it from an array of one result. */
const SINGLE = -1;
/** Tags of values: a value that converts to the zero of every number type, an f64, an i64. */
const [NOTHING, NUMBER, BIGINT] = [0, 1, 2];

/** Replies to a request: `ok` with results; `stopped` if the call has been stopped; `failed` if the call goes on. */
const REPLIES = { ok: 1, stopped: 2, failed: 3 };
export type Reply = keyof typeof REPLIES;

/**
 * The answer to one request, in memory that both threads share. Holds also the current log level, and a flag for the last
 * answer, after which the worker must stop. Words are i32:
 *
 *      0       4          8      12      16       4016      12016
 *      ├───────┼──────────┼──────┼───────┼────────┼─────────┤
 *      │ state │ logLevel │ last │ count │ tags … │ values… │  tags of 4 bytes, values of 8
 */
export class Answer {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array;
  readonly #bigints: BigInt64Array;

  constructor(buffer = new SharedArrayBuffer(VALUES_BYTES + MAX_RESULTS * 8)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer, VALUES_BYTES);
    this.#bigints = new BigInt64Array(buffer, VALUES_BYTES);
  }

  /** A number from `LOG_LEVELS`. Messages of lower levels are not logged. */
  get logLevel(): number {
    return this.#words[LOG_LEVEL]!;
  }

  set logLevel(level: number) {
    this.#words[LOG_LEVEL] = level;
  }

  get isLast(): boolean {
    return Atomics.load(this.#words, LAST) === 1;
  }

  /** Ends the worker's code: wakes it if it waits for an answer, and sets the flag that metered code checks. */
  giveLast(): void {
    Atomics.store(this.#words, LAST, 1);
    this.give('stopped');
  }

  /** Marks the answer as pending. Must be called before the request is posted. */
  expect(): void {
    Atomics.store(this.#words, STATE, WAITING);
  }

  /** Blocks this thread until there is an answer. */
  wait(): Reply {
    for (let turn = 0; turn < TURNS && Atomics.load(this.#words, STATE) === WAITING; turn++);
    // In a loop: the notification may belong to the answer before, which this thread saw while it polled.
    while (Atomics.load(this.#words, STATE) === WAITING) Atomics.wait(this.#words, STATE, WAITING);
    const state = Atomics.load(this.#words, STATE);
    return (Object.keys(REPLIES) as Reply[]).find(name => REPLIES[name] === state) ?? 'stopped';
  }

  give(reply: Reply, results?: unknown): void {
    const values = Array.isArray(results) ? results : [results];
    if (values.length > MAX_RESULTS) {
      this.give('failed');
      return;
    }
    this.#words[COUNT] = Array.isArray(results) ? values.length : SINGLE;
    for (const [index, value] of values.entries()) this.#put(index, value);
    Atomics.store(this.#words, STATE, REPLIES[reply]);
    Atomics.notify(this.#words, STATE);
  }

  /** The results passed to `give`. */
  get results(): unknown {
    const count = this.#words[COUNT]!;
    return count === SINGLE ? this.#get(0) : Array.from({ length: count }, (_, index) => this.#get(index));
  }

  #put(index: number, value: unknown): void {
    const tag = typeof value === 'number' ? NUMBER : typeof value === 'bigint' ? BIGINT : NOTHING;
    this.#words[TAGS + index] = tag;
    if (tag === NUMBER) this.#numbers[index] = value as number;
    if (tag === BIGINT) this.#bigints[index] = value as bigint;
  }

  #get(index: number): number | bigint | false {
    const tag = this.#words[TAGS + index];
    return tag === NUMBER ? this.#numbers[index]! : tag === BIGINT ? this.#bigints[index]! : false;
  }
}
