import { aText, readArgument, readOptions } from '../../../wasi/options.ts';
import { CallError } from '../../call-error.ts';
import { excerpt } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Plugin } from '../../plugin.ts';
import type { HostCalls } from '../../run/host-calls.ts';
import type { PluginMemory, PluginReport } from '../../run/report.ts';
import { PAGE_BYTES } from '../../units.ts';
import { attemptLater, type Later } from '../../values/later.ts';
import type { PluginOutput } from '../../values/output.ts';
import { refuseArguments } from '../call-options.ts';
import { readScriptConfig, type ScriptConfig } from '../config/script-config.ts';
import {
  ActorError,
  describe,
  type Report,
  readForeign,
  refuseForeign,
  refuseOption,
  strictly,
} from '../errors.ts';
import { KnownMembers } from '../json/reader.ts';
import { type ActorLimits, readLimits, refuseOver } from '../limits.ts';
import { byteLength, type Codec, isOver, jsonCodec, type Part } from '../message/codec.ts';
import { toPlainPacket } from '../message/wire.ts';
import type { StateMap } from '../state/state-store.ts';
import { type StateRoom, writeState } from '../state/written-state.ts';
import {
  aPart,
  ENGINE_CALL,
  type EngineCall,
  type EngineResult,
  type OwnCall,
  type OwnResult,
} from './engine-call.ts';
import { type EngineOptions, readEngineOptions } from './engine-options.ts';
import { GIVE_PORTS, LiveCall } from './host-functions.ts';
import { joinContext } from './input.ts';
import type { PluginMetadata } from './metadata.ts';
import { ModuleError } from './module-error.ts';
import { checkEntryPoint, openPlugin, ownScript, stdioOf } from './open.ts';
import { outlineOfOwn, type Protocol } from './outline.ts';
import { answersOf, askAboutConfig, askMetadata, askVersion, bytesOf } from './questions.ts';
import { readPlainResult, readResult, STATE } from './result.ts';
import type { PluginStdio } from './stdio.ts';

/** A state leaves at least one eighth of the limits of input and output to messages. */
const MESSAGE_SHARE = 8;
/** Kernel memory holds the context and the result, both with the state, and rounds sizes up by up to an eighth. */
const KERNEL_SHARE = 3;

/** Properties of an engine that stay the same when the plugin is renewed. */
interface EngineTraits {
  open(): Promise<Plugin>;
  entryPoint: string;
  stdio: PluginStdio;
  limits: ActorLimits;
  kernelPages: number;
  memoryPages: number;
  report: Report;
  protocol: Protocol;
  codec: Codec;
  metadata: PluginMetadata | null;
  version: string | null;
}

/** Runs one Extism plugin as the logic of an actor. The module is compiled once, and its instance used again. */
export class ExtismEngine {
  readonly #traits: EngineTraits;
  /** Values of the state that the plugin returned last. */
  readonly #knownState = new KnownMembers(STATE);
  #plugin: Plugin;
  #isInDoubt: boolean;

  /**
   * Loads and validates a module: its size, exports, imports, memory needs and metadata.
   * @throws {ModuleError} for a module that cannot be an actor
   * @throws {ActorError} INVALID_CONFIG, UNSUPPORTED
   * @throws {CreateError} for options that are wrong
   */
  static create(scriptConfig: ScriptConfig, options?: EngineOptions): Promise<ExtismEngine>;
  static async create(
    scriptConfig: ScriptConfig,
    given?: EngineOptions,
    ...extra: unknown[]
  ): Promise<ExtismEngine> {
    refuseArguments('ExtismEngine.create', extra);
    const options = readEngineOptions(given);
    const limits = readLimits(options.limits);
    const script = ownScript(readScriptConfig(scriptConfig), limits);
    const outline = outlineOfOwn(script.source);
    const stdio = stdioOf(options);
    const open = () => openPlugin(script, outline, options, stdio);
    const plugin = await open();
    try {
      await checkEntryPoint(plugin, script.entryPoint, outline);
      const report: Report = options.strict ? strictly : (options.onDiagnostic ?? (() => {}));
      const protocol = options.protocol ?? outline.protocol;
      const isInDoubt = outline.isInDoubt && options.protocol == null;
      const { metadata, version } = await answersOf(outline, options, async () => ({
        metadata: protocol === 'ports' ? null : await askMetadata(plugin, report, isInDoubt),
        version: await askVersion(plugin),
      }));
      const { entryPoint } = script;
      return new this(
        plugin,
        {
          open,
          entryPoint,
          stdio,
          limits,
          kernelPages: options.memory?.maxPages ?? LIMITS.kernelPages.default,
          memoryPages: options.limits?.memoryPages ?? LIMITS.kernelPages.default,
          report,
          protocol,
          codec: codecFor(metadata, options.codec),
          metadata,
          version,
        },
        isInDoubt,
      );
    } catch (error) {
      await plugin.close();
      throw error;
    }
  }

