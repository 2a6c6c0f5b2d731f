import type { PrintedLines } from '../call-error.ts';
import { messageOf } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';
import { attemptLater, type Later } from '../values/later.ts';
import type { ActorSettings } from './actor-settings.ts';
import type { ScriptConfig } from './config/script-config.ts';
import { validateConfig, withDefaults } from './engine/config-schema.ts';
import { ExtismEngine } from './engine/engine.ts';
import type { OwnResult } from './engine/engine-call.ts';
import { PayloadWriter, writeConfig } from './engine/input.ts';
import { ModuleError } from './engine/module-error.ts';
import { ActorError, strictly } from './errors.ts';
import { writeText } from './json/writer.ts';
import { ACTOR_LIMITS } from './limits.ts';
import type { Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import { codeOf, ProcessError } from './process-error.ts';
import { DraftState, type StateMap } from './state/state-store.ts';
import {
  type ActorState,
  checkStateRoom,
  isSameState,
  type StateRoom,
  writeState,
} from './state/written-state.ts';
import type { Step } from './step.ts';

/** A plugin that is ready for one actor: it has the actor's config, and executes its messages. */
export class LoadedPlugin {
  readonly engine: ExtismEngine;
  /** Writes payloads in the encoding of the plugin. */
  readonly writer: PayloadWriter;
  readonly #scriptConfig: ScriptConfig;
  readonly #settings: ActorSettings;
  /** The config in the encoding of the plugin. */
  readonly #config: Part;
  readonly #stateRoom: StateRoom;
  /** Nothing is measured where nobody is told. */
  readonly #tellsMemory: boolean;
  #saidMemoryHigh = false;

  /** Opens a plugin, and validates the config for it. */
  static async load(
    scriptConfig: ScriptConfig,
    settings: ActorSettings,
    onOpen?: () => void,
  ): Promise<LoadedPlugin> {
    const { actorConfig, validate, configDefaults } = settings;
    const engine = await ExtismEngine.create(scriptConfig, settings.engineOptions);
    onOpen?.();
    try {
      const nodeConfig = configDefaults
        ? withDefaults(actorConfig.config, engine.metadata)
        : actorConfig.config;
      const config = inOnePiece(writeConfig({ ...actorConfig, config: nodeConfig }, engine.codec));
      await validateConfig(validate, nodeConfig, engine.metadata);
      await engine.validateConfig(writeText(nodeConfig, ['config']));
      return new LoadedPlugin(scriptConfig, settings, engine, config);
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  private constructor(
    scriptConfig: ScriptConfig,
    settings: ActorSettings,
    engine: ExtismEngine,
    config: Part,
  ) {
    const { wire, inputBytes, awaitAllInports, requirePorts } = settings;
    this.engine = engine;
    this.writer = new PayloadWriter({ wire, maxBytes: inputBytes, codec: engine.codec });
    this.#scriptConfig = scriptConfig;
    this.#settings = settings;
    this.#config = config;
    this.#tellsMemory = settings.engineOptions.onDiagnostic !== undefined;
    if (awaitAllInports || requirePorts) this.inportNames();
    this.#stateRoom = engine.stateRoom(config);
  }

  /** @throws {ActorError} UNSUPPORTED for a plugin whose metadata names no inports */
  inportNames(): string[] {
    const names = this.engine.metadata?.inports.map(({ name }) => name) ?? [];
    if (names.length > 0) return names;
    const message =
      'awaitAllInports and requirePorts: the plugin does not say which inports it has; leave them out';
    throw new ActorError('UNSUPPORTED', message);
  }

  /**
   * Opens the plugin that replaces this one. Messages in the inports are already written in this one's encoding, and wait for
   * its inports.
   * @throws {ModuleError} InvalidMetadata for a plugin that cannot replace this one; and errors of `load`
   */
  async loadNext(source: ScriptConfig['source']): Promise<LoadedPlugin> {
    const next = await LoadedPlugin.load({ ...this.#scriptConfig, source }, this.#settings);
    try {
      const [before, after] = [this, next].map(({ engine }) => engine.codec.encoding);
      if (before !== after)
        refuseNext(`the encoding is ${after}, but messages wait in ${before}; create a new actor`);
      if (!this.#settings.awaitAllInports) return next;
      const [old, own] = [this, next].map(plugin => plugin.inportNames().sort().join(', '));
      if (old !== own)
        refuseNext(`the inports are ${own}, but messages for ${old} are waited for; create a new actor`);
      return next;
    } catch (error) {
      await next.engine.close();
      throw error;
    }
  }

  /** Writes a packet as the whole payload of one call. @throws {ActorError} MISSING_PORT, and errors of the writer */
  payloadOf(packet: Packet): Part {
    const part = this.writer.packet(packet);
    const { requirePorts, awaitAllInports } = this.#settings;
    if (!requirePorts && !awaitAllInports) return part;
    const ports = this.engine.metadata?.inports ?? [];
    const missing = ports
      .filter(({ name, required }) => (awaitAllInports || required) && !Object.hasOwn(packet, name))
      .map(({ name }) => name);
    if (missing.length === 0) return part;
    throw new ActorError('MISSING_PORT', `payload: no message for the inport ${missing.join(', ')}`);
  }

  /** Writes a state that did not come from this plugin. @throws {ActorError} STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH */
  writeStored(state: StateMap, before?: ActorState): ActorState {
    const remedy = 'raise the limit, or commit a smaller state to the store';
    // A copy: its owner may change the map during a call.
    return this.#write(new Map(state), before, 'the stored state', remedy);
  }

  /** Checks that a state which the plugin before has left fits here. @throws {ActorError} STATE_TOO_LARGE */
  checkRoom(before: ActorState): void {
    checkStateRoom(before, this.#stateRoom, 'state', 'the module before goes on');
  }

  /**
   * Runs the plugin on a payload and a state. Keeps nothing and sends nothing: `before` does not change, and the same
   * arguments can be executed again. Never rejects; the error of a call that fails is in the step.
   */
  execute(payload: Part, before: ActorState, signal?: AbortSignal): Later<Step> {
    if (this.#settings.isolation !== 'fresh') return this.#run(payload, before, signal);
    return this.engine.renew().then(
      () => this.#run(payload, before, signal),
      cause => failed(cause, []),
    );
  }

  #run(payload: Part, before: ActorState, signal: AbortSignal | undefined): Later<Step> {
    const state = new DraftState(before.state);
    const packets: Packet[] = [];
    return attemptLater(
      () =>
        this.engine.run({ payload, config: this.#config, state, statePart: before.part, packets, signal }),
      answer => this.#succeeded(answer, packets, state, before),
      cause => this.#failed(cause, packets, state, before),
    );
  }

  /** Replaces the plugin by a new instance, as after a restart. @throws {ModuleError} InitFailed */
  async renew(): Promise<void> {
    await this.engine.renew();
    this.#saidMemoryHigh = false;
  }

  #succeeded(
    { outputs, outputBytes, state: returned }: OwnResult,
    sent: Packet[],
    state: DraftState,
    before: ActorState,
  ): Step {
    const { statePolicy, engineOptions, tell, emitEmptyResults } = this.#settings;
    this.#checkMemory();
    const hasResult = emitEmptyResults || Object.keys(outputs).length > 0;
    const result = hasResult ? outputs : undefined;
    if (returned) state.apply(returned, statePolicy, engineOptions.strict ? strictly : tell);
    try {
      return { state: this.#after(state, before), sent, result, outputBytes, error: undefined };
    } catch (cause) {
      return failed(cause, sent);
    }
  }

  #failed(cause: unknown, sent: Packet[], state: DraftState, before: ActorState): Step {
    const { engine } = this;
    try {
      this.#checkMemory();
      if (engine.isInDoubt && PROTOCOL_CODES.includes(codeOf(cause))) return failed(cause, [], engine);
      return failed(cause, sent, engine, this.#afterFailure(state, before));
    } catch (error) {
      return failed(error, sent);
    }
  }

  #checkMemory(): void {
    if (!this.#tellsMemory || this.#saidMemoryHigh) return;
    const bytes = this.engine.memory.peakPages * PAGE_BYTES;
    const { default: high } = ACTOR_LIMITS.memoryBytes;
    if (bytes <= high) return;
    this.#saidMemoryHigh = true;
    const [has, most] = [bytes, high].map(each => Math.round(each / 2 ** 20));
    const message = `the plugin takes ${has} MiB of memory, more than ${most}; memoryLimitMb or memory.max_pages limit it`;
    this.#settings.tell({ code: 'MEMORY_HIGH', message });
  }

  /** @throws {ActorError} STATE_TOO_LARGE, JSON_VALUE, JSON_DEPTH for a state that cannot be the input of the next call */
  #after({ state }: DraftState, before: ActorState): ActorState {
    return state === before.state || isSameState(state, before.state)
      ? before
      : this.#write(state, before, 'state', 'the state from before the call is kept');
  }

  /** Keys that the plugin set before a failure are kept, as upstream does, unless the policy is `transactional`. */
  #afterFailure(state: DraftState, before: ActorState): ActorState | undefined {
    const { statePolicy, tell } = this.#settings;
    if (statePolicy === 'transactional') return undefined;
    try {
      return this.#after(state, before);
    } catch (error) {
      // Not thrown: the caller gets the error of the failed call itself.
      const message = `the call failed, and its state is not kept: ${messageOf(error)}`;
      tell({ code: 'STATE_WRITES_DISCARDED', message });
      return undefined;
    }
  }

  #write(state: StateMap, before: ActorState | undefined, what: string, remedy: string): ActorState {
    const written = writeState(state, this.engine.codec, before);
    checkStateRoom(written, this.#stateRoom, what, remedy);
    return written;
  }
}

/**
 * Reads a character, for which engines copy a text to one piece: the pieces of a config would stay in memory, and each call would
 * put them together again. The character must count for the result, or it is not read. No text of JSON begins with U+0000.
 */
const inOnePiece = (part: Part): Part => (typeof part === 'string' && part.charCodeAt(0) === 0 ? '' : part);

/** Failures of a plugin that was called in the wrong protocol. State and packets that it made of its input are dropped. */
const PROTOCOL_CODES: readonly unknown[] = ['WRONG_PROTOCOL', 'INVALID_RESULT'];

const failed = (cause: unknown, sent: Packet[], printed?: PrintedLines, state?: ActorState): Step => ({
  state,
  sent,
  result: undefined,
  outputBytes: 0,
  error: new ProcessError(cause, sent, printed),
});

function refuseNext(message: string): never {
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}
