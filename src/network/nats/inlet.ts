import { ActorError, strictly } from '../../actor/errors.ts';
import { readJson } from '../../actor/json/reader.ts';
import { Message } from '../../actor/message/message.ts';
import { fromWire } from '../../actor/message/wire.ts';
import type { PlugboardError } from '../../errors.ts';
import { LIST, type Positions } from '../engine/engine.ts';
import type { Feed } from '../engine/network-engine.ts';
import { NetworkError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { readTraceparent } from '../traceparent.ts';
import type { JetStream, StoredMessage } from './jet-stream.ts';
import { tokenOf } from './token.ts';

/** Messages that are asked for at once, and that may wait for room or for the log. */
const WINDOW = 64;
const MOST_WAITING = 4 * WINDOW;
const LOOK_MS = 500;
const TRIM_AFTER = 1000;
const MINUTE_NS = 60e9;

interface Place {
  readonly source: string;
  readonly position: number;
}

/** Keeps that a message was read and cannot go on, as a dead letter. */
export type Bury<Kept> = (port: string, at: Place, message: Message, error: PlugboardError) => Kept;

/** The stream of messages that other programs send to the inports. Positions in it are kept in the log, so that nothing is acknowledged. */
export class Inlet {
  readonly #jetStream: JetStream;
  readonly #stream: string;
  readonly #subject: string;
  /** By subject. */
  readonly #ports = new Map<string, { readonly port: string; readonly source: string }>();
  readonly #positions: { [source: string]: number } = {};
  /** Positions of messages that are on their way into the network, by source. */
  readonly #expected = new Map<string, number[]>();
  readonly #ended = new AbortController();
  readonly #waiting: Promise<void>[] = [];

  static async open(
    jetStream: JetStream,
    name: string,
    plan: Plan,
    config: object,
    positions: Positions,
  ): Promise<Inlet> {
    await Inlet.ensure(jetStream, name, config);
    return new Inlet(jetStream, name, plan, positions);
  }

  /** Makes the stream, so that messages can be sent. */
  static async ensure(jetStream: JetStream, name: string, config: object): Promise<void> {
    await jetStream.ensureStream(`PB_${name}_IN`, {
      subjects: [`pb.${name}.in.*`],
      discard: 'new',
      max_msgs: 1_000_000,
      duplicate_window: 2 * MINUTE_NS,
      ...config,
    });
  }

  private constructor(jetStream: JetStream, name: string, plan: Plan, positions: Positions) {
    this.#jetStream = jetStream;
    this.#stream = `PB_${name}_IN`;
    this.#subject = `pb.${name}.in.*`;
    for (const { name: port } of plan.inports) {
      const subject = `pb.${name}.in.${tokenOf(port)}`;
      const source = `${LIST}${port}`;
      this.#ports.set(subject, { port, source });
      this.#positions[source] = positions[source] ?? 0;
      this.#expected.set(source, []);
    }
  }

  /** The positions that the log has, by source. */
  get positions(): Positions {
    return this.#positions;
  }

  /** Refuses a message whose predecessor was not kept: the position of the next would leave it out. */
  check({ source, position }: Place): void {
    if (this.#expected.get(source)![0] !== position)
      throw new NetworkError(
        'NETWORK_STOPPED',
        `${this.#subject}: a message before ${position} was not kept`,
      );
  }

  /** A commit has read a message. */
  advance({ source, position }: Place): void {
    this.#positions[source] = position;
    this.#expected.get(source)!.shift();
  }

  halt(): void {
    this.#ended.abort();
  }

  async feed(put: Feed, bury: Bury<void>): Promise<void> {
    const { signal } = this.#ended;
    let trimmed = 0;
    let next = Math.min(...Object.values(this.#positions)) + 1;
    const readNew = async () => {
      for (;;) {
        const { first, last } = await this.#jetStream.rangeOf(this.#stream);
        next = Math.max(next, first);
        const count = Math.min(WINDOW, last - next + 1);
        if (count <= 0 || next - trimmed > TRIM_AFTER) {
          await this.#settle();
          if (next - 1 > trimmed) await this.#trim();
          trimmed = next - 1;
        }
        if (count <= 0 || signal.aborted) return;
        const read = Array.from({ length: count }, (_, at) =>
          this.#jetStream.read(this.#stream, { seq: next + at }),
        );
        for (const message of await Promise.all(read)) if (message) await this.#take(message, put, bury);
        next += count;
      }
    };
    try {
      await this.#jetStream.watch(this.#subject, () => LOOK_MS, signal, readNew);
      await this.#settle();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #take(message: StoredMessage, put: Feed, bury: Bury<void>): Promise<void> {
    const { sequence: position, subject, data, headers } = message;
    const known = this.#ports.get(subject);
    if (!known || position <= this.#positions[known.source]!) return;
    const { port, source } = known;
    const at = { source, position };
    this.#expected.get(source)!.push(position);
    let content: Message;
    try {
      content = fromWire(readJson(data), 'message', strictly, () => true)!;
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      // Those before it come first, so that no position goes back.
      await this.#settle();
      bury(port, at, Message.stream(data), error);
      return;
    }
    const traceparent = readTraceparent(headers.get('traceparent') ?? '');
    // The server forgets ids of messages that are gone when it starts again. The log remembers them.
    const sending = put(port, content, { traceparent, at, id: headers.get('Nats-Msg-Id') });
    sending.catch(() => {});
    this.#waiting.push(sending);
    while (this.#waiting.length > MOST_WAITING) await this.#waiting.shift();
  }

  async #settle(): Promise<void> {
    for (const sending of this.#waiting.splice(0)) await sending;
  }

  /** Removes the messages that are in the log. Called when none waits. */
  async #trim(): Promise<void> {
    for (const [subject, { source }] of this.#ports)
      await this.#jetStream.purge(this.#stream, subject, this.#positions[source]! + 1);
  }
}
