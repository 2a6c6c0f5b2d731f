import { ActorError } from '../../actor/errors.ts';
import { writeText } from '../../actor/json/writer.ts';
import { toWire } from '../../actor/message/wire.ts';
import { type DeadLetter, LIST } from '../engine/engine.ts';
import { restore } from '../log/restore.ts';
import { hasCode, isTooLarge, JetStream, type NatsConnection } from './jet-stream.ts';
import { readKey } from './keys.ts';
import { NatsLog } from './nats-log.ts';
import { NAME } from './nats-options.ts';
import { logNames, type Parts, partsKeyOf, partsShape } from './nats-worker.ts';
import { ifStream } from './object-store.ts';
import { Reload } from './reload.ts';
import { tokenOf } from './token.ts';

const INPORT = '> ';

const refuseSilence = (message: string): never => {
  const remedy = 'the server needs JetStream (nats-server -js), and the user the right to ask it';
  throw new ActorError('STATE_STORE_FAILED', `${message}; ${remedy}`);
};

/** Says why a dead letter cannot be sent again; undefined if it can. */
const whyNot = ({ node, read }: DeadLetter): string | undefined => {
  if (node === '' && read[0]?.source.startsWith(LIST)) return 'came to inports, and are not messages';
  if (node === '') return TOO_LARGE;
  const isFromInports = read.length > 0 && read.every(({ source }) => source.startsWith(INPORT));
  return isFromInports ? undefined : 'did not come from inports';
};
const TOO_LARGE = 'are larger than max_payload of the server';

/** The nodes of a log, and the worker that has it; undefined if none that is alive has. */
export interface PartStatus {
  readonly nodes: readonly string[];
  readonly worker: string | undefined;
}

/** Reads the streams of a network, from outside of its workers. Undefined for a name that the server does not have. */
export async function readNetwork(
  connection: NatsConnection,
  name: string,
  load?: Parameters<typeof JetStream.on>[3],
): Promise<NetworkReport | undefined> {
  if (!NAME.test(name)) return undefined;
  const jetStream = await JetStream.on(connection, new AbortController().signal, refuseSilence, load);
  const bucket = `PB_${name}_LEASE`;
  try {
    const parts = await readKey<Parts>(jetStream, `KV_${bucket}`, partsKeyOf(bucket), partsShape);
    return parts && new NetworkReport(jetStream, name, bucket, parts);
  } catch (error) {
    if (hasCode(error, 'noStream')) return undefined;
    throw error;
  }
}

export class NetworkReport {
  readonly #jetStream: JetStream;
  readonly #name: string;
  readonly #bucket: string;
  /** The nodes of each log. */
  readonly #nodes = new Map<string, string[]>();

  constructor(jetStream: JetStream, name: string, bucket: string, parts: Parts) {
    this.#jetStream = jetStream;
    this.#name = name;
    this.#bucket = bucket;
    for (const [node, part] of Object.entries(parts))
      this.#nodes.set(part, [...(this.#nodes.get(part) ?? []), node]);
  }

  async status(): Promise<{ parts: PartStatus[]; waiting: number }> {
    const prefix = `$KV.${this.#bucket}.worker.`;
    const keys = await this.#jetStream.subjectsOf(`KV_${this.#bucket}`, `${prefix}*`);
    const alive = keys.map(key => key.slice(prefix.length));
    const parts = await Promise.all(
      [...this.#nodes].map(async ([part, nodes]) => {
        // The first worker makes a log when it takes it.
        const tail = await ifStream(this.#log(part).tail());
        const worker = tail?.kind === 'end' ? undefined : alive.find(id => id === tail?.writer);
        return { nodes, worker };
      }),
    );
    return { parts, waiting: await this.#waiting() };
  }

  async dead(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const part of this.#nodes.keys())
      for (const { dead } of restore((await ifStream(this.#log(part).read())) ?? new Map()).left.values())
        letters.push(...dead);
    return letters;
  }

  /**
   * Sends messages that came from inports again. The ids let the network drop those that were sent before. Returns how many were sent,
   * and the number of letters that stay, by the reason.
   */
  async redrive(letters: readonly DeadLetter[]): Promise<{ sent: number; left: Map<string, number> }> {
    let sent = 0;
    const left = new Map<string, number>();
    for (const letter of letters) {
      const { node, packet, read } = letter;
      let problem = whyNot(letter);
      try {
        for (const { source, position, port } of problem === undefined ? read : []) {
          const message = packet[port];
          if (!message) continue;
          const headers = { 'Nats-Msg-Id': `redrive ${node} ${source} ${position}` };
          const subject = `pb.${this.#name}.in.${tokenOf(source.slice(INPORT.length))}`;
          await this.#jetStream.publish(subject, writeText(toWire(message, ['message'])), headers);
          sent++;
        }
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        problem = TOO_LARGE;
      }
      if (problem !== undefined) left.set(problem, (left.get(problem) ?? 0) + 1);
    }
    return { sent, left };
  }

  /** @param mostMs time for the answers of all workers */
  reload(mostMs: number): Reload {
    return new Reload(this.#jetStream, this.#name, this.#bucket, mostMs);
  }

  #log(part: string): NatsLog {
    const { subject, stream } = logNames(this.#name, part === '' ? undefined : part);
    return new NatsLog(this.#jetStream, stream, subject, '');
  }

  async #waiting(): Promise<number> {
    return (await ifStream(this.#jetStream.rangeOf(`PB_${this.#name}_IN`)))?.messages ?? 0;
  }
}
