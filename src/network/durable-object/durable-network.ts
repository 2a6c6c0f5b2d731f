import { aCount, anArray, aText, type Kind, readArgument } from '../../../wasi/options.ts';
import { refuseArguments } from '../../actor/call-options.ts';
import { describe, refuseOption } from '../../actor/errors.ts';
import type { Packet } from '../../actor/message/message.ts';
import { attempt } from '../../errors.ts';
import type { DeadLetter } from '../engine/engine.ts';
import type { GraphInput } from '../graph/graph.ts';
import { planGraph } from '../plan/make-plan.ts';
import type { CallResult, NetworkSnapshot } from '../results.ts';
import { NetworkObject } from './network-object.ts';
import { type DurableNetworkOptions, readDurableOptions } from './options.ts';
import type { Waiting } from './outbox.ts';
import { plainCopies } from './plain-copy.ts';
import type { DeliveryItem, DurableState } from './storage.ts';

/** A network that a Durable Object keeps and runs. Other Workers call these methods over RPC. */
export interface DurableNetwork {
  /**
   * Sends one message to each port that the packet names, and resolves when nothing that they caused runs or is queued, to the packets
   * that they caused. Floats in them are numbers.
   * @throws {NetworkError} UNKNOWN_PORT; {ActorError} INVALID_MESSAGE; OUTPUT_LIMIT for packets that RPC cannot carry, after their steps
   */
  call(packet: Packet): Promise<CallResult>;
  /** Resolves once the packet is kept. A message that came to its port with this id before is dropped. */
  accept(packet: Packet, id: string): Promise<void>;
  /**
   * Takes packets of another object, in order: JSON as `writePacket` writes it, with one port each. Their numbers rise. Those that
   * came from the source before are dropped. Resolves to the number of packets that the source need not send again: less than all
   * while a port is full.
   */
  deliver(source: string, items: readonly DeliveryItem[]): Promise<number>;
  /**
   * Returns the first messages of an outport that no call has caused, and removes those up to the number `after`. Returns fewer than
   * `most` if they are long. Default of `most`: 100.
   */
  read(port: string, after?: number, most?: number): Promise<readonly DeliveryItem[]>;
  /**
   * The network and its packets that wait for other objects and for readers.
   * @throws {ActorError} OUTPUT_LIMIT for states that RPC cannot carry
   */
  status(): Promise<NetworkSnapshot & { readonly outbox: Readonly<Record<string, Waiting>> }>;
  /**
   * Returns the letters after the first `after` ones, as many as RPC can carry. Default: 0.
   * @throws {ActorError} OUTPUT_LIMIT for one that it cannot
   */
  deadLetters(after?: number): Promise<readonly DeadLetter[]>;
  /** Called by the platform, while work is left. */
  alarm(): Promise<void>;
}

type Base = abstract new (...given: never) => object;

/** `Reflect.construct` refuses other functions than classes as its last argument, and does not call them. */
const isClass = (value: unknown): boolean =>
  attempt(() => Reflect.construct(Object, [], value as Base) !== undefined, false);

const MOST_READ = 1000;
const aSequence = aCount('packets', 1);
const anItem: Kind<DeliveryItem> = {
  type: 'a number and the JSON of a packet',
  check: (value, where, refuse) => {
    const [seq, packet, traceparent] = Array.isArray(value) ? (value as unknown[]) : [];
    if (typeof packet !== 'string')
      return refuse(`${where}: expected [number, JSON], got ${describe(value)}`);
    const trace = typeof traceparent === 'string' ? traceparent : null;
    return [aSequence.check(seq, `${where}[0]`, refuse), packet, trace];
  },
};

/**
 * Makes a class to export and to bind: each of its objects keeps and runs one instance of the graph. An instance of a graph for each
 * name: a user, a room, a device.
 * @param Base `DurableObject` of `cloudflare:workers`
 * @throws {NetworkError} INVALID_GRAPH; {ActorError} INVALID_CONFIG. Objects throw the errors of `Network.create`
 */
export function durableNetwork<B extends Base>(
  Base: B,
  graph: GraphInput | readonly GraphInput[],
  options?: DurableNetworkOptions,
): new (
  ...given: ConstructorParameters<B>
) => InstanceType<B> & DurableNetwork;
export function durableNetwork(
  Base: Base,
  graph: GraphInput | readonly GraphInput[],
  options?: DurableNetworkOptions,
  ...extra: unknown[]
): new (
  ...given: never
) => DurableNetwork {
  if (!isClass(Base))
    refuseOption(
      `durableNetwork: Base: expected the class DurableObject of cloudflare:workers, got ${describe(Base)}`,
    );
  const settings = readDurableOptions(options);
  refuseArguments('durableNetwork', extra);
  planGraph(graph);
  return class extends (Base as new (state: DurableState, env: unknown) => object) implements DurableNetwork {
    readonly #own: NetworkObject;

    constructor(state: DurableState, env: unknown) {
      super(state, env);
      this.#own = new NetworkObject(state, env, graph, settings);
    }

    async call(packet: Packet, ...extra: unknown[]): Promise<CallResult> {
      refuseArguments('call', extra);
      const advice = 'the steps are done; send less in one call, or use accept and read';
      return plainCopies([await this.#own.network.call(packet)], 'call', advice)[0]!;
    }

    async accept(packet: Packet, id: string, ...extra: unknown[]): Promise<void> {
      refuseArguments('accept', extra);
      await this.#own.network.accept(packet, id);
    }

    async deliver(source: string, items: readonly DeliveryItem[], ...extra: unknown[]): Promise<number> {
      readArgument(aText, source, 'deliver: source', refuseOption);
      const own = readArgument(anArray(anItem), items, 'deliver: items', refuseOption);
      refuseArguments('deliver', extra);
      return this.#own.deliver(source, own);
    }

    async read(port: string, after = 0, most = 100, ...extra: unknown[]): Promise<readonly DeliveryItem[]> {
      readArgument(aText, port, 'read: port', refuseOption);
      readArgument(aCount('packets'), after, 'read: after', refuseOption);
      readArgument(aCount('packets', 1, MOST_READ), most, 'read: most', refuseOption);
      refuseArguments('read', extra);
      return this.#own.read(port, after, most);
    }

    async status(...extra: unknown[]) {
      refuseArguments('status', extra);
      return plainCopies([this.#own.status()], 'status', 'keep less in the states')[0]!;
    }

    async deadLetters(after = 0, ...extra: unknown[]): Promise<readonly DeadLetter[]> {
      readArgument(aCount('letters'), after, 'deadLetters: after', refuseOption);
      refuseArguments('deadLetters', extra);
      const letters = (await this.#own.network.deadLetters()).slice(after);
      return plainCopies(letters, `deadLetters: letter ${after}`, `go on with deadLetters(${after + 1})`);
    }

    async alarm(): Promise<void> {
      this.#own.ring();
    }
  };
}