  protected constructor(plugin: Plugin, traits: EngineTraits, isInDoubt: boolean) {
    this.#plugin = plugin;
    this.#traits = traits;
    this.#isInDoubt = isInDoubt;
  }

  /** The output of the plugin's export `get_metadata`; null when it has no such export. */
  get metadata(): PluginMetadata | null {
    return this.#traits.metadata;
  }

  /** The output of the plugin's export `get_version`; null when it has no such export. */
  get version(): string | null {
    return this.#traits.version;
  }

  /** The memory of the plugin since it was created or renewed. */
  get memory(): PluginMemory {
    return this.#plugin.memory;
  }

  /** How the plugin runs. */
  get report(): PluginReport {
    return this.#plugin.report;
  }

  get protocol(): Protocol {
    return this.#traits.protocol;
  }

  /**
   * Internal: whether the plugin may be one of the SDK of April 2025, although `protocol` is `context`. Until a call succeeds.
   */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** The encoding of the plugin's context and result. */
  get codec(): Codec {
    return this.#traits.codec;
  }

  /** The last lines that the plugin wrote to stdout during its latest call. */
  get stdout(): readonly string[] {
    return this.#traits.stdio.stdout;
  }

  /** The last lines that the plugin wrote to stderr during its latest call. */
  get stderr(): readonly string[] {
    return this.#traits.stdio.stderr;
  }

  /**
   * Calls the plugin and returns its result. While the plugin runs, packets that it sends are added to `call.packets`, and
   * keys that it sets are set in `call.state`. A state in its result is returned, not applied: the caller decides about it.
   * @throws {CallError} when the call fails
   * @throws {ActorError} INVALID_RESULT, WRONG_PROTOCOL, INPUT_LIMIT, OUTPUT_LIMIT; JSON_DEPTH for a state that is too deep
   */
  process(call: EngineCall): Promise<EngineResult>;
  async process(given: EngineCall, ...extra: unknown[]): Promise<EngineResult> {
    refuseArguments('process', extra);
    const { state, statePart, ...call } = readOptions(ENGINE_CALL, given, 'process', refuseOption);
    const written = new Set<string>();
    const result = await this.run({
      ...call,
      statePart: statePart ?? this.#write(state),
      state: {
        get: key => state.get(key),
        set(key, value) {
          state.set(key, value);
          written.add(key);
        },
      },
    });
    const own = result.state && Object.fromEntries(Object.entries(result.state));
    return { ...result, state: own, written };
  }

  /** @internal Does the work of `process`, without a check of the call. */
  run(call: OwnCall): Later<OwnResult> {
    const { stdio, limits, entryPoint } = this.#traits;
    stdio.begin();
    const whole = this.#inputOf(call);
    refuseInput('payload, config and state', whole, limits);
    const live = new LiveCall(call.state, call.packets, limits, this.#isInDoubt);
    return attemptLater(
      () => this.#plugin.callLater(entryPoint, whole, live, call.signal, true),
      output => this.#resultOf(output, live),
      error => {
        throw this.#isInDoubt ? explainProtocol(error) : error;
      },
    );
  }

  /** The plugins of April 2025 get no state. */
  #write(state: StateMap): Part {
    const { protocol, codec } = this.#traits;
    return protocol === 'ports' ? '' : readForeign('process', () => writeState(state, codec).part);
  }

