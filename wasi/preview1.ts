import { isMemory } from './brands.ts';
import {
  DescriptorTable,
  type DirectoryDescriptor,
  inputDescriptor,
  outputDescriptor,
  preopenDescriptor,
} from './descriptors.ts';
import { readForeign, refuseOption, WasiError, WasiExit } from './errors.ts';
import { readOnlyFs } from './files/read-only-fs.ts';
import { argsFunctions } from './functions/args.ts';
import { clockFunctions } from './functions/clock.ts';
import { environFunctions } from './functions/environ.ts';
import { fdFunctions } from './functions/fd.ts';
import { pathFunctions } from './functions/path.ts';
import { pollFunctions } from './functions/poll.ts';
import { processFunctions } from './functions/process.ts';
import { randomFunctions } from './functions/random.ts';
import { socketFunctions } from './functions/socket.ts';
import { GuestMemory } from './memory.ts';
import { expected, refuseExtra } from './options.ts';
import { refuseOtherVersions } from './other-versions.ts';
import { webClock, webRandom } from './provided/web.ts';
import { DONE, Failure, type Functions, type Result } from './result.ts';
import { Errno } from './spec/constants.ts';
import {
  type Awaitable,
  isPointer,
  WASI_MODULE,
  type WasiFunctionName,
  type WasiSignature,
  wasiSignatures,
} from './spec/signatures.ts';
import { type Preopen, readWasiOptions, type WasiDiagnostic, type WasiOptions } from './wasi-options.ts';

export type WasiImport<Answer = number> = (...args: (number | bigint)[]) => Answer;
/** `poll_oneoff` returns a promise when the clock's `sleepNs` does. */
export type WasiImports = {
  readonly [N in WasiFunctionName]: WasiImport<N extends 'poll_oneoff' ? Awaitable<number> : number>;
};

export interface Wasi {
  /**
   * The module `wasi_snapshot_preview1` of the import object. Functions take i32 as number and i64 as bigint, and return the
   * errno.
   */
  readonly imports: WasiImports;
  /** Sets the instance's memory. Before it is set, functions with pointers return EFAULT, with a diagnostic. */
  bind(memory: WebAssembly.Memory): void;
  /**
   * Runs a command module: binds its memory, calls `_start` and returns the exit code, 0 if `_start` just returns. Closes all
   * descriptors at the end. Traps and exceptions of `onExit` are thrown unchanged.
   * @throws {WasiError} WASI_STARTED for a second call of `start` or `initialize`
   * @throws {WasiError} WASI_NO_START for a module without `_start`, such as a reactor, which `initialize` prepares
   */
  start(instance: WebAssembly.Instance): number;
  /**
   * Prepares a reactor module, which has exports to call and no `main`: binds its memory and calls `_initialize` if it
   * exports that. Descriptors stay open for later calls. If it traps or exits, they are closed and the error is thrown.
   * @throws {WasiError} WASI_STARTED for a second call of `start` or `initialize`
   * @example
   * const instance = await WebAssembly.instantiate(module, wasi.getImportObject(module));
   * wasi.initialize(instance);
   * instance.exports.run();
   * @throws {WasiError} WASI_IS_COMMAND for a module with `_start` and without `_initialize`
   */
  initialize(instance: WebAssembly.Instance): void;
  /**
   * Returns the import object for `WebAssembly.instantiate`.
   * @param module if given, its imports are checked
   * @throws {WasiError} WASI_OTHER_VERSION if the module imports another WASI than preview 1, such as `wasi_unstable`
   */
  getImportObject(module?: WebAssembly.Module): WebAssembly.Imports;
  /** Closes all descriptors, as the end of a process would. Without it, files of the host stay open. */
  close(): void;
  /** @internal Closes all descriptors, and opens those of the start again, for an instance whose memory is put back too. */
  reset(): void;
  /** @internal Lets `reset` keep the flags and rights of now. Returns false where the program has opened or closed a descriptor. */
  keep(): boolean;
}

