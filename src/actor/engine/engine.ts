import { aText, readArgument, readOptions } from '../../../wasi/options.ts';
import { createPlugin } from '../../create.ts';
import { excerpt, messageOf } from '../../errors.ts';
import type { HostFunctions } from '../../host/function.ts';
import { LIMITS } from '../../limits.ts';
import { webPlatform } from '../../platform/web.ts';
import type { Plugin } from '../../plugin.ts';
import { checkSignature } from '../../run/call.ts';
import { type PluginOutput, viewOf } from '../../values/output.ts';
import { readSignatures } from '../../wasm/reader.ts';
import { refuseArguments } from '../call-options.ts';
import { readScriptConfig, type Script, type ScriptConfig } from '../config/script.ts';
import { ActorError, describe, type Report, readForeign, refuseOption, strictly } from '../errors.ts';
import { readJson } from '../json/reader.ts';
import { isObject } from '../json/value.ts';
import { ACTOR_LIMITS, type ActorLimits, readLimits, refuseOver } from '../limits.ts';
import { byteLength, type Codec, isOver, jsonCodec, type Part } from '../message/codec.ts';
import { toPlainPacket } from '../message/wire.ts';
import { aPart, ENGINE_CALL, type EngineCall, type EngineResult } from './call.ts';
import { joinContext, readPlainResult, readResult, writeState } from './context.ts';
import { HOST_FUNCTIONS, LiveCall, USER_NAMESPACE } from './host-functions.ts';
import { memoryOption } from './memory-limit.ts';
import { type PluginMetadata, readMetadata } from './metadata.ts';
import { explain, lacksGoRuntime, ModuleError, toModuleError, tooLarge } from './module-error.ts';
import { type EngineOptions, readEngineOptions } from './options.ts';
import { type Outline, outlineOf, type Protocol } from './protocol.ts';
import { PluginStderr } from './stderr.ts';

/** The largest state allowed, and the option that sets this limit. */
export interface StateRoom {
  readonly bytes: number;
  readonly option: string;
}

/** A state leaves at least one eighth of the limits of input and output to messages. */
const MESSAGE_SHARE = 8;
/** Kernel memory holds the context and the result, both with the state, and rounds sizes up by up to an eighth. */
const KERNEL_SHARE = 3;
const PAGE_BYTES = 65_536;

/** Properties that stay the same when the plugin is renewed. */
interface About {
  open(): Promise<Plugin>;
  entryPoint: string;
  stderr: PluginStderr;
  limits: ActorLimits;
  kernelPages: number;
  report: Report;
  protocol: Protocol;
  codec: Codec;
  metadata: PluginMetadata | null;
  version: string | null;
}

