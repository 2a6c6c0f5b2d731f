import { PlugboardError } from '../errors.ts';
import { type ActorConfigInput, readActorConfig, type ScriptConfig } from './config.ts';
import { writeConfig, writePayload } from './context.ts';
import { type EngineOptions, ExtismEngine } from './engine.ts';
import { ActorError, describe } from './errors.ts';
import type { JsonObject } from './json.ts';
import { Mailbox } from './mailbox.ts';
import { Message, type Packet } from './message.ts';
import type { PluginMetadata } from './metadata.ts';
import { isStateStore, MemoryState, type StateMap, type StateStore, snapshotOf } from './state.ts';

const DEFAULT_CAPACITY = 1024;

export interface ActorOptions extends EngineOptions {
  /** The node's own settings, which the plugin reads as `context.config.config`. */
  config?: JsonObject;
  /** What else a plugin is told about its node. Its `config` and the option above are the same thing: give one. */
  actorConfig?: ActorConfigInput;
  /** The state to start from, kept in memory; or a store that keeps it. Default: an empty state, kept in memory. */
  state?: JsonObject | StateStore;
  /** Packets that inports, and outports, hold before a sender waits. Default: 1024. */
  capacity?: number;
  /** Whether a result without any message is a packet too, as upstream. Default: no. */
  emitEmptyResults?: boolean;
}

/** A call that failed, for the reason given as `cause`, whose `code` it has. */
export class ProcessError extends PlugboardError {
  override readonly name: string = 'ProcessError';
  /** What the call had sent before it failed. */
  readonly packets: readonly Packet[];
  constructor(cause: unknown, packets: readonly Packet[]) {
    // What is no error of ours was thrown by a function that the user gave, such as onDiagnostic.
    const code = cause instanceof PlugboardError ? cause.code : 'CALLBACK_FAILED';
    super(code, cause instanceof Error ? cause.message : String(cause), { cause });
    this.packets = packets;
  }
}

/** Where packets are sent to a started actor. */
export interface Inports {
  /**
   * Resolves once the packet waits in the queue, which may be full for a while. Packets sent earlier go first.
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH; ACTOR_STOPPED once `stop` was called
   */
  send(packet: Packet): Promise<void>;
}

/**
 * A Reflow actor whose logic is an Extism plugin. Packets go in one at a time, in order, and what the plugin sends
 * comes out. Either call `process`, which answers the packets of one call; or `start` the actor, send to `inports` and
 * read `outports`. Both may be used at once: calls never overlap, and all work on the same state.
 */
export class ScriptActor {
  readonly inports: Inports;
  /** What a started actor sends, until it is stopped. Each packet goes to one reader: two `for await` share them. */
  readonly outports: AsyncIterable<Packet>;

  readonly #engine: ExtismEngine;
  readonly #config: string;
  readonly #store: StateStore;
  readonly #emitEmptyResults: boolean;
  readonly #inbox: Mailbox<string>;
  readonly #outbox: Mailbox<Packet>;
  #state: StateMap;
  /** Settles with the latest call. Never rejects. */
  #calls: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /**
   * Loads the plugin and the state.
   * @throws {ActorError} INVALID_CONFIG and its like for options that are wrong, STATE_STORE_FAILED; the host's errors
   * for a plugin that cannot be loaded
   */
  static async create(scriptConfig: ScriptConfig, options: ActorOptions = {}): Promise<ScriptActor> {
    const { config, actorConfig, state, capacity, emitEmptyResults, ...engineOptions } = options;
    const settings = {
      config: writeConfig(readActorConfig(actorConfig, config)),
      store: isStateStore(state) ? state : new MemoryState(state),
      capacity: readCapacity(capacity),
      emitEmptyResults: emitEmptyResults ?? false,
    };
    // Before the plugin, so that a store which fails leaves no plugin behind.
    const initial = await storeDoes('load', () => settings.store.load());
    return new ScriptActor(await ExtismEngine.create(scriptConfig, engineOptions), initial, settings);
  }

