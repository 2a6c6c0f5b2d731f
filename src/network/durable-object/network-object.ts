import { describe } from '../../actor/errors.ts';
import { messageOf } from '../../errors.ts';
import { makers } from '../engine/lasting.ts';
import { NetworkError, networkStopped } from '../errors.ts';
import type { GraphInput } from '../graph/graph.ts';
import { Network } from '../network.ts';
import { Alarm } from './alarm.ts';
import { DurableEngine } from './durable-engine.ts';
import { Leaving } from './leaving.ts';
import type { DurableSettings } from './options.ts';
import { Outbox } from './outbox.ts';
import type { DeliveryItem, DurableState } from './storage.ts';
import { Tables } from './tables.ts';

/** The network of one object, with its engine, its outbox and its alarm. */
export class NetworkObject {
  readonly #state: DurableState;
  readonly #alarm: Alarm;
  #network: Network | undefined;
  #engine!: DurableEngine;
  #outbox!: Outbox;

  constructor(
    state: DurableState,
    env: unknown,
    graph: GraphInput | readonly GraphInput[],
    settings: DurableSettings,
  ) {
    this.#state = state;
    this.#alarm = new Alarm(state.storage);
    // A failure ends the object: its callers get the error, and the next call begins anew.
    void state.blockConcurrencyWhile(() => this.#open(env, graph, settings));
  }

  get network(): Network {
    if (!this.#network) throw networkStopped('Durable Object');
    return this.#network;
  }

  async #open(
    env: unknown,
    graph: GraphInput | readonly GraphInput[],
    { network: options, forward }: DurableSettings,
  ): Promise<void> {
    const { storage, id } = this.#state;
    await this.#alarm.open();
    const tables = new Tables(storage);
    this.#outbox = new Outbox(tables, env, error => this.#engine.fail(error));
    const leaving = new Leaving(this.#outbox, forward, id.name);
    const handle = { flush: async () => {}, lastId: () => undefined };
    makers.set(handle, bounds => {
      const hooks = { onChange: () => this.#alarm.arm(), onFail: (error: unknown) => this.#abort(error) };
      this.#engine = new DurableEngine(tables, bounds, hooks, leaving);
      return this.#engine;
    });
    const network = await Network.create(graph, { ...options, engine: handle });
    for (const port of forward.keys())
      if (!Object.hasOwn(network.outports, port))
        throw new NetworkError('UNKNOWN_PORT', `forward: the network has no outport ${describe(port)}`);
    network.subscribe(event => {
      if (event.type !== 'phase' || event.phase !== 'stopped') return;
      try {
        // Throws the failure with which the network has ended.
        network.start();
      } catch (error) {
        this.#abort(error);
      }
    });
    network.start();
    this.#network = network;
    this.#outbox.start();
    if (this.#outbox.isBusy || !this.#engine.waiting().next().done) this.#alarm.arm();
  }

  /** Nothing can be kept any more. The platform makes the object anew, from its storage. */
  #abort(error: unknown): void {
    this.#outbox.close();
    this.#state.abort(messageOf(error));
  }

  deliver(source: string, items: readonly DeliveryItem[]): Promise<number> {
    return this.#engine.deliver(source, items);
  }

  read(port: string, after: number, most: number): DeliveryItem[] {
    if (!Object.hasOwn(this.network.outports, port))
      throw new NetworkError('UNKNOWN_PORT', `read: the network has no outport ${describe(port)}`);
    return this.#outbox
      .read(port, after, most)
      .map(({ seq, packet, traceparent }) => [seq, packet, traceparent]);
  }

  status() {
    return { ...this.network.snapshot(), outbox: this.#outbox.waiting() };
  }

  ring(): void {
    this.#alarm.ring(this.#engine.isBusy, this.#engine.commits.kept + this.#outbox.delivered);
  }
}
