import type { Message } from '../../actor/message/message.ts';
import type { Positions, Trace } from '../engine/engine.ts';
import { readCommits, readJournal } from '../log/record.ts';
import { positions } from '../log/shapes.ts';
import { pause } from './abort.ts';
import { contentOf } from './keys.ts';
import { linesOf, RecordReader, readWindow } from './nats-log.ts';
import type { NatsWorker } from './nats-worker.ts';

/** Messages wake. Looks in between are for those that were lost. */
const LOOK_MS = 2000;
const TELL_MS = 20;

/** Takes a packet of a way. */
export type Arrive = (source: string, position: number, message: Message, trace: Trace) => void;

/** The log of another part, from which this one reads the packets of the ways that lead here. */
export class Upstream {
  readonly #worker: NatsWorker;
  readonly #part: string;
  readonly #ways: ReadonlySet<string>;
  readonly #arrive: Arrive;
  readonly #records = new RecordReader();
  #next = 1;
  /** The position of the latest packet, by way. Undefined until a snapshot says it. */
  #latest: Map<string, number> | undefined;

  constructor(worker: NatsWorker, part: string, ways: ReadonlySet<string>, arrive: Arrive) {
    this.#worker = worker;
    this.#part = part;
    this.#ways = ways;
    this.#arrive = arrive;
  }

  /** Reads until the signal fires. */
  async read(signal: AbortSignal): Promise<void> {
    const { subject, stream } = await this.#worker.ensureLog(this.#part);
    const { jetStream } = this.#worker;
    await jetStream.watch(
      subject,
      () => LOOK_MS,
      signal,
      async () => {
        const { first, last } = await jetStream.rangeOf(stream);
        if (this.#next < first) this.#lose(first);
        while (this.#next <= last && !signal.aborted) {
          for (const message of await readWindow(jetStream, stream, this.#next, last)) {
            if (signal.aborted) return;
            this.#next++;
            if (!message) this.#lose(this.#next);
            else {
              const record = this.#records.add(message);
              if (record) this.#apply(record.kind, record.body);
            }
          }
        }
      },
    );
  }

  /** Messages were removed. A snapshot after them has all that was not read. */
  #lose(next: number): void {
    this.#next = next;
    this.#latest = undefined;
  }

  #apply(kind: string | undefined, body: Uint8Array): void {
    if (kind === 'snapshot') this.#latest = new Map();
    const latest = this.#latest;
    if (!latest) return;
    for (const lines of linesOf(body).values()) {
      if (kind !== 'snapshot') {
        for (const { sent } of readCommits(lines))
          for (const { to, message, trace } of sent)
            for (const source of to) if (this.#ways.has(source)) this.#put(latest, source, message, trace);
        continue;
      }
      const { snapshot } = readJournal(lines);
      const own = snapshot.packets.filter(({ source }) => this.#ways.has(source));
      for (const source of this.#ways) {
        if (snapshot.latest[source] === undefined) continue;
        const left = own.filter(packet => packet.source === source);
        latest.set(source, snapshot.latest[source] - left.length);
        for (const { message, trace } of left) this.#put(latest, source, message, trace);
      }
    }
  }

  #put(latest: Map<string, number>, source: string, message: Message, trace: Trace): void {
    const position = (latest.get(source) ?? 0) + 1;
    latest.set(source, position);
    this.#arrive(source, position, message, trace);
  }
}

/** Tells other parts how far this one has read their ways, so that they make room and shorten their logs. */
export class Receipt {
  readonly #worker: NatsWorker;
  readonly #key: string;
  readonly #signal: AbortSignal;
  #read: Positions = {};
  #isTelling = false;

  constructor(worker: NatsWorker, part: string, signal: AbortSignal) {
    this.#worker = worker;
    this.#key = worker.readKeyOf(part);
    this.#signal = signal;
  }

  /** @param read positions that the log has */
  async tell(read: Positions): Promise<void> {
    const isNew = Object.entries(read).some(([source, position]) => position > (this.#read[source] ?? 0));
    if (!isNew) return;
    this.#read = read;
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let told: Positions | undefined; told !== this.#read && !this.#signal.aborted; ) {
        const next = this.#read;
        // Another worker may have read on: no position goes back.
        await this.#worker.changeKey<Positions>(this.#key, positions, old => highest(old, next));
        told = next;
        await pause(TELL_MS, this.#signal);
      }
    } finally {
      this.#isTelling = false;
    }
  }
}

/** Follows how far another part has read. */
export function followReceipt(
  worker: NatsWorker,
  part: string,
  signal: AbortSignal,
  use: (source: string, position: number) => void,
): Promise<void> {
  const { jetStream, bucket } = worker;
  const key = worker.readKeyOf(part);
  return jetStream.watch(
    key,
    () => LOOK_MS,
    signal,
    async () => {
      const last = await jetStream.read(`KV_${bucket}`, { last_by_subj: key });
      const read = last ? contentOf<Positions>(last.data, key, positions) : {};
      for (const [source, position] of Object.entries(read)) use(source, position);
    },
  );
}

/** Returns the higher positions; undefined if they are those of before. */
function highest(old: Positions = {}, next: Positions): Positions | undefined {
  const higher = Object.entries(next).filter(([source, position]) => position > (old[source] ?? 0));
  return higher.length > 0 ? { ...old, ...Object.fromEntries(higher) } : undefined;
}
