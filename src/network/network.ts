import { aFunction, aText, readArgument, readOptions } from '../../wasi/options.ts';
import { readStopOptions, refuseArguments, type StopOptions } from '../actor/call-options.ts';
import type { ModuleSource } from '../actor/engine/module-source.ts';
import { refuseOption } from '../actor/errors.ts';
import type { Message, Packet } from '../actor/message/message.ts';
import { type LoaderOptions, ModuleLoader } from '../actor/module-loader.ts';
import { makeBreath } from './breath.ts';
import { boundsOf } from './engine/channel.ts';
import type { DeadLetter, Received } from './engine/engine.ts';
import { makers } from './engine/lasting.ts';
import { MemoryEngine } from './engine/memory-engine.ts';
import type { NetworkEngine } from './engine/network-engine.ts';
import { type NetworkError, networkStopped, unknownInport } from './errors.ts';
import type { NetworkListener, NetworkPhase } from './events.ts';
import { pluginFiles, type ReadInside } from './extism-actor.ts';
import type { GraphInput } from './graph/graph.ts';
import { NetworkModules } from './modules.ts';
import { NetworkEvents } from './network-events.ts';
import {
  type NetworkOptions,
  type NetworkSettings,
  readNetworkOptions,
  SUBSCRIBE_OPTIONS,
  type SubscribeOptions,
} from './network-options.ts';
import type { NodeRunner } from './node-runner.ts';
import type { NodeWorker } from './node-worker.ts';
import { copyLetter, ownPacket } from './own-packet.ts';
import { Pace } from './pace.ts';
import { checkTimeouts, checkWhole, makeRunners, makeWorker, planWith, portsOf } from './parts.ts';
import { type PlanOptions, planGraph } from './plan/make-plan.ts';
import type { Plan, PlanPort } from './plan/plan.ts';
import { makeInport, makeOutport, type NetworkInport, type NetworkOutport } from './ports.ts';
import { readStep } from './read-step.ts';
import { type CallResult, type NetworkSnapshot, snapshotNetwork } from './results.ts';
import { type NetworkSendOptions, readNetworkSendOptions, type Sending } from './traceparent.ts';
import { Traffic } from './traffic.ts';

/** A graph of actors that runs in this process. */
export class Network {
  readonly plan: Plan;
  readonly inports: { readonly [name: string]: NetworkInport };
  readonly outports: { readonly [name: string]: NetworkOutport };
  /** @internal Pauses the network. */
  readonly pace = new Pace();

  readonly #engine: NetworkEngine;
  readonly #loader: ModuleLoader;
  readonly #modules: NetworkModules;
  readonly #settings: NetworkSettings;
  readonly #traffic: Traffic;
  readonly #workers: ReadonlyMap<string, NodeWorker>;
  readonly #runners: ReadonlyMap<string, NodeRunner>;
  readonly #events: NetworkEvents;
  readonly #abort = new AbortController();
  #phase: NetworkPhase = 'created';
  #failure: unknown;
  /** The reason of the signal in the options, once that has stopped the network. */
  #signalled: unknown;
  #running: Promise<unknown> = Promise.resolve();
  #ended: Promise<void> | undefined;

  /**
   * Checks a graph of Reflow, or the graphs of a workspace, without running anything, and returns it as data: nodes and edges with
   * subgraphs in their place, initial packets, exposed ports, cycles and warnings.
   * @throws {NetworkError} INVALID_GRAPH with the path of the wrong value, GRAPH_TOO_LARGE
   * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson` for a text; INVALID_CONFIG for wrong options
   * @example
   * ```js
   * import { Network } from 'plugboard/network';
   * const plan = Network.plan({
   *   properties: { name: 'adder' },
   *   processes: { a: { component: 'Counter' }, b: { component: 'Counter' } },
   *   connections: [{ from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'b', portId: 'add' } }],
   * });
   * console.log(plan.edges[0].id); // a.count -> b.add
   * ```
   */
  static plan(graph: GraphInput | readonly GraphInput[], options?: PlanOptions): Plan;
  static plan(graph: GraphInput | readonly GraphInput[], options?: PlanOptions, ...extra: unknown[]): Plan {
    refuseArguments('Network.plan', extra);
    return planGraph(graph, options);
  }

