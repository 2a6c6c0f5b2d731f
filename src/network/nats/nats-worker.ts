import { ActorError, describe, refuseOption } from '../../actor/errors.ts';
import { setOwn } from '../../actor/json/value.ts';
import { plain, record, type Shape } from '../../values/shape.ts';
import type { Modules } from '../engine/network-engine.ts';
import { JetStream, type NatsConnection } from './jet-stream.ts';
import { changeKey } from './keys.ts';
import { ModuleWatch } from './module-watch.ts';
import { NatsLog } from './nats-log.ts';
import { NAME, type NatsSettings } from './nats-options.ts';
import { Presence } from './presence.ts';
import { shortTokenOf } from './token.ts';

/** Then a server that does not answer is left alone. */
const LONGEST_CLOSE_MS = 10_000;

/** Replaces parts of a worker in tests. */
export interface Seams {
  readonly load?: Parameters<typeof JetStream.on>[3];
  readonly makeLog?: (...given: ConstructorParameters<typeof NatsLog>) => NatsLog;
}

/** One worker of a network: its connection to JetStream, and the names of all that the network has there. */
export class NatsWorker {
  readonly id = crypto.randomUUID();
  readonly name: string;
  readonly jetStream: JetStream;
  readonly presence: Presence;
  /** Settings of new streams. */
  readonly config: { readonly num_replicas: number };
  readonly bucket: string;
  readonly ended: AbortController;
  readonly #onWarning: (message: string) => void;
  readonly #seams: Seams;
  #hasWarned = false;

  /**
   * @param ended ends all requests
   * @param parts those that the worker can run; null for all
   */
  static async connect(
    connection: NatsConnection,
    settings: NatsSettings,
    planName: string,
    ended: AbortController,
    seams: Seams,
    parts: readonly string[] | null,
  ): Promise<NatsWorker> {
    const { name = planName, onWarning = console.warn } = settings;
    if (!NAME.test(name))
      refuseOption(
        `NatsEngine: name: the graph has the name ${name}; give one of 1 to 64 letters, digits, _ and -`,
      );
    const warn = (message: string) => onWarning(`${message}; the engine goes on asking`);
    const jetStream = await JetStream.on(connection, ended.signal, warn, seams.load);
    const worker = new NatsWorker(jetStream, name, settings, ended, seams, parts);
    await jetStream.ensureStream(`KV_${worker.bucket}`, {
      subjects: [`$KV.${worker.bucket}.>`],
      max_msgs_per_subject: 1,
      allow_msg_ttl: true,
      allow_rollup_hdrs: true,
      allow_direct: true,
      ...worker.config,
    });
    return worker;
  }

  private constructor(
    jetStream: JetStream,
    name: string,
    { leaseMs, replicas, onWarning = console.warn }: NatsSettings,
    ended: AbortController,
    seams: Seams,
    parts: readonly string[] | null,
  ) {
    this.name = name;
    this.jetStream = jetStream;
    this.config = { num_replicas: replicas };
    this.bucket = `PB_${name}_LEASE`;
    this.presence = new Presence(jetStream, this.bucket, leaseMs, this.id, parts);
    this.ended = ended;
    this.#onWarning = onWarning;
    this.#seams = seams;
  }

  get place(): string {
    return `NATS network ${this.name}`;
  }

  async openLog(part: string | undefined): Promise<NatsLog> {
    const { subject, stream } = await this.ensureLog(part);
    const make = this.#seams.makeLog ?? ((...given) => new NatsLog(...given));
    return make(this.jetStream, stream, subject, this.id);
  }

  async ensureLog(part: string | undefined): Promise<{ subject: string; stream: string }> {
    const { subject, stream } = logNames(this.name, part);
    const { num_replicas } = await this.jetStream.ensureStream(stream, {
      subjects: [subject],
      ...this.config,
    });
    if (num_replicas === 1 && !this.#hasWarned)
      this.#onWarning(
        `${this.place}: one server keeps it, and acknowledges before its disk has the message; a power cut loses up to two minutes unless the server has sync_interval: always`,
      );
    this.#hasWarned = true;
    return { subject, stream };
  }

  /** The key with the positions that a part has read in other parts. */
  readKeyOf(part: string): string {
    return `$KV.${this.bucket}.read.${shortTokenOf(part)}`;
  }

  /** Writes a key whose content is an object. @param change returns the next content; undefined if it stays */
  async changeKey<T extends object>(
    key: string,
    shape: Shape,
    change: (old: T | undefined) => T | undefined,
  ): Promise<void> {
    await changeKey(this.jetStream, `KV_${this.bucket}`, key, shape, change);
  }

  /**
   * Keeps in which log each node is. The state of a node in another log would be lost without a word.
   * @throws {ActorError} INVALID_STATE_FILE
   */
  async keepParts(parts: ReadonlyMap<string, string>): Promise<void> {
    const nameOf = (part: string) => (part === '' ? 'the whole network' : `the part ${describe(part)}`);
    await this.changeKey<Parts>(partsKeyOf(this.bucket), partsShape, (old = {}) => {
      const next = { ...old };
      for (const [node, part] of parts) {
        const before = Object.hasOwn(old, node) ? old[node]! : part;
        if (before !== part)
          throw new ActorError(
            'INVALID_STATE_FILE',
            `${this.place}: node ${describe(node)} is kept with ${nameOf(before)}, and now belongs to ${nameOf(part)}; run the graph and the option spread of before, or give the network another name`,
          );
        setOwn(next, node, part);
      }
      return Object.keys(next).length > Object.keys(old).length ? next : undefined;
    });
  }

  /**
   * Takes the modules that `plugboard net reload` has put on the server, and follows those to come.
   * @param fail called when a module does not run here
   */
  async follow(modules: Modules, fail: (error: unknown) => void): Promise<void> {
    const watch = new ModuleWatch(this, modules, this.#onWarning);
    await watch.open();
    const { signal } = this.ended;
    watch.watch(signal).catch((error: unknown) => {
      if (!signal.aborted) fail(error);
    });
  }

  /** Runs the end of a worker, and ends all requests after it, or when the server does not answer. */
  async close(end: () => Promise<void>): Promise<void> {
    const stop = () => this.ended.abort(new ActorError('STATE_STORE_FAILED', `${this.place}: closed`));
    const timer = setTimeout(stop, LONGEST_CLOSE_MS);
    try {
      await end();
    } finally {
      if (!this.ended.signal.aborted) await this.presence.end().catch(() => {});
      clearTimeout(timer);
      stop();
    }
  }
}

/** The content of the key `parts`: the log of each node. */
export type Parts = { readonly [node: string]: string };
export const partsShape = record(plain);
export const partsKeyOf = (bucket: string) => `$KV.${bucket}.parts`;

/** Returns the subject and the stream of the log of a part; of the whole network without one. */
export function logNames(network: string, part: string | undefined): { subject: string; stream: string } {
  const [subject, stream] = [`pb.${network}.log`, `PB_${network}_LOG`];
  // No name of a network has the character `=`.
  if (part === undefined) return { subject, stream };
  return { subject: `${subject}.${shortTokenOf(part)}`, stream: `${stream}=${shortTokenOf(part)}` };
}
