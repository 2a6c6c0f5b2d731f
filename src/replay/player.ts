import { type Kernel, readHttpRequest, type SendHttp } from '../../abi/index.ts';
import { PlugboardError, type PlugboardErrorCode } from '../errors.ts';
import type { CallContext } from '../host/context.ts';
import type { HostFunction, HostFunctions, UntypedFunction, WasmValue } from '../host/function.ts';
import type { ImportCall } from '../host/listener.ts';
import {
  type FileResult,
  type OutsideEntry,
  type OutsideQuestion,
  type RecordedFolder,
  replayOutside,
} from '../host/outside.ts';
import type { Recorder, ReplayedOutside, Tap, TappedOutcome, TappedSettings } from '../host/tap.ts';
import { Secrets } from '../trace/secrets.ts';
import { withCommas } from '../units.ts';
import { repeatOperations } from './context.ts';
import type {
  Argument,
  Entry,
  HostEntry,
  HttpEntry,
  Line,
  Named,
  RecordedCall,
  Recording,
} from './format.ts';
import { memoryOf } from './memory.ts';
import type { TappedPlugin } from './recorder.ts';
import { requestOf } from './request.ts';
import { describeValue, isSame, shown, sizeOf } from './values.ts';

/** The place at which a plugin first asks for something that the recording does not have there. */
export interface Divergence {
  /** Number of the call in the recording, from 1, and its export; null for the start of an instance. */
  call: number;
  export: string | null;
  /** Number of the answer in the call, from 1. */
  entry: number;
  /** The import that the plugin called, as `namespace.name`; null at the end of a call. */
  import: string | null;
  /** The row of docs/ABI.md or docs/WASI.md that describes the import; null for a host function. */
  row: string | null;
  recorded: string;
  now: string;
}

/** The outcome of one replayed call. */
export interface Replayed {
  output: Uint8Array | null;
  error: { code: string; message: string } | null;
  lines: Line[];
  vars: Named[];
  memory: Record<string, string> | null;
}

const ABI = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';

/** Answers a plugin from a recording. Nothing outside is asked. */
export class Player implements Recorder {
  readonly #recording: Recording;
  readonly #isSameBuild: boolean;
  readonly #hashes: boolean;
  readonly #maxBytes: number;
  readonly #secrets = new Secrets();
  readonly replayed: Replayed[] = [];
  divergence: Divergence | null = null;
  #plugin: TappedPlugin | null = null;
  #call: RecordedCall | null = null;
  #lines: Line[] = [];
  #keptBytes = 0;
  #at = 0;
  #import: ImportCall | null = null;

  /** @param maxBytes the most bytes of lines, outputs and variables that are kept, of all calls together */
  constructor(recording: Recording, isSameBuild: boolean, hashes: boolean, maxBytes: number) {
    this.#recording = recording;
    this.#isSameBuild = isSameBuild;
    this.#hashes = hashes;
    this.#maxBytes = maxBytes;
  }

  recordings(): string[] {
    return [];
  }

  open<Settings extends TappedSettings>(_: unknown, settings: Settings): Tap<Settings> {
    const line = (name: string) => (text: string) => this.#line(name, text);
    const { functions, http, folders } = this.#recording.settings;
    const mounted = folders.map(({ path, readOnly }) => ({ path: shown(path), readOnly }));
    const own: Record<string, Record<string, HostFunction>> = Object.create(null);
    for (const { namespace, name } of functions) {
      own[namespace] ??= Object.create(null) as Record<string, HostFunction>;
      own[namespace][name] = this.#function(`${namespace}.${name}`);
    }
    const levels = ['trace', 'debug', 'info', 'warn', 'error'];
    const logger = Object.fromEntries(levels.map(level => [level, line(level)]));
    return {
      settings: {
        ...settings,
        functions: own as HostFunctions,
        logger,
        stdout: line('stdout'),
        stderr: line('stderr'),
      },
      attach: (kernel, isolation, runner) => {
        this.#plugin = { kernel, isolation, runner };
      },
      send: send => send,
      http: kernel => (http ? (request, body) => this.#http(kernel, request, body) : undefined),
      outside: () => replayOutside(mounted, (question, wanted) => this.#outside(question, wanted)),
      replayed: this.#replayed(mounted),
      note: () => {},
      begin: (name, input) => this.#begin(input === undefined ? null : name),
      end: outcome => this.#end(outcome),
      untold: () => {},
    };
  }

  /** Follows the imports, so that a divergence names the one in which it is. */
  readonly trace = {
    events: 0,
    dropped: 0,
    failures: 0,
    attach: () => ({
      listener: (call: ImportCall) => {
        this.#import = call;
        return () => {
          this.#import = null;
        };
      },
      begin: () => {},
      end: () => {},
    }),
  };

  /** Notes that a call was refused before it began. */
  refused(name: string, { code, message }: PlugboardError): void {
    this.#at = 0;
    this.#import = null;
    this.#diverge(`a call of ${name}`, `${code}: ${message}`, name);
  }

  #begin(name: string | null): void {
    this.#at = 0;
    this.#lines = [];
    this.#import = null;
    const call = this.#recording.calls[this.replayed.length];
    const describe = (name: string | null) =>
      name === null ? 'the start of an instance' : `a call of ${name}`;
    this.#call = call ?? null;
    if (!call) this.#diverge('no further call', describe(name), name);
    else if (call.export !== name) this.#diverge(describe(call.export), describe(name), name);
    else this.#plugin!.kernel.logLevel = call.logLevel;
  }

  #end({ output, error }: TappedOutcome): void {
    const { kernel, runner } = this.#plugin!;
    const call = this.#call;
    const next = call?.entries[this.#at];
    // A failed call of another build may well do less, or more. The comparison of the outcome tells it.
    if (next && !this.divergence) this.#diverge(describeEntry(next), 'the end of the call', call.export);
    const produced = (output ?? error?.output)?.bytes() ?? null;
    const vars = [...kernel.vars.snapshot()];
    this.#keep([produced, vars]);
    this.replayed.push({
      output: produced,
      error: error && { code: error.code, message: error.message },
      lines: this.#lines,
      vars,
      memory: this.#hashes ? memoryOf(kernel, runner.main) : null,
    });
  }

  #line(name: string, text: string): void {
    const line = { name, line: text };
    const over = this.#keep(line);
    if (over) this.#stop(over);
    this.#lines.push(line);
  }

