import { type Kernel, LOG_LEVELS, type MessageLevel, type SendHttp } from '../../abi/index.ts';
import { isError } from '../../wasi/brands.ts';
import { readOptions, refuseExtra } from '../../wasi/options.ts';
import { describe, messageOf } from '../errors.ts';
import { refuseOption } from '../given/option-keys.ts';
import {
  declarationOf,
  declare,
  type HostFunction,
  type HostFunctions,
  secretsOfHostFunction,
  type UntypedFunction,
  type WasmValue,
} from '../host/function.ts';
import { type Outside, recordOutside } from '../host/outside.ts';
import type { Recorder, Tap, TappedModule, TappedOutcome, TappedSettings, Untold } from '../host/tap.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import { Secrets } from '../trace/secrets.ts';
import { isThenable } from '../values/thenable.ts';
import { toBytes } from './bytes.ts';
import { recordContext } from './context.ts';
import type { Argument, Entry, HostEntry, HttpEntry, Named, RecordedCall, Untellable } from './format.ts';
import { memoryOf } from './memory.ts';
import { RECORDER_OPTIONS, type RecorderOptions } from './options.ts';
import { requestOf } from './request.ts';
import { factsOf, UNTELLABLE, untellableEnd } from './untellable.ts';
import { Hidden, isSame, sizeOf } from './values.ts';
import { writeRecording } from './write.ts';

/** A plugin that has been attached. */
export interface TappedPlugin {
  kernel: Kernel;
  isolation: string;
  runner: { readonly main: WebAssembly.Instance | null };
}

type Read = { [Key in keyof RecorderOptions]-?: NonNullable<RecorderOptions[Key]> };

class FileRecorder implements Recorder {
  readonly #options: Read;
  readonly #plugins: PluginRecorder<TappedSettings>[] = [];

  constructor(options: Read) {
    this.#options = options;
  }

  recordings(): string[];
  recordings(...extra: unknown[]): string[] {
    refuseExtra(extra, 'recordings', refuseOption);
    return this.#plugins.flatMap(plugin => plugin.recording() ?? []);
  }

  open<Settings extends TappedSettings>(modules: readonly TappedModule[], settings: Settings): Tap<Settings> {
    const plugin = new PluginRecorder(modules, settings, this.#options);
    this.#plugins.push(plugin);
    return plugin;
  }
}

/** Facts of the plugin. The others belong to one call. */
const OF_PLUGIN: readonly Untellable['code'][] = [
  'compiled',
  'relaxed-simd',
  'shared-memory',
  'get-instance',
];

/** Notes everything that comes into one plugin. */
class PluginRecorder<Settings extends TappedSettings> implements Tap<Settings> {
  readonly settings: Settings;
  readonly #modules: readonly TappedModule[];
  readonly #given: Settings;
  readonly #options: Read;
  readonly #secrets: Secrets;
  #untellable: Untellable[] = [];
  #plugin: TappedPlugin | null = null;
  #folders: Outside['preopens'] = {};
  #calls: RecordedCall[] = [];
  /** The call that runs; null between calls, and for one that is too large. */
  #running: RecordedCall | null = null;
  /** Variables after the last call. */
  #vars: Named[] | null = null;
  #usedBytes = 0;
  #isFull = false;
  /** Calls that the instance has served. */
  #served = 0;
  #failed: string | null = null;

  constructor(modules: readonly TappedModule[], settings: Settings, options: Read) {
    this.#modules = modules;
    this.#given = settings;
    this.#options = options;
    this.#secrets = new Secrets(settings.secrets);
    this.settings = this.#tapped(settings);
    for (const fact of factsOf(modules, options.modules)) this.#tell(fact);
  }