/** Wraps an exception that an embedder's callback threw on purpose, so that it reaches the caller and does not become EIO. */
class LetThrough {
  readonly thrown: unknown;
  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

function letThrough<Args extends unknown[], Result>(callback: (...args: Args) => Result) {
  return (...args: Args): Result => {
    try {
      return callback(...args);
    } catch (thrown) {
      throw new LetThrough(thrown);
    }
  };
}

const IN_CREATE = 'all options go into createWasi';

/**
 * WASI preview 1 for one instance. Throws `WasiError` for options that are wrong, and for arguments and variables that no
 * program could read back.
 * @example
 * ```js
 * import { readFile } from 'node:fs/promises';
 * import { createWasi, LineSink } from 'plugboard/wasi';
 * const stderr = new LineSink({ onLine: line => console.log(line) }); // usage: tally WORDS REPORT <text
 * const wasi = createWasi({ args: ['tally'], stderr });
 * const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('plugboard/examples/tally.wasm'))));
 * console.log(wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject(module)))); // 2
 * ```
 */
export function createWasi(given: WasiOptions): Wasi;
export function createWasi(given: WasiOptions, ...extra: unknown[]): Wasi {
  refuseExtra(extra, 'createWasi', refuseOption);
  const options = readWasiOptions(given);
  const { args = [], env = {}, stdin, stdout, stderr } = options;
  const { clock = webClock(), random = webRandom() } = options;
  /** Set by `proc_exit`. A program can catch the `WasiExit`, but every later call throws it again. */
  let exited: WasiExit | undefined;
  let isStarted = false;
  const checkpoint = letThrough(() => options.checkpoint?.());
  const diagnose = letThrough((diagnostic: WasiDiagnostic) => options.onDiagnostic?.(diagnostic));
  const exit = letThrough((code: number): never => {
    options.onExit?.(code);
    exited = new WasiExit(code);
    throw exited;
  });
  const memory = new GuestMemory();
  const firstDescriptors = () => [
    inputDescriptor(stdin),
    outputDescriptor(stdout),
    outputDescriptor(stderr),
    ...preopenDescriptors(options.preopens ?? {}),
  ];
  const descriptors = new DescriptorTable(firstDescriptors());
  const functions: Functions = {
    ...argsFunctions(memory, args),
    ...environFunctions(memory, env),
    ...clockFunctions(memory, clock),
    ...randomFunctions(memory, random, checkpoint),
    ...processFunctions(exit),
    ...fdFunctions(memory, descriptors, clock),
    ...pathFunctions(memory, descriptors, clock),
    ...socketFunctions(descriptors),
    ...pollFunctions({
      memory,
      descriptors,
      clock,
      checkpoint,
      wouldBlock: message => diagnose({ code: 'WASI_WOULD_BLOCK', message, function: 'poll_oneoff' }),
    }),
  };

  const enter = (row: WasiSignature): WasiImport<Awaitable<number>> => {
    const { name } = row;
    const implementation = functions[name] as WasiImport<Awaitable<Result<void>>>;
    const hasPointers = row.params.some(isPointer);
    const failed = (thrown: unknown): number => {
      if (thrown instanceof LetThrough) throw thrown.thrown;
      const message = `${name}: the host threw ${String(thrown)}; answered EIO`;
      options.onDiagnostic?.({ code: 'WASI_HOST_ERROR', message, function: name, cause: thrown });
      return Errno.EIO;
    };
    return (...values) => {
      try {
        checkpoint();
        if (exited) throw new LetThrough(exited);
        if (hasPointers && !memory.bound) {
          const message = `${name}: no memory yet, answered EFAULT; call bind(memory) before the program runs`;
          diagnose({ code: 'WASI_MEMORY_UNBOUND', message, function: name });
          return Errno.EFAULT;
        }
        // Changed in place, because the array belongs to this call.
        for (let index = 0; index < values.length; index++) values[index] = unsigned(values[index]!);
        const result = implementation(...values);
        if (result === DONE) return Errno.ESUCCESS;
        return result instanceof Failure ? result.errno : result.then(toErrno).catch(failed);
      } catch (thrown) {
        return failed(thrown);
      }
    };
  };

  const bind = (given: unknown, ...extra: unknown[]): void => {
    refuseExtra(extra, 'bind', refuseOption);
    // Checked, because the argument is often `instance.exports.memory`, and a module need not export a memory.
    readForeign('bind', () => {
      if (!isMemory(given))
        throw new WasiError('WASI_INVALID_MEMORY', expected('a WebAssembly.Memory', given, 'bind'));
      memory.bind(given);
    });
  };

  /** Checks the kind of module and binds its memory. Returns the function to call first. */
  const begin = (
    method: 'start' | 'initialize',
    instance: WebAssembly.Instance,
  ): (() => void) | undefined => {
    if (isStarted)
      throw new WasiError(
        'WASI_STARTED',
        `${method}: this WASI has run a program; make a new one for each instance`,
      );
    const { entry, memory } = readForeign(method, () => findEntry(method, instance));
    bind(memory);
    isStarted = true;
    return entry;
  };

  const imports = Object.fromEntries(wasiSignatures.map(row => [row.name, enter(row)])) as WasiImports;

  return {
    imports,
    bind,
    start(instance, ...extra: unknown[]) {
      refuseExtra(extra, 'start', refuseOption, IN_CREATE);
      const main = begin('start', instance);
      try {
        main?.();
      } catch (thrown) {
        if (!exited) throw thrown;
      } finally {
        descriptors.closeAll();
      }
      return exited?.exitCode ?? 0;
    },
    initialize(instance, ...extra: unknown[]) {
      refuseExtra(extra, 'initialize', refuseOption, IN_CREATE);
      const initialize = begin('initialize', instance);
      try {
        initialize?.();
        // A program can catch its exit and return.
        if (exited) throw exited;
      } catch (thrown) {
        descriptors.closeAll();
        throw exited ?? thrown;
      }
    },
    getImportObject(module, ...extra: unknown[]) {
      refuseExtra(extra, 'getImportObject', refuseOption, IN_CREATE);
      if (module) readForeign('getImportObject', () => refuseOtherVersions(module));
      return { [WASI_MODULE]: imports as unknown as WebAssembly.ModuleImports };
    },
    close(...extra: unknown[]) {
      refuseExtra(extra, 'close', refuseOption);
      descriptors.closeAll();
    },
    reset: () => descriptors.reset(firstDescriptors()),
    keep: () => descriptors.keep(),
  };
}

/** Returns the memory and the export to call first, `_start` or `_initialize`. A reactor need not have one. */
function findEntry(
  method: 'start' | 'initialize',
  instance: WebAssembly.Instance,
): { entry: (() => void) | undefined; memory: unknown } {
  const exports = (instance as Partial<WebAssembly.Instance> | undefined)?.exports;
  if (typeof exports !== 'object' || exports === null)
    throw new WasiError(
      'WASI_INVALID_INSTANCE',
      `${expected('a WebAssembly.Instance', instance, method)}; the result of instantiating bytes has it as .instance`,
    );
  const find = (name: string) => {
    const found = exports[name];
    return typeof found === 'function' ? (found as () => void) : undefined;
  };
  const [main, initialize] = [find('_start'), find('_initialize')];
  if (method === 'start' && !main) {
    const got = initialize ? 'a reactor, which exports _initialize' : 'a module without _start';
    throw new WasiError(
      'WASI_NO_START',
      `start: expected a command module, which exports the function _start, got ${got}; use initialize, then call its exports`,
    );
  }
  if (method === 'initialize' && main && !initialize)
    throw new WasiError(
      'WASI_IS_COMMAND',
      'initialize: expected a reactor module, got a command, which exports the function _start; use start',
    );
  return { entry: method === 'start' ? main : initialize, memory: exports.memory };
}

/** Numbers the mounts, so that programs never mistake files of two file systems for one file. Mount 0 is stdio. */
function preopenDescriptors(preopens: Readonly<Record<string, Preopen>>): DirectoryDescriptor[] {
  return Object.entries(preopens).map(([path, preopen], index) => {
    const { fs, readOnly } = 'fs' in preopen ? preopen : { fs: preopen, readOnly: false };
    if (path === '' || path.includes('\0'))
      throw new WasiError(
        'WASI_INVALID_PREOPEN',
        `preopens[${JSON.stringify(path)}]: expected a path that is not empty and has no NUL`,
      );
    return preopenDescriptor((readOnly ? readOnlyFs(fs) : fs).root, index + 1, path);
  });
}

const toErrno = (result: Result<void>): number => (result instanceof Failure ? result.errno : Errno.ESUCCESS);

/** Converts an argument to unsigned: wasm passes a u32 to JavaScript as a signed number, and a u64 as a signed bigint. */
const unsigned = (value: number | bigint): number | bigint =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0;