  /** Counts a value that is kept. Returns the error for one over the limit: a hostile plugin logs in an endless loop. */
  #keep(value: unknown): PlugboardError | null {
    this.#keptBytes += sizeOf(value);
    if (this.#keptBytes <= this.#maxBytes) return null;
    const most = `${withCommas(this.#maxBytes)} bytes of lines, outputs and variables`;
    return this.#diverge(`less than ${most}`, 'more');
  }

  #diverge(recorded: string, now: string, name = this.#call?.export ?? null): PlugboardError {
    const at = this.#import;
    const row = at?.namespace === ABI ? 'ABI.md' : at?.namespace === WASI ? 'WASI.md' : null;
    this.divergence ??= {
      call: this.replayed.length + 1,
      export: name,
      entry: this.#at + 1,
      import: at && `${at.namespace}.${at.name}`,
      row: row && `${row}#${at!.name}`,
      recorded,
      now,
    };
    return new PlugboardError('UNSUPPORTED', `replay: recorded ${recorded}, now ${now}`);
  }

  #stop(error: Error): never {
    return this.#plugin!.kernel.stop(error);
  }

  /** Returns the next answer, if the plugin asks for the same. */
  #take<K extends Entry['kind']>(kind: K, asked: Partial<Entry>): Extract<Entry, { kind: K }> {
    // A plugin that catches the exception goes on, and gets the same one at its next import.
    this.#plugin!.kernel.check();
    const entry = this.#call?.entries[this.#at];
    const isIt =
      entry?.kind === kind &&
      Object.entries(asked).every(([key, value]) => isSame(Reflect.get(entry, key), value));
    if (!isIt) {
      const recorded = entry ? describeEntry(entry) : 'nothing more';
      this.#stop(this.#diverge(recorded, describeEntry({ kind, ...asked } as Entry)));
    }
    this.#at++;
    return entry as Extract<Entry, { kind: K }>;
  }

  /** Ends the call as the recorded one was ended, in the middle of an answer. */
  #cutOff(): never {
    const { error, export: name } = this.#call!;
    if (!error) return this.#stop(this.#diverge('an answer that never came, and no error', 'the same'));
    const message = shown(error.message);
    const own = name !== null && message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
    return this.#stop(new PlugboardError(error.code as PlugboardErrorCode, own));
  }

  #function(name: string): HostFunction {
    const replayed: UntypedFunction = (context, ...args) => {
      const asked = args.map(arg => this.#argument(arg));
      const entry = this.#take('host', {
        name,
        args: asked.map((arg, index) => this.#alike(arg, index)),
      } as Partial<HostEntry>);
      return this.#answer(context, entry, args);
    };
    return replayed as HostFunction;
  }

  /** Blocks are compared by their bytes, since another build may have them elsewhere. */
  #alike(argument: Argument, index: number): Argument {
    const entry = this.#call?.entries[this.#at];
    const recorded = entry?.kind === 'host' ? entry.args[index] : undefined;
    const isBlock = (value: unknown): value is { handle: bigint; block: Uint8Array } =>
      Object.hasOwn(Object(value) as object, 'block');
    if (this.#isSameBuild || !isBlock(argument) || !isBlock(recorded)) return argument;
    return { ...argument, handle: recorded.handle };
  }

  #argument(value: WasmValue): Argument {
    const { memory } = this.#plugin!.kernel;
    const length = typeof value === 'bigint' ? memory.length(Number(value)) : 0;
    if (length === 0) return value;
    return { handle: value as bigint, block: memory.readable(Number(value), length).slice() };
  }

  #answer(context: CallContext, entry: HostEntry, args: readonly WasmValue[]): unknown {
    const handles = new Map<bigint, bigint>();
    for (const [index, arg] of entry.args.entries()) {
      const { handle } = Object(arg) as { handle?: bigint };
      if (handle !== undefined) handles.set(handle, args[index] as bigint);
    }
    repeatOperations(context, entry.operations, handles, this.#isSameBuild, (recorded, now) =>
      this.#stop(this.#diverge(recorded, now)),
    );
    if (entry.thrown !== undefined) throw new Error(shown(entry.thrown));
    if (entry.result === undefined) return this.#cutOff();
    const own = (value: unknown) =>
      typeof value === 'bigint' ? (handles.get(value) ?? value) : shown(value);
    return Array.isArray(entry.result) ? entry.result.map(own) : own(entry.result);
  }

  #http(kernel: Kernel, request: bigint, body: bigint): bigint {
    kernel.check();
    try {
      kernel.http = { status: 0, headers: {} };
      const asked: Parameters<SendHttp>[0] = readHttpRequest(kernel, Number(request), Number(body));
      const entry: HttpEntry = this.#take('http', requestOf(asked, this.#secrets));
      if (entry.error)
        throw new PlugboardError(entry.error.code as PlugboardErrorCode, shown(entry.error.message));
      if (!entry.response) return this.#cutOff();
      const { status, headers, body: bytes } = entry.response;
      kernel.http = {
        status,
        headers: Object.fromEntries(headers.map(([name, value]) => [shown(name), shown(value)])),
      };
      return BigInt(kernel.place(shown(bytes)));
    } catch (error) {
      kernel.check();
      return kernel.stop(error as Error);
    }
  }

  /** Answers a question about clock, random bytes or files. */
  #outside(question: OutsideQuestion, wantedBytes = 0): OutsideEntry {
    const { kind, ...asked } = question;
    const entry = shownEntry(this.#take(kind, asked));
    const bytes = bytesIn(entry);
    if (bytes && (entry.kind === 'random' ? bytes.length !== wantedBytes : bytes.length > wantedBytes))
      this.#stop(this.#diverge(`${bytes.length} bytes`, `${wantedBytes} bytes`));
    return entry;
  }

  #replayed(folders: readonly RecordedFolder[]): ReplayedOutside {
    return {
      folders,
      answers: () => (this.#call?.entries ?? []).map(entry => (isOutside(entry) ? shownEntry(entry) : null)),
      indexOf: (question, wantedBytes) => {
        this.#outside(question, wantedBytes);
        return this.#at - 1;
      },
    };
  }
}