  /**
   * Checks a graph, loads its components, and makes an actor of each node. Each module is compiled and validated once.
   * @throws {NetworkError} UNKNOWN_COMPONENT, and errors of `plan`
   * @throws {ModuleError} {ActorError} {CreateError} as `ScriptActor.create`
   */
  static create(graph: GraphInput | readonly GraphInput[], options?: NetworkOptions): Promise<Network>;
  static async create(
    graph: GraphInput | readonly GraphInput[],
    options?: NetworkOptions,
    ...extra: unknown[]
  ): Promise<Network> {
    refuseArguments('Network.create', extra);
    const settings = readNetworkOptions(options);
    // biome-ignore lint/complexity/noThisInStatic: the entry for Node has others.
    const { loader: makeLoader, readInside } = this;
    const loader = makeLoader(settings.actors);
    const plan = await planWith(graph, settings, loader, readInside);
    const { capacity, capacityBytes, cycleCapacity, cycleCapacityBytes } = settings;
    const bounds = { capacity, capacityBytes, cycleCapacity, cycleCapacityBytes };
    const makeEngine = settings.engine && makers.get(settings.engine);
    const engine = makeEngine?.(bounds) ?? new MemoryEngine(bounds);
    const workers = new Map<string, NodeWorker>();
    checkTimeouts(plan, settings, engine.mostTimeoutMs);
    const modules = new NetworkModules(graph, settings, loader, () => makeLoader(settings.actors));
    await engine.open(plan, settings.signal, modules);
    try {
      for (const node of plan.nodes) workers.set(node.id, await makeWorker(node, settings, loader));
    } catch (error) {
      await Promise.all([...workers.values()].map(worker => worker.close()));
      await engine.close();
      throw error;
    }
    return new this(plan, settings, engine, loader, modules, workers);
  }

  /** @internal Makes the loader of the modules. The entry for Node overrides this. */
  protected static loader(options: LoaderOptions): ModuleLoader {
    return new ModuleLoader(options);
  }

  /** @internal Reads modules that a graph file names. The entry for Node has it. */
  protected static readInside: ReadInside | undefined;

