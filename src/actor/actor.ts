import { aFunction, readArgument } from '../../wasi/options.ts';
import { CallEvents, type RunningCall } from './call-events.ts';
import {
  readSendOptions,
  readStopOptions,
  refuseArguments,
  type SendOptions,
  type StopOptions,
} from './call-options.ts';
import type { ScriptConfig } from './config/script.ts';
import type { EngineResult } from './engine/call.ts';
import { PayloadWriter } from './engine/context.ts';
import type { PluginMetadata } from './engine/metadata.ts';
import { ActorError, refuseOption } from './errors.ts';
import { type ActorListener, type ActorPhase, EventSource } from './events.ts';
import { type Inbox, type Inports, JoinedInbox, PacketInbox } from './inbox.ts';
import type { JsonObject } from './json/value.ts';
import { checkSameEncoding, checkSamePorts, inportNames, type Loaded, load } from './load.ts';
import { aborted, Mailbox, stopped } from './mailbox.ts';
import type { Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import { errorPackets, ProcessError } from './process-error.ts';
import { type ActorOptions, type ActorSettings, readSettings } from './settings.ts';
import { loadFrom } from './state/state.ts';
import { StateKeeper } from './state-keeper.ts';
import { ActorTurns } from './turns.ts';

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
  readonly #writer: PayloadWriter;
  readonly #inbox: Inbox;
  readonly #outbox: Mailbox<Packet>;
  readonly #abort = new AbortController();
  #loaded: Loaded;
  readonly #keeper: StateKeeper;
  #phase: ActorPhase = 'active';
  readonly #turns: ActorTurns;
  /** Settles with the latest reload. Never rejects. */
  #reloads: Promise<unknown> = Promise.resolve();
  #calls = 0;
  #failures = 0;
  #loop: Promise<void> | undefined;
  /** Whether the loop has a packet in hand. */
  #isBusy = false;
  #whenIdle: (() => void)[] = [];
  #finished: Promise<void> | undefined;
  /** The failure that ended the actor, if one did. */
  #failure: unknown;

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
    const settings = readSettings(options);
    const { signal, store, onEvent, clock, tell, config } = settings;
    const events = new EventSource(clock, { actor: config.node_id, component: config.component }, tell);
    if (onEvent) events.subscribe(onEvent);
    if (signal?.aborted) throw aborted('actor', signal);
    events.emit({ type: 'phase', phase: 'loading' });
    // Before the plugin is loaded: if the store fails, there is no plugin to close.
    const state = await loadFrom(store);
    events.emit({ type: 'phase', phase: 'validation' });
    const loaded = await load(scriptConfig, settings, () =>
      events.emit({ type: 'phase', phase: 'initialization' }),
    );
    try {
      if (signal?.aborted) throw aborted('actor', signal);
      const keeper = new StateKeeper(settings, state, loaded);
      // Not `new ScriptActor`: the entry for Node extends this class, and its `create` must return its own class.
      return new this(loaded, keeper, settings, events);
    } catch (error) {
      await loaded.engine.close();
      throw error;
    }
  }

  protected constructor(loaded: Loaded, keeper: StateKeeper, settings: ActorSettings, events: EventSource) {
    this.#loaded = loaded;
    this.#keeper = keeper;
    this.#settings = settings;
    this.#events = events;
    const { capacity, awaitAllInports, signal, wire, inputBytes, keepAlive } = settings;
    this.#turns = new ActorTurns(() => this.#loaded.engine, keepAlive);
    this.#writer = new PayloadWriter({ wire, maxBytes: inputBytes, codec: loaded.engine.codec });
    const outbox = new Mailbox<Packet>('outports', capacity);
    this.#outbox = outbox;
    this.#inbox = awaitAllInports
      ? new JoinedInbox(inportNames(loaded.engine), capacity, this.#writer)
      : new PacketInbox(capacity, packet => this.#payloadOf(packet));
    this.#callEvents = new CallEvents(events, keeper, () => this.#inbox.size);
    this.inports = {
      send: async (packet: Packet, options?: SendOptions, ...extra: unknown[]) => {
        const { signal } = readSendOptions('send', options);
        refuseArguments('send', extra);
        if (this.#finished) throw this.#stopped('inports');
        return this.#turns.send(this.#inbox, packet, signal);
      },
    };
    this.outports = { [Symbol.asyncIterator]: () => outbox[Symbol.asyncIterator]() };
    const onAbort = () => void this.stop({ drain: false });
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#abort.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort));
    events.emit({ type: 'phase', phase: 'active' });
  }

  /**
   * Processes one packet, after the packets that came before it. Returns the packets that the plugin sent: first those sent
   * while it ran, last its result, unless that is empty.
   * @param options.signal ends the call while the plugin is suspended, or before it begins; other calls go on
   * @throws {ProcessError} when the call fails; it has the packets that the call sent before
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH for a wrong payload, with the path; INPUT_LIMIT,
   * MISSING_PORT; ACTOR_STOPPED once the actor is stopped
   */
  process(payload: Packet, options?: SendOptions): Promise<Packet[]>;
  async process(payload: Packet, options?: SendOptions, ...extra: unknown[]): Promise<Packet[]> {
    const { signal } = readSendOptions('process', options);
    refuseArguments('process', extra);
    if (this.#finished) throw this.#stopped('process');
    const part = this.#payloadOf(payload);
    // `return` without `await` would settle this promise two microtask turns later.
    return await this.#turns.take('process', () => this.#call(part, signal), signal);
  }

  /**
   * Begins to process packets from `inports`. When a call fails, `outports` gets the packets that it sent before, then
   * `{error: Error(message)}`, and the actor goes on as its error policy says. A second `start` has no effect.
   * @throws {ActorError} ACTOR_STOPPED once the actor is stopped
   */
  start(): void;
  start(...extra: unknown[]): void {
    refuseArguments('start', extra);
    if (this.#finished) throw this.#stopped('start');
    this.#loop ??= this.#run();
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
    for (;;) {
      await this.#turns.whenIdle();
      const isWaiting =
        this.#loop !== undefined && (this.#isBusy || (this.#inbox.size > 0 && !this.#finished));
      if (isWaiting) await new Promise<void>(resolve => this.#whenIdle.push(resolve));
      else if (this.#turns.isIdle) return;
    }
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
    this.#finished ??= this.#finish();
    if (!drain) {
      this.#inbox.clear();
      this.#abort.abort(this.#stopped('the actor'));
    }
    return this.#turns.bound('stop', this.#finished);
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
    const turn = this.#reloads.then(() => this.#reload(source));
    this.#reloads = turn.catch(() => {});
    return turn;
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
    return this.#phase;
  }

  /** A copy of the state as the latest finished call left it. */
  get state(): JsonObject {
    return this.#keeper.snapshot();
  }

  /** The output of the plugin's `get_version`; null when it has no such export. */
  get version(): string | null {
    return this.#loaded.engine.version;
  }

  /** Returns the plugin's metadata. @throws {ActorError} NO_METADATA, ACTOR_STOPPED */
  metadata(): Promise<PluginMetadata>;
  async metadata(...extra: unknown[]): Promise<PluginMetadata> {
    refuseArguments('metadata', extra);
    if (this.#finished) throw this.#stopped('metadata');
    const { metadata } = this.#loaded.engine;
    if (metadata) return metadata;
    throw new ActorError('NO_METADATA', 'the plugin exports no get_metadata');
  }

  async #reload(source: ScriptConfig['source']): Promise<void> {
    if (this.#finished) throw this.#stopped('reload');
    const scriptConfig = { ...this.#loaded.scriptConfig, source };
    const next = await load(scriptConfig, this.#settings);
    try {
      checkSameEncoding(this.#loaded.engine, next.engine);
      if (this.#settings.awaitAllInports) checkSamePorts(this.#loaded.engine, next.engine);
      await this.#turns.take('reload', async () => {
        if (this.#finished) throw this.#stopped('reload');
        await this.#swap(next);
      });
    } catch (error) {
      await next.engine.close();
      throw error;
    }
    this.#events.emit({ type: 'reloaded', version: next.engine.version });
  }

  /** Writes a packet as the whole payload of one call. @throws {ActorError} MISSING_PORT */
  #payloadOf(packet: Packet): Part {
    const part = this.#writer.packet(packet);
    const { requirePorts, awaitAllInports } = this.#settings;
    if (!requirePorts && !awaitAllInports) return part;
    const ports = this.#loaded.engine.metadata?.inports ?? [];
    const missing = ports
      .filter(
        ({ name, required }) =>
          (awaitAllInports || (requirePorts && required)) && !Object.hasOwn(packet, name),
      )
      .map(({ name }) => name);
    if (missing.length === 0) return part;
    throw new ActorError('MISSING_PORT', `payload: no message for the inport ${missing.join(', ')}`);
  }

  async #call(payload: Part, given?: AbortSignal): Promise<Packet[]> {
    const own = this.#abort.signal;
    const signal = given ? AbortSignal.any([own, given]) : own;
    const told = this.#callEvents;
    const call = told.begin(++this.#calls, payload);
    const { packets } = call;
    try {
      if (this.#failure !== undefined) throw this.#stopped('process');
      if (signal.aborted) throw aborted('process', signal);
      const loaded = this.#keeper.load();
      const state = loaded instanceof Map ? loaded : await loaded;
      const before = told.isHeard ? new Map(state) : undefined;
      const { part: statePart } = this.#keeper;
      const { engine, config } = this.#loaded;
      if (this.#settings.isolation === 'fresh') await engine.renew();
      let outcome: PromiseSettledResult<EngineResult>;
      try {
        const value = await engine.process({ payload, config, state, statePart, packets, signal });
        this.#keeper.apply(value, state);
        outcome = { status: 'fulfilled', value };
      } catch (reason) {
        outcome = { status: 'rejected', reason };
      }
      if (outcome.status === 'rejected') call.stderr = engine.stderr;
      const keeping = this.#keeper.keep(state, outcome.status === 'rejected');
      const isKept = typeof keeping === 'boolean' ? keeping : await keeping;
      if (before && isKept) told.changes(call, before, state);
      if (outcome.status === 'rejected') throw outcome.reason;
      const { outputs, outputBytes } = outcome.value;
      const hasResult = Object.keys(outputs).length > 0 || this.#settings.emitEmptyResults;
      if (hasResult) packets.push(outputs);
      this.#failures = 0;
      told.completed(call, hasResult, outputBytes);
      return packets;
    } catch (cause) {
      throw await this.#fail(cause, call);
    }
  }

  /** Counts a failed call, tells listeners, and applies the error policy. Returns the error for the caller. */
  async #fail(cause: unknown, call: RunningCall): Promise<Error> {
    const error = new ProcessError(cause, call.packets, call.stderr);
    const { code, message } = error;
    // An abort or a stop is the user's decision, not a failure of the plugin: it does not count.
    const isOfPlugin = code !== 'ABORTED' && code !== 'ACTOR_STOPPED';
    if (isOfPlugin) this.#failures++;
    this.#callEvents.failed(call, code, message, this.#failures);
    if (isOfPlugin) await this.#afterFailure(error);
    return code === 'ACTOR_STOPPED' ? (cause as ActorError) : error;
  }

  async #afterFailure(error: ProcessError): Promise<void> {
    const { errorPolicy, maxFailures } = this.#settings;
    if (this.#finished) return;
    if (errorPolicy === 'stop' || this.#failures >= maxFailures) return this.#giveUp(error);
    if (errorPolicy === 'continue') return;
    try {
      await this.#loaded.engine.renew();
      this.#events.emit({ type: 'restarted', failures: this.#failures });
    } catch (cause) {
      this.#giveUp(cause);
    }
  }

  /** Stops the actor. `stop` is not awaited: it waits for the end of the call that runs this. */
  #giveUp(failure: unknown): void {
    this.#failure = failure;
    void this.stop();
    this.#inbox.clear();
  }

  async #swap(next: Loaded): Promise<void> {
    this.#keeper.limit(next.stateRoom);
    const { engine } = this.#loaded;
    this.#loaded = next;
    await engine.close();
  }

  async #run(): Promise<void> {
    for (let payload = await this.#take(); payload !== undefined; payload = await this.#take()) {
      const call = payload;
      const packets = await this.#turns.take('process', () => this.#call(call)).catch(errorPackets);
      for (const packet of packets) await this.#outbox.send(packet);
    }
    this.#tellIdle();
  }

  #take(): Promise<Part | undefined> {
    this.#isBusy = false;
    if (this.#inbox.size === 0) this.#tellIdle();
    return this.#inbox.take().then(payload => {
      this.#isBusy = payload !== undefined;
      return payload;
    });
  }

  #tellIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #finish(): Promise<void> {
    this.#enter('cleanup');
    this.#inbox.close(this.#stopped('inports'));
    this.#outbox.lift();
    await this.#loop;
    await this.#turns.whenIdle();
    this.#outbox.close();
    await this.#loaded.engine.close();
    this.#abort.abort();
    this.#enter('stopped');
  }

  #enter(phase: ActorPhase): void {
    this.#phase = phase;
    this.#events.emit({ type: 'phase', phase });
  }

  #stopped(what: string): ActorError {
    return stopped(what, this.#failure);
  }
}