  private constructor(
    engine: ExtismEngine,
    state: StateMap,
    settings: { config: string; store: StateStore; capacity: number; emitEmptyResults: boolean },
  ) {
    this.#engine = engine;
    this.#state = state;
    this.#config = settings.config;
    this.#store = settings.store;
    this.#emitEmptyResults = settings.emitEmptyResults;
    const inbox = new Mailbox<string>('inports', settings.capacity);
    const outbox = new Mailbox<Packet>('outports', settings.capacity);
    this.#inbox = inbox;
    this.#outbox = outbox;
    // Written at once: the sender learns what is wrong with the packet, and may change it afterwards.
    this.inports = { send: async packet => inbox.send(writePayload(packet)) };
    this.outports = { [Symbol.asyncIterator]: () => outbox[Symbol.asyncIterator]() };
  }

  /**
   * Processes one packet, after those that came before. Answers what the plugin sent: first what it sent while it ran,
   * last its result, unless that is empty.
   * @throws {ProcessError} when the call fails; it has the packets that were sent before
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH for a payload that is wrong, with the path;
   * ACTOR_STOPPED once `stop` was called
   */
  async process(payload: Packet): Promise<Packet[]> {
    if (this.#stopped) throw stopped();
    return this.#enqueue(writePayload(payload));
  }

  /**
   * Begins to process what is sent to `inports`. A call that fails sends what it had sent before, then
   * `{error: Error(message)}`, and the actor goes on. Starting twice is starting once.
   * @throws {ActorError} ACTOR_STOPPED once `stop` was called
   */
  start(): void {
    if (this.#stopped) throw stopped();
    this.#loop ??= this.#run();
  }

  /**
   * Takes no more packets (senders that wait are refused), processes those already in the queue, ends `outports` and
   * closes the plugin. Resolves when all that is done, whether or not anybody reads `outports`; what they hold can still
   * be read. What was sent to an actor that was never started is dropped.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  /** A copy of the state as the latest finished call left it. */
  get state(): JsonObject {
    return snapshotOf(this.#state);
  }

  /** What the plugin says about itself. @throws {ActorError} INVALID_METADATA; the host's errors */
  async metadata(): Promise<PluginMetadata> {
    if (this.#stopped) throw stopped();
    return this.#inTurn(() => this.#engine.metadata());
  }

  #enqueue(payload: string): Promise<Packet[]> {
    return this.#inTurn(() => this.#call(payload));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#calls.then(task);
    this.#calls = turn.catch(() => {});
    return turn;
  }

  async #call(payload: string): Promise<Packet[]> {
    const packets: Packet[] = [];
    try {
      const state = await storeDoes('load', () => this.#store.load());
      const call = { payload, config: this.#config, state, packets };
      const [outcome] = await Promise.allSettled([this.#engine.process(call)]);
      // Also after a failure: what a plugin wrote before it stays, as upstream.
      await storeDoes('commit', () => this.#store.commit(state));
      this.#state = state;
      if (outcome.status === 'rejected') throw outcome.reason;
      if (Object.keys(outcome.value).length > 0 || this.#emitEmptyResults) packets.push(outcome.value);
      return packets;
    } catch (error) {
      throw new ProcessError(error, packets);
    }
  }

  async #run(): Promise<void> {
    for (let payload = await this.#inbox.take(); payload !== undefined; payload = await this.#inbox.take()) {
      for (const packet of await this.#enqueue(payload).catch(errorPackets)) await this.#outbox.send(packet);
    }
  }

  async #finish(): Promise<void> {
    this.#inbox.close();
    this.#outbox.lift();
    await this.#loop;
    await this.#calls;
    this.#outbox.close();
    await this.#engine.close();
  }
}

function errorPackets(error: unknown): Packet[] {
  const sent = error instanceof ProcessError ? error.packets : [];
  return [...sent, { error: Message.error(error instanceof Error ? error.message : String(error)) }];
}

async function storeDoes<T>(verb: 'load' | 'commit', action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ActorError('STATE_STORE_FAILED', `the state store failed to ${verb}: ${reason}`, { cause });
  }
}

function readCapacity(capacity: number = DEFAULT_CAPACITY): number {
  if (!Number.isInteger(capacity) || capacity < 1) {
    const message = `capacity: expected a whole number of packets, 1 or more, got ${describe(capacity)}`;
    throw new ActorError('INVALID_CONFIG', message);
  }
  return capacity;
}

const stopped = () => new ActorError('ACTOR_STOPPED', 'the actor was stopped; create a new one');
