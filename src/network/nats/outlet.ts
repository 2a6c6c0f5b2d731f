import { writeText } from '../../actor/json/writer.ts';
import { toWire } from '../../actor/message/wire.ts';
import { LIST, OUTSIDE, type Received } from '../engine/engine.ts';
import { NetworkError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Bury } from './inlet.ts';
import { EXPECTED, hasCode, isTooLarge, type JetStream } from './jet-stream.ts';
import { tokenOf } from './token.ts';

const NUMBER = 'Pb-Number';
const DAY_NS = 86_400e9;

/** The latest message of a port in the stream. */
interface Latest {
  readonly subject: string;
  sequence: number;
  /** Number of the packet; -1 before the first. */
  number: number;
}

/** The stream of messages that left the network. Each is in it once: the last one of a port tells which came before. */
export class Outlet {
  readonly #jetStream: JetStream;
  readonly #ports: ReadonlyMap<string, Latest>;
  readonly #stream: string;
  readonly #bury: Bury<Promise<void>>;

  /** @param bury called for a message that is too large for the server */
  static async open(
    jetStream: JetStream,
    name: string,
    outports: Plan['outports'],
    config: object,
    bury: Bury<Promise<void>>,
  ): Promise<Outlet> {
    const stream = `PB_${name}_OUT`;
    await jetStream.ensureStream(stream, { subjects: [`pb.${name}.out.*`], max_age: 7 * DAY_NS, ...config });
    const ports = new Map<string, Latest>();
    for (const { name: port } of outports) {
      const subject = `pb.${name}.out.${tokenOf(port)}`;
      ports.set(port, { subject, sequence: 0, number: -1 });
    }
    const outlet = new Outlet(jetStream, stream, ports, bury);
    for (const latest of ports.values()) await outlet.#look(latest);
    return outlet;
  }

  private constructor(
    jetStream: JetStream,
    stream: string,
    ports: ReadonlyMap<string, Latest>,
    bury: Bury<Promise<void>>,
  ) {
    this.#bury = bury;
    this.#jetStream = jetStream;
    this.#stream = stream;
    this.#ports = ports;
  }

  /** Sends each message to the stream before it goes on. Readers in this process get none; calls get theirs. */
  async *send(port: string, deliveries: AsyncIterable<Received>): AsyncGenerator<Received, void, undefined> {
    const latest = this.#ports.get(port)!;
    for await (const delivery of deliveries) {
      if (delivery.number > latest.number) await this.#publish(port, latest, delivery);
      const calls = delivery.trace.causes.filter(cause => cause !== OUTSIDE);
      yield { ...delivery, trace: { ...delivery.trace, causes: [LIST, ...calls] } };
    }
  }

  async #publish(port: string, latest: Latest, delivery: Received): Promise<void> {
    const { source, position, message, number, trace } = delivery;
    const headers = {
      [EXPECTED]: String(latest.sequence),
      [NUMBER]: String(number),
      traceparent: trace.traceparent,
    };
    try {
      latest.sequence = await this.#jetStream.publish(
        latest.subject,
        writeText(toWire(message, ['message'])),
        headers,
      );
      latest.number = number;
    } catch (error) {
      if (isTooLarge(error)) return this.#bury(port, { source, position }, message, error);
      if (!hasCode(error, 'wrongSequence')) throw error;
      // The message may have been kept without an answer, and was then sent again.
      // Or a worker that was replaced has sent it, which had it from the same log.
      await this.#look(latest);
      if (latest.number >= number) return;
      if (latest.sequence > 0)
        throw new NetworkError('NODE_FENCED', `${latest.subject}: another worker has taken the network over`);
      // The message before this one has reached its age, and is gone.
      await this.#publish(port, latest, delivery);
    }
  }

  async #look(latest: Latest): Promise<void> {
    const last = await this.#jetStream.read(this.#stream, { last_by_subj: latest.subject });
    latest.sequence = last?.sequence ?? 0;
    latest.number = Number(last?.headers.get(NUMBER) ?? latest.number);
  }
}
