import { writeText } from '../../actor/json/writer.ts';
import { toWire } from '../../actor/message/wire.ts';
import type { DeadLetter } from '../engine/engine.ts';
import { restore } from '../log/restore.ts';
import { hasCode, JetStream, type NatsConnection } from './jet-stream.ts';
import { readKey } from './keys.ts';
import { NatsLog } from './nats-log.ts';
import { logNames, type Parts, partsKeyOf, partsShape } from './nats-worker.ts';
import { ifStream } from './object-store.ts';
import { Reload } from './reload.ts';
import { tokenOf } from './token.ts';

const INPORT = '> ';

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
  const jetStream = await JetStream.on(connection, new AbortController().signal, () => {}, load);
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

  /** Sends messages that came from inports again. The ids let the network drop those that were sent before. */
  async redrive(letters: readonly DeadLetter[]): Promise<{ sent: number; left: number }> {
    let [sent, left] = [0, 0];
    for (const { node, packet, read } of letters) {
      const from = read.filter(({ source }) => source.startsWith(INPORT));
      if (from.length < read.length || from.length === 0) left++;
      else
        for (const { source, position, port } of from) {
          const message = packet[port];
          if (!message) continue;
          const headers = { 'Nats-Msg-Id': `redrive ${node} ${source} ${position}` };
          const subject = `pb.${this.#name}.in.${tokenOf(source.slice(INPORT.length))}`;
          await this.#jetStream.publish(subject, writeText(toWire(message, ['message'])), headers);
          sent++;
        }
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