  protected constructor(
    plan: Plan,
    settings: NetworkSettings,
    engine: NetworkEngine,
    loader: ModuleLoader,
    modules: NetworkModules,
    workers: ReadonlyMap<string, NodeWorker>,
  ) {
    this.plan = plan;
    this.#settings = settings;
    this.#engine = engine;
    this.#loader = loader;
    this.#modules = modules;
    modules.onReloaded = component => {
      if (this.#phase !== 'stopped') this.#events.emit({ type: 'reloaded', component });
    };
    this.#workers = workers;
    this.#events = new NetworkEvents(plan.name, diagnostic =>
      (settings.onDiagnostic ?? settings.actors.onDiagnostic)?.(diagnostic),
    );
    if (settings.onEvent) this.#events.subscribe(settings.onEvent, false);
    const { packets, bytes } = boundsOf(settings.capacity, settings.capacityBytes, false);
    this.#traffic = new Traffic(engine, plan, packets, bytes);
    this.#runners = makeRunners(plan, settings, workers, {
      engine,
      tally: this.#traffic.tally,
      signal: this.#abort.signal,
      events: this.#events,
      pace: this.pace,
      breathe: makeBreath(),
    });
    const checkEnd = () => {
      if (this.#failure !== undefined) throw this.#stopped('outport');
    };
    this.inports = Object.fromEntries(plan.inports.map(({ name }) => [name, this.inport(name)]));
    this.outports = Object.fromEntries(
      [...this.#traffic.outboxes].map(([name, box]) => {
        const done = (delivery: Received) => this.#traffic.used(name, delivery);
        return [name, makeOutport(box, done, checkEnd)];
      }),
    );
    settings.signal?.addEventListener('abort', this.#onAbort);
    if (settings.signal?.aborted) this.#onAbort();
  }

  get phase(): NetworkPhase {
    return this.#phase;
  }

  /** Begins to process packets, initial packets first. A second `start` has no effect. @throws {NetworkError} NETWORK_STOPPED */
  start(): void;
  start(...extra: unknown[]): void {
    refuseArguments('start', extra);
    this.#checkOpen('start');
    if (this.#phase !== 'created') return;
    this.#enter('running');
    const fail = (error: unknown) => this.#fail(error);
    const nodes = [...this.#runners.values()].map(runner => runner.run().catch(fail));
    const ports = [...this.#traffic.outboxes.keys()].map(port => this.#traffic.forward(port).catch(fail));
    const feeding = this.#engine.feed((...given) => this.#traffic.send(...given)).catch(fail);
    this.#running = Promise.all([...nodes, ...ports, feeding]);
  }

  /**
   * Sends one message to each port that the packet names, starts the network if it was not started, and resolves when nothing that
   * they caused runs or is queued. Other calls may run meanwhile: each gets the packets that it caused.
   * @param options.signal ends the wait, not the work
   * @throws {NetworkError} NETWORK_STOPPED, with the failure as its cause; UNKNOWN_PORT
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH; ABORTED
   */
  call(packet: Packet, options?: NetworkSendOptions): Promise<CallResult>;
  async call(packet: Packet, options?: NetworkSendOptions, ...extra: unknown[]): Promise<CallResult> {
    const sending = readNetworkSendOptions('call', options);
    refuseArguments('call', extra);
    const own = this.#ownPacket('call', packet);
    this.start();
    return this.#traffic.call(own, sending, cause => this.#waitingFor(cause));
  }

  /**
   * Sends a packet as `call` does, and resolves once it is kept; while the way is full, it waits. `done` resolves when nothing that
   * the packet caused runs or is queued, but at joins. A message that came to its port with this id before, also in an earlier
   * process, is dropped; `done` then waits for all that it caused. A port remembers at least 1,000 ids. Packets that leave go to the readers.
   * @throws {NetworkError} NETWORK_STOPPED, UNKNOWN_PORT; {ActorError} as `call`
   */
  accept(packet: Packet, id: string): Promise<{ readonly done: Promise<void> }>;
  async accept(packet: Packet, id: string, ...extra: unknown[]): Promise<{ readonly done: Promise<void> }> {
    refuseArguments('accept', extra);
    readArgument(aText, id, 'accept: id', refuseOption);
    const own = this.#ownPacket('accept', packet);
    this.start();
    return this.#traffic.accept(own, id);
  }

  /**
   * Resolves when no node is busy and no packet is queued, but those that wait at joins. Read the outports meanwhile.
   * @throws {NetworkError} NETWORK_STOPPED after a failure, or when packets were dropped
   */
  drain(): Promise<void>;
  async drain(...extra: unknown[]): Promise<void> {
    refuseArguments('drain', extra);
    checkWhole('drain', this.#engine);
    if (this.#phase === 'created') this.start();
    await this.#traffic.drained(this.#abort.signal);
    const isDropped = this.#abort.signal.aborted && !this.#traffic.tally.isIdle;
    if (isDropped || this.#failure !== undefined) throw this.#stopped('drain');
  }

  /** @internal Returns the modules of nodes of Reflow's form that are files, by the names that `reload` takes. */
  pluginFiles(): { readonly name: string; readonly file: string }[] {
    return pluginFiles(this.plan.nodes, this.#settings);
  }

  /** @internal Lets full joins take more, as `drain` does, until the returned function is called. */
  readonly beginDrain = (): (() => void) => this.#engine.beginDrain();

  /** @internal Resolves when readers have used all messages that left the network before. */
  whenRead(): Promise<void> {
    return this.#traffic.whenRead();
  }

  /**
   * Takes no more packets, processes those that are queued, ends the outports and closes all actors.
   * @param options.drain `false` drops the packets that are queued, and aborts calls that can be aborted
   */
  stop(options?: StopOptions): Promise<void>;
  async stop(options?: StopOptions, ...extra: unknown[]): Promise<void> {
    const { drain = true } = readStopOptions(options);
    refuseArguments('stop', extra);
    if (!drain) this.#abortAll(networkStopped('stop'));
    // An engine that lasts keeps them for the next run.
    else if (this.#phase === 'created' && !this.#settings.engine && this.#traffic.hasSent) this.start();
    return this.#end();
  }

  /**
   * Replaces the module of a component, in all its nodes or in none, each between two of its packets. States stay.
   * @throws {NetworkError} UNKNOWN_COMPONENT, NETWORK_STOPPED; errors of `ModuleLoader.reload`
   */
  reload(component: string, source: ModuleSource): Promise<void>;
  async reload(component: string, source: ModuleSource, ...extra: unknown[]): Promise<void> {
    refuseArguments('reload', extra);
    this.#checkOpen('reload');
    await this.#modules.reload(component, source, () => this.#checkOpen('reload'));
    if (this.#phase === 'stopped') throw this.#stopped('reload');
  }

  /** Returns counts, states and queues of this moment, as plain data. */
  snapshot(): NetworkSnapshot;
  snapshot(...extra: unknown[]): NetworkSnapshot {
    refuseArguments('snapshot', extra);
    return snapshotNetwork(this.#phase, this.look());
  }

  /** @internal The nodes and edges of this moment. Their states are not copied. */
  look() {
    return { nodes: [...this.#runners.values()].map(runner => runner.look()), edges: this.#engine.depths() };
  }

  /** @internal Returns the way into a port of the network, or to a port of a node. */
  inport(to: string | PlanPort): NetworkInport {
    return makeInport(async (message: Message, sending: Sending) => {
      this.#checkOpen(typeof to === 'string' ? `inport ${to}` : 'send');
      return this.#traffic.send(to, message, sending);
    });
  }

  /** @internal Returns the ports that the component of each node says it has. */
  ports() {
    return portsOf(this.plan, this.#settings, this.#loader);
  }

  /** The latest packets that could not be processed and whose errors have no way. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  async deadLetters(...extra: unknown[]): Promise<readonly DeadLetter[]> {
    refuseArguments('deadLetters', extra);
    return (await this.#engine.dead()).map(copyLetter);
  }

  /**
   * Sends the packet of a dead letter to its node again, and drops the letters of its step. Resolves to false if it is not among the
   * dead letters any more, or if its message never came to a node.
   * @throws {NetworkError} NETWORK_STOPPED; {ActorError} INVALID_CONFIG
   */
  redrive(letter: DeadLetter): Promise<boolean>;
  async redrive(letter: DeadLetter, ...extra: unknown[]): Promise<boolean> {
    const step = readStep(letter);
    refuseArguments('redrive', extra);
    this.#checkOpen('redrive');
    return step ? this.#traffic.redrive(step) : false;
  }

  /** Calls `listener` with each later event. Returns a function that ends the subscription. */
  subscribe(listener: NetworkListener, options?: SubscribeOptions): () => void;
  subscribe(listener: NetworkListener, options?: SubscribeOptions, ...extra: unknown[]): () => void {
    readArgument(aFunction, listener, 'subscribe: listener', refuseOption);
    const { packets = false } = readOptions(SUBSCRIBE_OPTIONS, options, 'subscribe', refuseOption);
    refuseArguments('subscribe', extra);
    return this.#events.subscribe(listener, packets);
  }

  #ownPacket(method: string, packet: Packet): Packet {
    this.#checkOpen(method);
    checkWhole(method, this.#engine);
    const own = ownPacket(packet, ['packet']);
    const unknown = Object.keys(own).find(port => !Object.hasOwn(this.inports, port));
    if (unknown !== undefined) throw unknownInport(method, unknown, Object.keys(this.inports));
    return own;
  }

  #waitingFor(cause: string): CallResult['waiting'] {
    if (this.#traffic.tally.held === 0) return {};
    const nodes = [...this.#runners].map(([id, runner]) => [id, runner.waitingFor(cause)] as const);
    return Object.fromEntries(nodes.filter(([, ports]) => Object.keys(ports).length > 0));
  }

  #checkOpen(method: string): void {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') throw this.#stopped(method);
  }

  #stopped(method: string): NetworkError {
    return this.#failure === undefined
      ? networkStopped(method, this.#signalled, 'since its signal fired')
      : networkStopped(method, this.#failure);
  }

  /** Ends the network after an error with which it cannot go on. */
  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#failure = error;
    this.#abortAll(error);
    void this.#end();
  }

  #abortAll(reason: unknown): void {
    this.#abort.abort(reason);
    this.#engine.close().catch(() => {});
    for (const worker of this.#workers.values()) void worker.close();
    this.#traffic.leave(this.#stopped('call'));
  }

  readonly #onAbort = (): void => {
    if (!this.#abort.signal.aborted) this.#signalled = this.#settings.signal!.reason;
    void this.stop({ drain: false });
  };

  #end(): Promise<void> {
    this.#ended ??= this.#cleanUp();
    return this.#ended;
  }

  async #cleanUp(): Promise<void> {
    const isStarted = this.#phase === 'running';
    this.#enter('stopping');
    this.pace.end();
    this.#engine.halt();
    for (const box of this.#traffic.outboxes.values()) box.lift();
    if (isStarted && !this.#engine.isSpread) await this.#traffic.drained(this.#abort.signal);
    await this.#engine.close();
    await this.#running;
    this.#traffic.leave(this.#stopped('call'));
    for (const box of this.#traffic.outboxes.values()) box.close();
    await Promise.all([...this.#workers.values()].map(worker => worker.close()));
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    this.#enter('stopped');
  }

  #enter(phase: NetworkPhase): void {
    this.#phase = phase;
    this.#events.emit({ type: 'phase', phase });
  }
}