const isOutside = (entry: Entry): entry is OutsideEntry => entry.kind !== 'host' && entry.kind !== 'http';

const bytesIn = (entry: OutsideEntry): Uint8Array | null => {
  if (entry.kind === 'random') return entry.bytes;
  return entry.kind === 'file' && entry.result instanceof Uint8Array ? entry.result : null;
};

/** An entry with asterisks for its secrets. */
function shownEntry(entry: OutsideEntry): OutsideEntry {
  if (entry.kind === 'random') return { ...entry, bytes: shown(entry.bytes) };
  if (entry.kind !== 'file') return entry;
  const result = shown<FileResult>(entry.result);
  if (Array.isArray(result)) return { ...entry, result: result.map(shown) };
  const isThrown = typeof result === 'object' && 'thrown' in result;
  return { ...entry, result: isThrown ? { thrown: shown(result.thrown) } : result };
}

/** An entry for a message: the question, without its answer. */
function describeEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'host':
      return `${entry.name}${describeValue(entry.args)}`;
    case 'http':
      return `${describeValue(entry.method)} ${describeValue(entry.url)} with ${describeValue({ headers: entry.headers, body: entry.body })}`;
    case 'file':
      return `${entry.call}${describeValue(entry.args)} of file ${entry.object}`;
    case 'random':
      return 'random bytes';
    case 'sleep':
      return `a sleep of ${entry.ns} ns`;
    default:
      return `${entry.kind === 'now' ? 'the time' : 'the resolution'} of clock ${entry.clock}`;
  }
}
