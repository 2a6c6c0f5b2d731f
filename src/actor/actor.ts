import { aFunction, readArgument } from '../../wasi/options.ts';
import type { PluginMemory, PluginReport } from '../run/report.ts';
import { attemptLater, chain, type Later } from '../values/later.ts';
import { type ActorOptions, type ActorSettings, readSettings } from './actor-settings.ts';
import { ActorTurns } from './actor-turns.ts';
import { type Call, CallEvents } from './call-events.ts';
import {
  readSendOptions,
  readStopOptions,
  refuseArguments,
  type SendOptions,
  type StopOptions,
} from './call-options.ts';
import type { ScriptConfig } from './config/script-config.ts';
import type { PluginMetadata } from './engine/metadata.ts';
import { ActorError, refuseOption } from './errors.ts';
import { type ActorListener, type ActorPhase, EventSource } from './events.ts';
import { type Inbox, type Inports, JoinedInbox, PacketInbox } from './inbox.ts';
import type { JsonObject } from './json/value.ts';
import { Life } from './life.ts';
import { LoadedPlugin } from './loaded-plugin.ts';
import { aborted, Mailbox } from './mailbox.ts';
import type { Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import { errorPackets, ProcessError } from './process-error.ts';
import { Pump } from './pump.ts';
import { Sequence } from './sequence.ts';
import { StateKeeper } from './state/state-keeper.ts';
import { loadFrom, type StateMap } from './state/state-store.ts';
import { ActorState, stateGiven } from './state/written-state.ts';
import { type ActorStep, packetsOf, type Step } from './step.ts';

/**
 * A Reflow actor whose logic is an Extism plugin. It processes one packet at a time, in order, and gives out the packets
 * that the plugin sends. Either call `process`, which returns the packets of one call; or `start` the actor, send to
 * `inports` and read `outports`. Both may be used at once: calls never overlap, and all work on the same state.
 */
export class ScriptActor {
  readonly inports: Inports;
  /** Packets of a started actor, until it is stopped. Each packet goes to one reader: two `for await` share them. */
  readonly outports: AsyncIterable<Packet>;

  readonly #settings: ActorSettings;
  readonly #events: EventSource;
  readonly #callEvents: CallEvents;
  readonly #inbox: Inbox;
  readonly #outbox: Mailbox<Packet>;
  readonly #pump: Pump;
  readonly #turns: ActorTurns;
  readonly #keeper: StateKeeper;
  readonly #life: Life;
  readonly #reloads = new Sequence();
  #plugin: LoadedPlugin;
  /** Number of calls that have failed in a row. */
  #failures = 0;

  /**
   * Loads the plugin and the state, and validates both and the config.
   * @throws {ModuleError} for a module that cannot be an actor
   * @throws {ActorError} INVALID_CONFIG and similar codes for wrong options, ENV_MISSING, STATE_STORE_FAILED,
   * STATE_TOO_LARGE, ABORTED; {CreateError} for wrong options of the plugin
   */
  static create(scriptConfig: ScriptConfig, options?: ActorOptions): Promise<ScriptActor>;
  static async create(
    scriptConfig: ScriptConfig,
    options?: ActorOptions,
    ...extra: unknown[]
  ): Promise<ScriptActor> {
    refuseArguments('ScriptActor.create', extra);
    const { settings, firstState } = readSettings(options);
    const { signal, store, onEvent, clock, tell, actorConfig } = settings;
    const { node_id: actor, component } = actorConfig;
    const events = new EventSource(clock, { actor, component }, tell);
    if (onEvent) events.subscribe(onEvent);
    if (signal?.aborted) throw aborted('actor', signal);
    events.emit({ type: 'phase', phase: 'loading' });
    // Before the plugin is loaded: if the store fails, there is no plugin to close.
    const state = store ? await loadFrom(store) : firstState;
    events.emit({ type: 'phase', phase: 'validation' });
    const plugin = await LoadedPlugin.load(scriptConfig, settings, () =>
      events.emit({ type: 'phase', phase: 'initialization' }),
    );
    try {
      if (signal?.aborted) throw aborted('actor', signal);
      const keeper = new StateKeeper(store, plugin.writeStored(state));
      // Not `new ScriptActor`: the entry for Node extends this class, and its `create` must return its own class.
      return new this(plugin, keeper, settings, events);
    } catch (error) {
      await plugin.engine.close();
      throw error;
    }
  }

  protected constructor(
    plugin: LoadedPlugin,
    keeper: StateKeeper,
    settings: ActorSettings,
    events: EventSource,
  ) {
    this.#plugin = plugin;
    this.#keeper = keeper;
    this.#settings = settings;
    this.#events = events;
    const { capacity, awaitAllInports, signal, keepAlive, errorDetails } = settings;
    this.#turns = new ActorTurns(() => this.#plugin.engine, keepAlive);
    this.#outbox = new Mailbox<Packet>('outports', capacity);
    this.#inbox = awaitAllInports
      ? new JoinedInbox(plugin.inportNames(), capacity, plugin.writer)
      : new PacketInbox(capacity, packet => this.#plugin.payloadOf(packet));
    this.#pump = new Pump(this.#inbox, this.#outbox, payload =>
      attemptLater(
        () => this.#turns.take('process', () => this.#call(payload)),
        packets => packets,
        error => errorPackets(error, errorDetails),
      ),
    );
    this.#callEvents = new CallEvents(
      events,
      keeper,
      () => this.#inbox.size,
      () => this.memory,
    );
    this.inports = {
      send: async (packet: Packet, options?: SendOptions, ...extra: unknown[]) => {
        const { signal } = readSendOptions('send', options);
        refuseArguments('send', extra);
        this.#life.checkActive('inports');
        return this.#turns.send(this.#inbox, packet, signal);
      },
    };
    this.outports = { [Symbol.asyncIterator]: () => this.#outbox[Symbol.asyncIterator]() };
    this.#life = new Life(events, () => settings.isolation === 'fresh' || this.#plugin.engine.calls.waits);
    signal?.addEventListener('abort', this.#onAbort);
  }

  /**
   * Processes one packet, after the packets that came before it. Returns the packets that the plugin sent: first those sent
   * while it ran, last its result, unless that is empty.
   * @param options.signal ends the call while the plugin is suspended, or before it begins; other calls go on
   * @throws {ProcessError} when the call fails; it has the packets that the call sent before
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH for a wrong payload, with the path; INPUT_LIMIT,
   * MISSING_PORT; ACTOR_STOPPED once the actor is stopped
   * @example
   * ```js
   * import { readFile } from 'node:fs/promises';
   * import { Message, ScriptActor } from 'plugboard/actor';
   * const source = await readFile(new URL(import.meta.resolve('plugboard/examples/counter.wasm')));
   * const actor = await ScriptActor.create({ source }, { state: { count: 4 } });
   * console.log(await actor.process({ increment: Message.flow() })); // [ { count: { type: 'Integer', data: 5 } } ]
   * await actor.stop();
   * ```
   */
  process(payload: Packet, options?: SendOptions): Promise<Packet[]>;
  async process(payload: Packet, options?: SendOptions, ...extra: unknown[]): Promise<Packet[]> {
    const { signal } = readSendOptions('process', options);
    refuseArguments('process', extra);
    this.#life.checkActive('process');
    const part = this.#plugin.payloadOf(payload);
    return this.#turns.take('process', () => this.#call(part, signal), signal);
  }

  /**
   * Processes one packet from the state that is given, and keeps nothing: store, ports, `state`, listeners and error policy do
   * not learn of it. The caller commits state and packets together, or drops both and calls `dropInstance`.
   * @param state the state of the step before, or a map to begin from
   * @throws {ActorError} as `process`; INVALID_CONFIG, STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH for a wrong state
   */
  step(state: ActorState | StateMap, payload: Packet, options?: SendOptions): Promise<ActorStep>;
  async step(
    state: ActorState | StateMap,
    payload: Packet,
    options?: SendOptions,
    ...extra: unknown[]
  ): Promise<ActorStep> {
    const { signal } = readSendOptions('step', options);
    refuseArguments('step', extra);
    this.#life.checkActive('step');
    const given = stateGiven(state);
    const part = this.#plugin.payloadOf(payload);
    return this.#turns.take('step', () => this.#step(given, part, signal), signal);
  }

  /**
   * Replaces the plugin by a new instance, whose memory knows nothing of steps that were not committed.
   * @throws {ModuleError} InitFailed; then the old instance goes on
   */
  dropInstance(): Promise<void>;
  async dropInstance(...extra: unknown[]): Promise<void> {
    refuseArguments('dropInstance', extra);
    this.#life.checkActive('dropInstance');
    return this.#turns.take('dropInstance', () => this.#plugin.renew());
  }

  /**
   * Begins to process packets from `inports`. When a call fails, `outports` gets the packets that it sent before, then
   * `{error: Error(message)}`, and the actor goes on as its error policy says. A second `start` has no effect.
   * @throws {ActorError} ACTOR_STOPPED once the actor is stopped
   */
  start(): void;
  start(...extra: unknown[]): void {
    refuseArguments('start', extra);
    this.#life.checkActive('start');
    this.#pump.start();
  }

  /**
   * Resolves when no packet waits in the inports of a started actor, and no call is running. If the actor sends more packets
   * than `outports` hold, read `outports` meanwhile: else this never resolves.
   */
  drain(): Promise<void>;
  async drain(...extra: unknown[]): Promise<void> {
    refuseArguments('drain', extra);
    return this.#turns.bound('drain', this.#drained());
  }

  async #drained(): Promise<void> {
    do {
      await this.#turns.whenIdle();
      await this.#pump.whenIdle();
    } while (!this.#turns.isIdle || !this.#pump.isIdle);
  }

  /**
   * Takes no more packets (senders that wait are refused), processes those already in the queue, ends `outports` and
   * closes the plugin. Resolves when all that is done, also when `outports` are not read; the packets in them can still be
   * read. Packets sent to an actor that was never started are dropped.
   * @param options.drain `false` drops the packets in the queue, and aborts the running call if it can be aborted
   */
  stop(options?: StopOptions): Promise<void>;
  async stop(options?: StopOptions, ...extra: unknown[]): Promise<void> {
    const { drain = true } = readStopOptions(options);
    refuseArguments('stop', extra);
    const ended = this.#life.end(() => this.#cleanUp());
    if (!drain) {
      this.#inbox.clear();
      this.#life.abortCalls();
    }
    return this.#turns.bound('stop', ended);
  }

  /**
   * Replaces the plugin by another module, and keeps the state. The module is validated while messages are processed, and
   * swapped in between two messages. When it is refused, the old plugin goes on.
   * @throws {ModuleError} {ActorError} as `create`; InvalidMetadata when `awaitAllInports` is set and its inports differ
   */
  reload(source: ScriptConfig['source']): Promise<void>;
  async reload(source: ScriptConfig['source'], ...extra: unknown[]): Promise<void> {
    refuseArguments('reload', extra);
    // Modules are swapped in the order of the calls, although one may take longer to validate than the next.
    return this.#reloads.run(() => this.#reload(source));
  }

  /** Calls `listener` with each later event. Returns a function that ends the subscription. */
  subscribe(listener: ActorListener): () => void;
  subscribe(listener: ActorListener, ...extra: unknown[]): () => void {
    refuseArguments('subscribe', extra);
    readArgument(aFunction, listener, 'subscribe: listener', refuseOption);
    return this.#events.subscribe(listener);
  }

  /** The phase of the actor's life, such as `active` or `stopped`. */
  get phase(): ActorPhase {
    return this.#life.phase;
  }

  /** A copy of the state as the latest finished call left it. */
  get state(): JsonObject {
    return this.#keeper.snapshot();
  }

  /** The output of the plugin's `get_version`; null when it has no such export. */
  get version(): string | null {
    return this.#plugin.engine.version;
  }

  /** The memory of the plugin since it was loaded, or replaced by a new instance. */
  get memory(): PluginMemory {
    return this.#plugin.engine.memory;
  }

  /** How the plugin runs: on which thread, and who keeps its time limit. */
  get report(): PluginReport {
    return this.#plugin.engine.report;
  }

  /** Returns the plugin's metadata. @throws {ActorError} NO_METADATA, ACTOR_STOPPED */
  metadata(): Promise<PluginMetadata>;
  async metadata(...extra: unknown[]): Promise<PluginMetadata> {
    refuseArguments('metadata', extra);
    this.#life.checkActive('metadata');
    const { metadata } = this.#plugin.engine;
    if (metadata) return metadata;
    throw new ActorError('NO_METADATA', 'the plugin exports no get_metadata');
  }

  async #reload(source: ScriptConfig['source']): Promise<void> {
    this.#life.checkActive('reload');
    const next = await this.#plugin.loadNext(source);
    try {
      await this.#turns.take('reload', async () => {
        this.#life.checkActive('reload');
        next.checkRoom(this.#keeper.kept);
        const { engine } = this.#plugin;
        this.#plugin = next;
        // Before the next call: a listener may tell the state store which module writes from now on.
        this.#events.emit({ type: 'reloaded', version: next.engine.version });
        await engine.close();
      });
    } catch (error) {
      await next.engine.close();
      throw error;
    }
  }

  #step(given: ActorState | StateMap, payload: Part, signal?: AbortSignal): Later<ActorStep> {
    this.#life.checkNotFailed('step');
    const before = given instanceof ActorState ? given : this.#plugin.writeStored(given);
    return chain(this.#plugin.execute(payload, before, this.#life.signalOf(signal)), step => {
      return { state: step.state ?? before, packets: packetsOf(step), error: step.error };
    });
  }

  /** Processes one payload in its turn: executes it, then commits the step. */
  #call(payload: Part, given?: AbortSignal): Later<Packet[]> {
    const call = this.#callEvents.begin(payload);
    let step: Step | undefined;
    const execute = (before: ActorState) =>
      chain(this.#plugin.execute(payload, before, this.#life.signalOf(given)), next => {
        step = next;
        return chain(next.state && this.#keeper.commit(next.state), () => {
          if (next.state) this.#callEvents.changes(call, before, next.state);
          if (next.error) throw next.error;
          return next;
        });
      });
    const done = attemptLater(
      () => {
        this.#life.checkNotFailed('process');
        const signal = this.#life.signalOf(given);
        if (signal?.aborted) throw aborted('process', signal);
        return chain(this.#keeper.load(this.#plugin), execute);
      },
      next => next,
      cause => this.#fail(cause, call, step),
    );
    return chain(done, next => {
      this.#failures = 0;
      this.#callEvents.completed(call, next);
      return packetsOf(next);
    });
  }

  /** Counts a failed call, tells listeners, and applies the error policy. Throws the error for the caller. */
  #fail(cause: unknown, call: Call, step: Step | undefined): Later<never> {
    const error =
      cause instanceof ProcessError ? cause : new ProcessError(cause, step?.sent ?? [], step?.error);
    const { code } = error;
    // An abort or a stop is the user's decision, not a failure of the plugin: it does not count.
    const isOfPlugin = code !== 'ABORTED' && code !== 'ACTOR_STOPPED';
    if (isOfPlugin) this.#failures++;
    this.#callEvents.failed(call, error, this.#failures);
    return chain(isOfPlugin ? this.#afterFailure(error) : undefined, () => {
      throw code === 'ACTOR_STOPPED' ? cause : error;
    });
  }

  #afterFailure(error: ProcessError): Later<void> {
    const { errorPolicy, maxFailures } = this.#settings;
    if (!this.#life.isActive) return;
    if (errorPolicy === 'stop' || this.#failures >= maxFailures) this.#giveUp(error);
    else if (errorPolicy === 'restart') return this.#restart();
  }

  async #restart(): Promise<void> {
    try {
      await this.#plugin.renew();
      this.#events.emit({ type: 'restarted', failures: this.#failures });
    } catch (cause) {
      this.#giveUp(cause);
    }
  }

  /** Stops the actor. The end is not awaited: it waits for the end of the call that runs this. */
  #giveUp(failure: unknown): void {
    void this.#life.end(() => this.#cleanUp(), failure);
    this.#inbox.clear();
  }

  async #cleanUp(): Promise<void> {
    this.#inbox.close(this.#life.refusal('inports'));
    this.#outbox.lift();
    await this.#pump.ended;
    await this.#turns.whenIdle();
    this.#outbox.close();
    await this.#plugin.engine.close();
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => void this.stop({ drain: false });
}