  #tapped(settings: Settings): Settings {
    const functions: HostFunctions = Object.fromEntries(
      Object.entries(settings.functions).map(([namespace, all]) => [
        namespace,
        Object.fromEntries(
          Object.entries(all).map(([name, fn]) => [name, this.#function(`${namespace}.${name}`, fn)]),
        ),
      ]),
    );
    const levels = Object.keys(LOG_LEVELS).filter((level): level is MessageLevel => level !== 'silent');
    const logger = Object.fromEntries(
      levels.map(level => [
        level,
        (text: string) => {
          this.#line(level, text);
          settings.logger[level]?.(text);
        },
      ]),
    );
    const sink = (name: 'stdout' | 'stderr') => (line: string) => {
      this.#line(name, line);
      settings[name]?.(line);
    };
    return { ...settings, functions, logger, stdout: sink('stdout'), stderr: sink('stderr') };
  }

  attach(...[kernel, isolation, runner]: Parameters<Tap<Settings>['attach']>): void {
    this.#plugin = { kernel, isolation, runner };
  }

  #tell(fact: Untellable): void {
    if (this.#untellable.some(({ code }) => code === fact.code)) return;
    this.#untellable.push(fact);
    this.#options.onUntellable(fact);
  }

  http(): undefined {}

  untold(way: Untold): void {
    if (way === 'set-var' && !this.#running) return;
    this.#tell({ code: way, message: UNTELLABLE[way] });
  }

  begin(name: string, input: string | Uint8Array | undefined): void {
    const { kernel } = this.#plugin!;
    const isStart = input === undefined;
    if (this.#options.record === 'on-failure') this.#forget(isStart);
    if (isStart) this.#served = 0;
    const vars = [...kernel.vars.snapshot()];
    this.#running = this.#isFull
      ? null
      : {
          export: isStart ? null : name,
          input: toBytes(input ?? ''),
          vars: this.#vars && isSame(this.#vars, vars) ? null : vars,
          logLevel: kernel.logLevel,
          entries: [],
          lines: [],
          output: null,
          error: null,
          varsAfter: [],
          memory: null,
        };
    this.#count(this.#running);
  }

  /** Drops the calls before the next one, except for the start of its instance. */
  #forget(isStart: boolean): void {
    const start = this.#calls.find(call => call.export === null);
    this.#calls = isStart || !start ? [] : [start];
    this.#usedBytes = sizeOf(this.#calls);
    this.#isFull = false;
    this.#vars = null;
    this.#untellable = this.#untellable.filter(({ code }) => OF_PLUGIN.includes(code));
  }

  end({ output, error }: TappedOutcome): void {
    const call = this.#running;
    const { kernel, runner } = this.#plugin!;
    this.#running = null;
    const served = this.#served++;
    if (!call) return;
    // The next call forgets this one. Copies for its outcome would double the time that a recorder takes.
    if (this.#options.record === 'on-failure' && !error && call.export !== null) return;
    const produced = output ?? error?.output;
    call.output = produced ? produced.bytes() : null;
    call.error = error && { code: error.code, message: error.message };
    call.varsAfter = [...kernel.vars.snapshot()];
    if (this.#options.memory) call.memory = memoryOf(kernel, runner.main);
    this.#vars = call.varsAfter;
    this.#calls.push(call);
    const fact = error && untellableEnd(error.code, call);
    if (fact) this.#tell(fact);
    if (this.#options.record === 'all' || !error) return;
    if (served > 1) this.#tell({ code: 'state', message: UNTELLABLE.state });
    this.#failed = this.#write();
    Object.defineProperty(error, 'recording', { value: this.#failed });
    this.#options.onRecording(this.#failed);
  }

  /** The recording as a text; null if there is none: the start of an instance alone says nothing, unless it failed. */
  recording(): string | null {
    if (this.#options.record === 'on-failure') return this.#failed;
    const isEmpty = this.#calls.every(call => call.export === null && !call.error);
    return isEmpty && !this.#isFull ? null : this.#write();
  }

  #write(): string {
    return writeRecording({
      record: this.#options.record,
      isolation: this.#plugin?.isolation ?? 'inline',
      modules: this.#modules,
      withModules: this.#options.modules,
      settings: this.#given,
      folders: this.#folders,
      untellable: this.#untellable,
      calls: this.#calls,
      secrets: this.#secrets,
    });
  }

  #count(value: unknown): void {
    this.#usedBytes += sizeOf(value);
    if (this.#usedBytes <= this.#options.maxBytes || this.#isFull) return;
    this.#isFull = true;
    this.#running = null;
    this.#tell({ code: 'size', message: `${UNTELLABLE.size} (maxBytes is ${this.#options.maxBytes})` });
  }

  #add(entry: Entry): void {
    this.#running?.entries.push(entry);
    this.#count(entry);
  }

  #line(name: string, text: string): void {
    const line = { name, line: text };
    this.#running?.lines.push(line);
    this.#count(line);
  }

  outside(outside: Outside): Outside {
    this.#folders = outside.preopens;
    return recordOutside(outside, entry => this.#add(entry));
  }

  note(entry: Entry): void {
    this.#add(entry);
  }

  #function(name: string, fn: HostFunction): HostFunction {
    const recorded: UntypedFunction = (context, ...args) => {
      const entry: HostEntry = {
        kind: 'host',
        name,
        args: args.map((arg, index) => this.#argument(arg, secretsOfHostFunction(fn).includes(index))),
        operations: [],
      };
      this.#add(entry);
      const returned = <T>(result: T): T => {
        entry.result = plainResult(result);
        this.#count(entry.result);
        return result;
      };
      const threw = (error: unknown): never => {
        entry.thrown = isError(error) ? messageOf(error) : describe(error);
        throw error;
      };
      const own = recordContext(context, operation => {
        entry.operations.push(operation);
        this.#count(operation);
      });
      try {
        const result = (fn as UntypedFunction)(own, ...args);
        return isThenable(result) ? result.then(returned, threw) : returned(result);
      } catch (error) {
        return threw(error);
      }
    };
    return declare(recorded as HostFunction, { ...declarationOf(fn), secrets: secretsOfHostFunction(fn) });
  }

  #argument(value: WasmValue, isSecret: boolean): Argument {
    const { memory } = this.#plugin!.kernel;
    const length = typeof value === 'bigint' ? memory.length(Number(value)) : 0;
    if (length === 0) return isSecret ? new Hidden(0) : value;
    const block = memory.readable(Number(value), length).slice();
    if (!isSecret) return { handle: value as bigint, block };
    this.#secrets.addBytes(block);
    return { handle: value as bigint, block: new Hidden(new Uint8Array(length).fill(0x2a)) };
  }

  send(send: SendHttp): SendHttp {
    return request => {
      const entry: HttpEntry = { kind: 'http', ...requestOf(request, this.#secrets) };
      this.#add(entry);
      return send(request).then(
        response => {
          const { status, headers, body } = response;
          const cleaned = this.#secrets.cleanHeaders(headers);
          const shown = Object.entries(headers).map(([name, value]): [string, string | Hidden] => [
            name,
            cleaned[name] === value ? value : new Hidden('*'.repeat(value.length)),
          ]);
          entry.response = { status, headers: shown, body: body.slice() };
          this.#count(entry.response);
          return response;
        },
        (error: unknown) => {
          const { code, message } = Object(error) as { code?: unknown; message?: unknown };
          entry.error = { code: typeof code === 'string' ? code : 'HTTP_FAILED', message: String(message) };
          throw error;
        },
      );
    };
  }
}

/** A result as a recording holds it; a text for a value that no import can return. */
const plainResult = (result: unknown): unknown =>
  Array.isArray(result) ? result.map(plainItem) : plainItem(result);

function plainItem(item: unknown): unknown {
  if (item === undefined || item === null) return null;
  return typeof item === 'number' || typeof item === 'bigint' ? item : describe(item);
}

/**
 * Makes a recorder: pass it as the option `record` of `createPlugin`. It keeps everything that comes into the plugin from
 * outside, and `replay` needs nothing else. Secrets are masked in the text of a recording, which no other part of the recorder
 * shows.
 * @throws {CreateError} INVALID_OPTION
 * @experimental
 * @example
 * ```js
 * import { createPlugin } from 'plugboard';
 * import { createRecorder, replay } from 'plugboard/audit';
 * const recorder = createRecorder();
 * const plugin = await createPlugin(import.meta.resolve('plugboard/examples/vowels.wasm'), { record: recorder });
 * await plugin.call('fail', 'a reason').catch(() => {});
 * await plugin.close();
 * const [recording] = recorder.recordings();
 * console.log((await replay(recording)).isSame); // true
 * ```
 */
export function createRecorder(options?: RecorderOptions): Recorder;
export function createRecorder(options?: RecorderOptions, ...extra: unknown[]): Recorder {
  refuseExtra(extra, 'createRecorder', refuseOption);
  const read = readOptions(RECORDER_OPTIONS, options, 'createRecorder', refuseOption);
  return new FileRecorder({
    record: read.record ?? 'on-failure',
    onRecording: read.onRecording ?? (() => {}),
    onUntellable: read.onUntellable ?? (() => {}),
    maxBytes: read.maxBytes ?? AUDIT_LIMITS.recordingBytes.default,
    modules: read.modules ?? true,
    memory: read.memory ?? false,
  });
}
