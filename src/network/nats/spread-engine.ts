import { describe, refuseOption } from '../../actor/errors.ts';
import { writeText } from '../../actor/json/writer.ts';
import type { Message } from '../../actor/message/message.ts';
import { toWire } from '../../actor/message/wire.ts';
import type { BoundOptions } from '../engine/bounds.ts';
import type {
  DeadLetter,
  DeadStep,
  NodeKey,
  NodeSession,
  Received,
  SendOptions,
  Trace,
} from '../engine/engine.ts';
import type { Depth, Modules, NetworkEngine } from '../engine/network-engine.ts';
import { NetworkError, networkStopped, unknownInport } from '../errors.ts';
import { Turns } from '../log/suspects.ts';
import type { Plan, PlanPort } from '../plan/plan.ts';
import { onAbort, pause } from './abort.ts';
import { Inlet } from './inlet.ts';
import { hasCode } from './jet-stream.ts';
import { NatsLoggedEngine } from './nats-logged-engine.ts';
import type { NatsSettings } from './nats-options.ts';
import type { NatsWorker } from './nats-worker.ts';
import { ownersOf, type Part, partsOf } from './parts.ts';
import type { Alive } from './presence.ts';
import { Slot, SlotSession } from './slot.ts';
import { tokenOf } from './token.ts';

/** A step that takes longer is made again by the next worker. */
const LONGEST_STEP_MS = 2000;
/** After this worker was away, the others get the time to come back, too. */
const SETTLE_MS = 1000;
const FULL_MS = 100;

/** Makes the connection of a worker that can run some parts; null for all. */
export type ConnectWorker = (
  planName: string,
  ended: AbortController,
  parts: readonly string[] | null,
) => Promise<NatsWorker>;