/** Runs one Extism plugin as the logic of an actor. The module is compiled once, and its instance used again. */
export class ExtismEngine {
  readonly #about: About;
  #plugin: Plugin;

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
    const script = readScriptConfig(scriptConfig);
    const limits = readLimits(options.limits);
    const outline = checkModule(script, limits);
    const stderr = stderrOf(options);
    const open = () => openPlugin(script, outline, options, stderr);
    const plugin = await open();
    try {
      await checkEntryPoint(plugin, script);
      const report: Report = options.strict ? strictly : (options.onDiagnostic ?? (() => {}));
      const protocol = options.protocol ?? outline.protocol;
      const metadata = protocol === 'ports' ? null : await askMetadata(plugin, report);
      const version = await askVersion(plugin);
      const { entryPoint } = script;
      return new this(plugin, {
        open,
        entryPoint,
        stderr,
        limits,
        kernelPages: options.memory?.maxPages ?? LIMITS.kernelPages.default,
        report,
        protocol,
        codec: codecFor(metadata, options.codec),
        metadata,
        version,
      });
    } catch (error) {
      await plugin.close();
      throw error;
    }
  }

  protected constructor(plugin: Plugin, about: About) {
    this.#plugin = plugin;
    this.#about = about;
  }

  /** The output of the plugin's export `get_metadata`; null when it has no such export. */
  get metadata(): PluginMetadata | null {
    return this.#about.metadata;
  }

  /** The output of the plugin's export `get_version`; null when it has no such export. */
  get version(): string | null {
    return this.#about.version;
  }

  get protocol(): Protocol {
    return this.#about.protocol;
  }

  /** The encoding of the plugin's context and result. */
  get codec(): Codec {
    return this.#about.codec;
  }

  /** The last lines that the plugin wrote to stderr during its latest call. */
  get stderr(): readonly string[] {
    return this.#about.stderr.lines;
  }

  /**
   * Calls the plugin and returns its result. While the plugin runs, packets that it sends are added to `call.packets`, and
   * keys that it sets are set in `call.state`. A state in its result is returned, not applied: the caller decides about it.
   * @throws {CallError} when the call fails
   * @throws {ActorError} INVALID_RESULT, INPUT_LIMIT, OUTPUT_LIMIT; JSON_DEPTH for a state that is too deep
   */
  process(call: EngineCall): Promise<EngineResult>;
  async process(given: EngineCall, ...extra: unknown[]): Promise<EngineResult> {
    refuseArguments('process', extra);
    const call = readOptions(ENGINE_CALL, given, 'process', refuseOption);
    const { stderr, limits, entryPoint, report, codec } = this.#about;
    stderr.begin();
    const whole = readForeign('process', () =>
      this.protocol === 'ports'
        ? toPlainPacket(call.payload)
        : joinContext(call.payload, call.config, call.statePart ?? writeState(call.state, codec), codec),
    );
    refuseInput('payload, config and state', whole, limits);
    const live = new LiveCall(call.state, call.packets, limits);
    const output = await this.#plugin.call(entryPoint, whole, live, { signal: call.signal });
    const outputBytes = output?.byteLength ?? 0;
    live.count('the result', outputBytes);
    const { outputs, state } =
      this.protocol === 'ports'
        ? readPlainResult(bytesOf(output))
        : readResult(bytesOf(output), report, codec);
    return { outputs, state, written: live.written, outputBytes };
  }

  /**
   * Returns how large a state may be beside this config, such that later calls can be made: their input keeps room for a
   * payload, and a result may return the same state. An empty state is always allowed.
   * @throws {ActorError} INPUT_LIMIT when the config leaves no room for any message
   */
  stateRoom(config: Part): StateRoom {
    const { limits, codec, kernelPages } = this.#about;
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
    if (!(await this.#plugin.functionExists('validate_config'))) return;
    const answer = await ask(this.#plugin, 'validate_config', config);
    if (answer === true) return;
    const message = `config: the plugin's validate_config refuses it, with ${describe(answer)}`;
    throw new ActorError('INVALID_CONFIG', message);
  }

  /**
   * Replaces the plugin by a new instance: memory, globals and variables are as at the start. The bytes given at creation
   * must not have changed.
   * @throws {ModuleError} InitFailed; then the old instance goes on
   */
  renew(): Promise<void>;
  async renew(...extra: unknown[]): Promise<void> {
    refuseArguments('renew', extra);
    const old = this.#plugin;
    this.#plugin = await this.#about.open();
    await old.close();
  }

  /** Internal: `mayWaitForItself` of the plugin, for waits that end only when the plugin has ended a call. */
  get mayWaitForItself(): boolean {
    return this.#plugin.mayWaitForItself;
  }

  /** Internal: `boundWait` of the plugin. */
  boundWait(what: string, leave: (error: Error) => void): () => void {
    return this.#plugin.boundWait(what, leave);
  }

  close(): Promise<void>;
  async close(...extra: unknown[]): Promise<void> {
    refuseArguments('close', extra);
    return this.#plugin.close();
  }
}

/** @throws {ActorError} INPUT_LIMIT */
function refuseInput(what: string, input: Part, { inputBytes }: ActorLimits): void {
  if (!isOver(input, inputBytes)) return;
  refuseOver('INPUT_LIMIT', what, byteLength(input), inputBytes, 'bytes', 'limits.inputBytes');
}

/** @throws {ModuleError} TooLarge */
function checkModule({ source }: Script, { moduleBytes }: ActorLimits): Outline {
  if (source instanceof Uint8Array && source.length > moduleBytes) throw tooLarge(source.length, moduleBytes);
  return outlineOf(source);
}

function stderrOf({
  name = 'actor',
  platform = webPlatform,
  stderr,
  enableWasiOutput,
}: EngineOptions): PluginStderr {
  // With `enableWasiOutput` the plugin host already prints the lines.
  const receiver = stderr ?? (enableWasiOutput ? () => {} : undefined);
  return new PluginStderr(name, platform.print.err, receiver);
}

async function openPlugin(
  script: Script,
  outline: Outline,
  options: EngineOptions,
  stderr: PluginStderr,
): Promise<Plugin> {
  const { platform = webPlatform, name, protocol, codec, limits, memoryLimitMb, ...pluginOptions } = options;
  try {
    return await createPlugin(platform, script.source, {
      ...pluginOptions,
      ...(memoryLimitMb !== undefined && { memory: memoryOption(memoryLimitMb, outline, options.memory) }),
      functions: withHostFunctions(options.functions),
      stderr: stderr.write,
    });
  } catch (error) {
    throw toModuleError(error);
  }
}

async function checkEntryPoint(plugin: Plugin, { source, entryPoint }: Script): Promise<void> {
  if (!(await plugin.functionExists(entryPoint))) {
    const names = (await plugin.getExports())
      .filter(({ kind }) => kind === 'function')
      .map(({ name }) => name);
    const message = `Function not found: ${entryPoint} (exported functions: ${names.join(', ') || 'none'})`;
    throw new ModuleError('MissingExport', 'FUNCTION_NOT_FOUND', message);
  }
  const type = source instanceof Uint8Array ? readSignatures(source)?.exports.get(entryPoint) : undefined;
  try {
    checkSignature(entryPoint, 0, type);
  } catch (error) {
    throw toModuleError(error);
  }
}

async function askMetadata(plugin: Plugin, report: Report): Promise<PluginMetadata | null> {
  if (!(await plugin.functionExists('get_metadata'))) {
    report({
      code: 'NO_METADATA',
      message: 'the plugin exports no get_metadata, so its ports are not known',
    });
    return null;
  }
  try {
    return readMetadata(await answerOf(plugin, 'get_metadata'));
  } catch (error) {
    const { message } = error as Error;
    if (lacksGoRuntime(error)) {
      throw new ModuleError('InitFailed', 'INIT_FAILED', explain(message, error), { cause: error });
    }
    throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message, { cause: error });
  }
}

/** @throws {ModuleError} InvalidMetadata */
function codecFor(metadata: PluginMetadata | null, given: Codec | undefined): Codec {
  const encoding = metadata?.encoding ?? jsonCodec.encoding;
  if (given) readForeign('codec', () => checkCodec(given));
  if (encoding === jsonCodec.encoding) return jsonCodec;
  if (given?.encoding === encoding) return given;
  const message =
    `plugin metadata.encoding: the plugin exchanges ${describe(encoding)}, and ` +
    `${given ? `the option codec is for ${describe(given.encoding)}` : 'the option codec is not given'}; ` +
    'for "msgpack" give msgpack of plugboard/msgpack';
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}

/** @throws {ActorError} INVALID_CONFIG */
function checkCodec(given: unknown): void {
  const isCodec =
    isObject(given) &&
    typeof given.encoding === 'string' &&
    [given.write, given.join, given.read].every(method => typeof method === 'function');
  if (isCodec) return;
  throw new ActorError(
    'INVALID_CONFIG',
    `codec: expected msgpack of plugboard/msgpack, got ${describe(given)}`,
  );
}

async function askVersion(plugin: Plugin): Promise<string | null> {
  if (!(await plugin.functionExists('get_version'))) return null;
  const version = await ask(plugin, 'get_version');
  if (typeof version === 'string') return version;
  const message = `get_version: expected a JSON string, got ${describe(version)}`;
  throw new ModuleError('InvalidMetadata', 'INVALID_METADATA', message);
}

/** Calls an optional export and returns its output, read as JSON. @throws {ModuleError} InitFailed */
async function ask(plugin: Plugin, name: string, input?: string): Promise<unknown> {
  try {
    return readJson(await answerOf(plugin, name, input), { what: `the answer of ${name}` });
  } catch (error) {
    throw new ModuleError('InitFailed', 'INIT_FAILED', `${name}: ${excerpt(messageOf(error))}`, {
      cause: error,
    });
  }
}

/** Returns the output of an export other than the entry point. @throws {ActorError} OUTPUT_LIMIT */
async function answerOf(plugin: Plugin, name: string, input?: string): Promise<Uint8Array> {
  const answer = bytesOf(await plugin.call(name, input));
  const { default: limit, unit } = ACTOR_LIMITS.answerBytes;
  refuseOver('OUTPUT_LIMIT', `the answer of ${name}`, answer.length, limit, unit, 'fixed');
  return answer;
}

/** Adds the host functions of actors. A function that the user gives replaces the actor's function of the same name. */
const withHostFunctions = (functions: HostFunctions = {}): HostFunctions => ({
  ...functions,
  [USER_NAMESPACE]: { ...HOST_FUNCTIONS, ...functions[USER_NAMESPACE] },
});

const bytesOf = (output: PluginOutput | null): Uint8Array =>
  output === null ? new Uint8Array(0) : viewOf(output);