  #inputOf({ payload, config, statePart }: OwnCall): Part {
    const { codec, protocol } = this.#traits;
    try {
      return protocol === 'ports' ? toPlainPacket(payload) : joinContext(payload, config, statePart, codec);
    } catch (cause) {
      return refuseForeign(cause, 'process');
    }
  }

  #resultOf(output: PluginOutput | null, live: LiveCall): OwnResult {
    const { report, codec } = this.#traits;
    const outputBytes = output?.byteLength ?? 0;
    live.count('the result', outputBytes);
    const { outputs, state } =
      this.protocol === 'ports'
        ? readPlainResult(bytesOf(output))
        : readResult(bytesOf(output), report, codec, this.#knownState);
    this.#isInDoubt = false;
    return { outputs, state, outputBytes };
  }

  /**
   * Returns how large a state may be beside this config, such that later calls can be made: their input keeps room for a
   * payload, and a result may return the same state. An empty state is always allowed.
   * @throws {ActorError} INPUT_LIMIT when the config leaves no room for any message
   */
  stateRoom(config: Part): StateRoom {
    const { limits, codec, kernelPages, memoryPages } = this.#traits;
    const { inputBytes, stateBytes, outputBytes } = limits;
    const own = { bytes: stateBytes, option: 'limits.stateBytes' };
    if (this.protocol === 'ports') return own;
    const empty = codec.write({}, []);
    readArgument(aPart, config, 'stateRoom: config', refuseOption);
    const least = readForeign('config', () => joinContext(empty, config, empty, codec));
    refuseInput('config, with an empty payload and state', least, limits);
    const inputRoom = inputBytes - Math.ceil(inputBytes / MESSAGE_SHARE) - byteLength(least);
    const rooms = [
      { bytes: inputRoom, option: 'limits.inputBytes' },
      { bytes: outputBytes - Math.ceil(outputBytes / MESSAGE_SHARE), option: 'limits.outputBytes' },
      { bytes: Math.floor((kernelPages * PAGE_BYTES) / KERNEL_SHARE), option: 'memory.maxPages' },
      { bytes: Math.floor((memoryPages * PAGE_BYTES) / KERNEL_SHARE), option: 'limits.memoryPages' },
    ];
    const { bytes, option } = rooms.reduce((most, room) => (room.bytes < most.bytes ? room : most), own);
    return { bytes: Math.max(bytes, byteLength(empty)), option };
  }

  /**
   * Asks the plugin's export `validate_config`, if it has one, whether a node may have this config.
   * @throws {ActorError} INVALID_CONFIG when it may not
   * @throws {ModuleError} InitFailed when the export fails
   */
  validateConfig(config: string): Promise<void>;
  async validateConfig(config: string, ...extra: unknown[]): Promise<void> {
    refuseArguments('validateConfig', extra);
    readArgument(aText, config, 'validateConfig: config', refuseOption);
    return askAboutConfig(this.#plugin, config);
  }

  /**
   * Replaces the plugin by a new instance: memory, globals and variables are as at the start.
   * @throws {ModuleError} InitFailed; then the old instance goes on
   */
  renew(): Promise<void>;
  async renew(...extra: unknown[]): Promise<void> {
    refuseArguments('renew', extra);
    const old = this.#plugin;
    this.#plugin = await this.#traits.open();
    await old.close();
  }

  /** @internal `calls` of the plugin. */
  get calls(): HostCalls {
    return this.#plugin.calls;
  }

  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseArguments('close', extra);
    return this.#plugin.close();
  }
}

/** Failures of the plugin itself, which a wrong input may have caused. */
const OWN_FAILURES: readonly unknown[] = ['PLUGIN_ERROR', 'NONZERO_RESULT', 'TRAP', 'EXIT'];

/** Names the remedy in an error that a call in the wrong protocol may have. */
function explainProtocol(error: unknown): unknown {
  const { cause, message } = error as Error;
  if (cause instanceof ActorError && cause.code === 'WRONG_PROTOCOL') return cause;
  const explained = `${excerpt(message)}; if the plugin was made with the SDK of April 2025, ${GIVE_PORTS}`;
  if (error instanceof CallError && OWN_FAILURES.includes(error.code))
    return new CallError(error.code, explained, error);
  if (error instanceof ActorError && error.code === 'INVALID_RESULT')
    return new ActorError(error.code, explained, { cause: error });
  return error;
}

/** @throws {ActorError} INPUT_LIMIT */
function refuseInput(what: string, input: Part, { inputBytes }: ActorLimits): void {
  if (!isOver(input, inputBytes)) return;
  refuseOver('INPUT_LIMIT', what, byteLength(input), inputBytes, 'bytes', 'limits.inputBytes');
}

/** Returns the codec of the encoding that the plugin's metadata names. @throws {ModuleError} InvalidMetadata */
function codecFor(metadata: PluginMetadata | null, given: Codec | null | undefined): Codec {
  const encoding = metadata?.encoding ?? jsonCodec.encoding;
  if (encoding === jsonCodec.encoding) return jsonCodec;
  if (given?.encoding === encoding) return given;
  const message =
    `plugin metadata.encoding: the plugin exchanges ${describe(encoding)}, and ` +
    `${given ? `the option codec is for ${describe(given.encoding)}` : 'the option codec is not given'}; ` +
    'for "msgpack" give msgpack of plugboard/msgpack';
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}