/** Runs the parts of a network that fall to this worker. docs/NETWORK-PROTOCOL.md */
export class SpreadEngine implements NetworkEngine {
  readonly batch = 1;
  readonly isSpread = true;
  readonly maxStepBytes = Number.POSITIVE_INFINITY;
  readonly #connect: ConnectWorker;
  readonly #settings: NatsSettings;
  readonly #bounds: BoundOptions;
  readonly #ended = new AbortController();
  readonly #turns = new Turns();
  readonly #halted = new AbortController();
  readonly #slots = new Map<string, Slot>();
  /** By node. */
  readonly #slotOf = new Map<string, Slot>();
  #plan: Plan | undefined;
  #worker: NatsWorker | undefined;
  #settledMs = 0;
  /** The worker of each part, for the workers that were alive at the last look. The parts that a worker can run do not change. */
  #assigned: { ids: string | undefined; owners: ReadonlyMap<string, string> } = {
    ids: undefined,
    owners: new Map(),
  };
  #failure: unknown;
  #closing: Promise<void> | undefined;

  constructor(connect: ConnectWorker, settings: NatsSettings, bounds: BoundOptions) {
    this.#connect = connect;
    this.#settings = settings;
    this.#bounds = bounds;
  }

  get mostTimeoutMs(): number {
    return this.#settings.leaseMs / 2;
  }

  async open(plan: Plan, signal?: AbortSignal, modules?: Modules): Promise<void> {
    signal?.throwIfAborted();
    this.#plan = plan;
    const { nodes } = this.#settings;
    const unknown = nodes?.find(id => !plan.nodes.some(node => node.id === id));
    if (unknown !== undefined) refuseOption(`NatsEngine: nodes: there is no node ${describe(unknown)}`);
    const parts = partsOf(plan);
    for (const part of parts) {
      const slot = new Slot(part);
      this.#slots.set(part.name, slot);
      for (const { id } of part.plan.nodes) this.#slotOf.set(id, slot);
    }
    const isAble = (part: Part) => part.plan.nodes.every(({ id }) => nodes!.includes(id));
    const able = nodes ? parts.filter(isAble).map(({ name }) => name) : null;
    const onAbort = () => this.#ended.abort(signal!.reason);
    signal?.addEventListener('abort', onAbort);
    try {
      this.#worker = await this.#connect(plan.name, this.#ended, able);
      const { jetStream, name, config } = this.#worker;
      await Inlet.ensure(jetStream, name, config);
      await this.#worker.keepParts(new Map([...this.#slotOf].map(([node, { part }]) => [node, part.name])));
      if (modules) await this.#worker.follow(modules, this.#fail);
    } catch (error) {
      await this.close();
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Takes and gives back parts until `close`, and reads the packets for those that are here. */
  async feed(): Promise<void> {
    const { presence } = this.#worker!;
    const { signal } = this.#halted;
    try {
      await presence.watch(signal, async (alive, wasAway) => {
        if (wasAway) {
          this.#settledMs = performance.now() + SETTLE_MS;
          for (const { engine } of this.#slots.values()) await engine?.checkOwn();
        }
        if (performance.now() >= this.#settledMs) this.#assign(alive);
      });
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #assign(alive: Alive): void {
    const { id } = this.#worker!;
    const ids = [...alive.keys()].join();
    // It takes long with many parts and workers, and most looks find the same workers.
    if (this.#assigned.ids !== ids)
      this.#assigned = { ids, owners: ownersOf([...this.#slots.keys()], alive) };
    const { owners } = this.#assigned;
    for (const [name, slot] of this.#slots) {
      const isOwn = owners.get(name) === id;
      // The others wait for a part that this worker has lost and not given back.
      if ((isOwn || slot.isLost) && !slot.engine) slot.run(() => this.#enter(slot, alive), this.#fail);
      // Without another worker for it, the part stays where it is.
      if (!isOwn && slot.engine && owners.has(name)) slot.run(() => this.#leave(slot), this.#fail);
    }
  }

  /** Opens a part, unless another worker has it still. */
  async #enter(slot: Slot, alive: Alive): Promise<void> {
    const worker = this.#worker!;
    slot.log ??= await worker.openLog(slot.part.name);
    slot.isLost = false;
    const engine: NatsLoggedEngine = new NatsLoggedEngine(async () => worker, this.#settings, this.#bounds, {
      part: slot.part,
      turns: this.#turns,
      onLost: error => {
        if (!(error instanceof NetworkError && error.code === 'NODE_FENCED')) this.#fail(error);
        else if (slot.engine === engine) slot.lose();
        engine.close().catch(() => {});
      },
    });
    try {
      if (!(await engine.takeLog(worker, slot.log, slot.part.plan, alive))) return;
    } catch (error) {
      slot.empty();
      // Another worker was faster.
      if (error instanceof NetworkError && error.code === 'NODE_FENCED') return;
      throw error;
    }
    slot.fill(engine);
    void engine.run();
  }

  /** Lets the steps of a part end, and gives it back. */
  async #leave(slot: Slot): Promise<void> {
    const { engine } = slot;
    if (!engine) return;
    await slot.whenQuiet(LONGEST_STEP_MS);
    slot.empty();
    // Nobody takes a part from a worker that is alive, so this one takes it again to give it back.
    if (!(await engine.leave())) slot.isLost = true;
    if (!this.#closing) await this.#worker!.presence.wake();
  }

  async own({ node, key }: NodeKey): Promise<NodeSession> {
    const slot = this.#slotOf.get(node);
    if (!slot) throw new NetworkError('UNKNOWN_PORT', `engine: there is no node ${describe(node)}`);
    if (key !== undefined) refuseOption(`own: key: a NatsEngine does not divide nodes, got ${describe(key)}`);
    slot.busy.delete(node);
    const engine = await slot.whenFilled(this.#halted.signal);
    if (this.#failure !== undefined) throw this.#failure;
    if (!engine) return ended;
    return new SlotSession(await engine.own({ node }), node, slot, this.#halted.signal);
  }

  /** The nodes that run here. */
  get nodes(): string[] {
    return this.#engines().flatMap(({ nodes }) => nodes);
  }

  begin(node: string): Promise<() => void> | undefined {
    return this.#slotOf.get(node)!.engine?.begin(node);
  }

  /** Sends a message to the stream of its port, from which the worker of the port takes it. */
  async send(port: string, message: Message, { id, trace, signal }: SendOptions = {}): Promise<boolean> {
    if (this.#closing) throw networkStopped('engine');
    const names = this.#plan!.inports.map(({ name }) => name);
    if (!names.includes(port)) throw unknownInport('send', port, names);
    const { jetStream, name } = this.#worker!;
    const headers = { 'Nats-Msg-Id': id, traceparent: trace?.traceparent };
    const data = writeText(toWire(message, ['message']));
    for (;;) {
      signal?.throwIfAborted();
      try {
        await jetStream.publish(`pb.${name}.in.${tokenOf(port)}`, data, headers);
        return true;
      } catch (error) {
        if (!hasCode(error, 'streamFull')) throw error;
        await pause(FULL_MS, signal ?? this.#halted.signal);
      }
    }
  }

  /** Ways to a node belong to the worker that runs it. */
  async sendTo(to: PlanPort, message: Message, options?: SendOptions): Promise<void> {
    const { engine } = this.#slotOf.get(to.node) ?? {};
    if (engine) return engine.sendTo(to, message, options);
    throw new NetworkError('UNKNOWN_PORT', `send: node ${describe(to.node)} does not run in this worker`);
  }

  /** Messages leave by subjects: nobody gets them here. */
  receive(): AsyncIterable<Received> {
    const { signal } = this.#halted;
    const next = async () => {
      await whenAborted(signal);
      return { done: true, value: undefined } as const;
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  done(): void {}

  async dead(): Promise<readonly DeadLetter[]> {
    return (await Promise.all(this.#engines().map(engine => engine.dead()))).flat();
  }

  /** Letters of nodes that run elsewhere are not known here. */
  async redrive(step: DeadStep, trace?: Trace): Promise<boolean> {
    const engine = this.#engines().find(({ nodes }) => nodes.includes(step.node));
    return engine ? engine.redrive(step, trace) : false;
  }

  waiting(): Iterable<Trace> {
    return [];
  }

  beginDrain(): () => void {
    return () => {};
  }

  depths(): Depth[] {
    // A way between two parts of this worker is shown as its beginning sees it.
    const all = this.#engines().flatMap(engine => engine.depths());
    const bySource = new Map<string, Depth>();
    for (const depth of all)
      if (depth.packets >= (bySource.get(depth.source)?.packets ?? 0)) bySource.set(depth.source, depth);
    return [...bySource.values()];
  }

  /** Resolves when all that was kept so far is in the logs. */
  async flush(): Promise<void> {
    await Promise.all(this.#engines().map(engine => engine.flush()));
  }

  lastId(port: string): string | undefined {
    const inport = this.#plan?.inports.find(({ name }) => name === port);
    return inport && this.#slotOf.get(inport.node)!.engine?.lastId(port);
  }

  /** A network that ends goes on until its steps have ended. */
  halt(): void {}

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#halted.abort();
    if (!this.#worker) return this.#ended.abort();
    await this.#worker.close(async () => {
      await Promise.all([...this.#slots.values()].map(slot => slot.running));
      await Promise.all([...this.#slots.values()].map(slot => this.#leave(slot).catch(() => {})));
    });
  }

  #engines(): NatsLoggedEngine[] {
    return [...this.#slots.values()].flatMap(({ engine }) => engine ?? []);
  }

  readonly #fail = (error: unknown): void => {
    if (this.#halted.signal.aborted) return;
    this.#failure ??= error;
    this.#halted.abort();
  };
}

/** The session of a node when the network has ended. */
const ended: NodeSession = {
  record: undefined,
  lost: new AbortController().signal,
  take: async () => [],
  commit: async () => {
    throw networkStopped('engine');
  },
  close: async () => {},
};

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve();
    onAbort(signal, resolve);
  });
