import { argsFunctions } from './args.ts';
import { clockFunctions } from './clock.ts';
import { Errno } from './constants.ts';
import {
  DescriptorTable,
  type DirectoryDescriptor,
  inputDescriptor,
  outputDescriptor,
  preopenDescriptor,
} from './descriptors.ts';
import { environFunctions } from './environ.ts';
import { refuseOption, WasiError, WasiExit } from './errors.ts';
import { fdFunctions } from './fd.ts';
import { GuestMemory } from './memory.ts';
import { refuseExtra } from './options.ts';
import { pathFunctions } from './path.ts';
import { pollFunctions } from './poll.ts';
import { processFunctions } from './process.ts';
import { randomFunctions } from './random.ts';
import { readOnlyFs } from './read-only-fs.ts';
import {
  type Awaitable,
  type Functions,
  isPointer,
  type WasiFunctionName,
  type WasiSignature,
  wasiSignatures,
} from './signatures.ts';
import { socketFunctions } from './socket.ts';
import { type Preopen, readWasiOptions, type WasiDiagnostic, type WasiOptions } from './wasi-options.ts';
import { webClock, webRandom } from './web.ts';

export type WasiImport<Answer = number> = (...args: (number | bigint)[]) => Answer;
/** `poll_oneoff` answers a promise where the clock's `sleepNs` does. */
export type WasiImports = {
  readonly [N in WasiFunctionName]: WasiImport<ReturnType<Functions[N]>>;
};

export interface Wasi {
  /** The module `wasi_snapshot_preview1` of the import object: i32 as number, i64 as bigint, answers the errno. */
  readonly imports: WasiImports;
  /** Gives the instance's memory. Until then a function with pointers answers EFAULT and a diagnostic. */
  bind(memory: WebAssembly.Memory): void;
  /**
   * Runs a command module: binds its memory, calls `_start` and answers the exit code, 0 if `_start` just returns. A trap
   * is thrown as it is, and so is what `onExit` throws. Closes all descriptors in the end. Once only: WASI_STARTED.
   */
  start(instance: WebAssembly.Instance): number;
  /** Closes all descriptors, as the end of a process would: files of the host stay open else. */
  close(): void;
}

/** Carries what an embedder's callback threw on purpose past the one place that turns exceptions into EIO. */
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

/**
 * WASI preview 1 for one instance. Throws `WasiError` for options that are wrong, and for arguments and variables that no
 * program could read back.
 */
export function createWasi(given: WasiOptions): Wasi;
export function createWasi(given: WasiOptions, ...extra: unknown[]): Wasi {
  refuseExtra(extra, 'createWasi', refuseOption);
  const options = readWasiOptions(given);
  const { args = [], env = {}, stdin, stdout, stderr } = options;
  const { clock = webClock(), random = webRandom() } = options;
  /** Set by `proc_exit`. A program can catch what that throws; it gets no further all the same. */
  let exited: WasiExit | undefined;
  let isStarted = false;
  const checkpoint = options.checkpoint && letThrough(() => options.checkpoint!());
  const diagnose = letThrough((diagnostic: WasiDiagnostic) => options.onDiagnostic?.(diagnostic));
  const exit = letThrough((code: number): never => {
    options.onExit?.(code);
    exited = new WasiExit(code);
    throw exited;
  });
  const memory = new GuestMemory();
  const descriptors = new DescriptorTable([
    inputDescriptor(stdin),
    outputDescriptor(stdout),
    outputDescriptor(stderr),
    ...openFolders(options.preopens ?? {}),
  ]);
  const functions: Functions = {
    ...argsFunctions(memory, args),
    ...environFunctions(memory, env),
    ...clockFunctions(memory, clock),
    ...randomFunctions(memory, random),
    ...processFunctions(exit),
    ...fdFunctions(memory, descriptors, clock),
    ...pathFunctions(memory, descriptors, clock),
    ...socketFunctions(descriptors),
    ...pollFunctions({
      memory,
      descriptors,
      clock,
      checkpoint: checkpoint ?? (() => {}),
      wouldBlock: message => diagnose({ code: 'WASI_WOULD_BLOCK', message, function: 'poll_oneoff' }),
    }),
  };

  const enter = (row: WasiSignature): WasiImport<Awaitable> => {
    const { name } = row;
    const implementation = functions[name] as WasiImport<Awaitable>;
    const hasPointers = row.params.some(isPointer);
    const failed = (thrown: unknown): number => {
      if (thrown instanceof LetThrough) throw thrown.thrown;
      const message = `${name}: the host threw ${String(thrown)}; answered EIO`;
      options.onDiagnostic?.({ code: 'WASI_HOST_ERROR', message, function: name, cause: thrown });
      return Errno.EIO;
    };
    return (...values) => {
      try {
        checkpoint?.();
        if (exited) throw new LetThrough(exited);
        if (hasPointers && !memory.bound) {
          const message = `${name}: no memory yet, answered EFAULT; call bind(memory) before the program runs`;
          diagnose({ code: 'WASI_MEMORY_UNBOUND', message, function: name });
          return Errno.EFAULT;
        }
        // In place: the array is this call's own.
        for (let index = 0; index < values.length; index++) values[index] = unsigned(values[index]!);
        const errno = implementation(...values);
        return typeof errno === 'number' ? errno : errno.catch(failed);
      } catch (thrown) {
        return failed(thrown);
      }
    };
  };

  const bind = (given: unknown, ...extra: unknown[]): void => {
    refuseExtra(extra, 'bind', refuseOption);
    // What is bound is often `instance.exports.memory`, which a module need not have.
    const { buffer } = (given ?? {}) as Partial<WebAssembly.Memory>;
    if (typeof buffer?.byteLength !== 'number')
      throw new WasiError('WASI_INVALID_MEMORY', `bind: expected a WebAssembly.Memory, got ${String(given)}`);
    memory.bind(given as WebAssembly.Memory);
  };

  return {
    imports: Object.fromEntries(wasiSignatures.map(row => [row.name, enter(row)])) as WasiImports,
    bind,
    start(instance, ...extra: unknown[]) {
      refuseExtra(extra, 'start', refuseOption, 'all options go into createWasi');
      if (isStarted)
        throw new WasiError(
          'WASI_STARTED',
          'start: this WASI has run a program; make a new one for each run',
        );
      const { _start: main, memory: exported } = instance.exports;
      if (typeof main !== 'function')
        throw new WasiError(
          'WASI_NO_START',
          'start: expected a command module, which exports the function _start',
        );
      bind(exported);
      isStarted = true;
      try {
        main();
      } catch (thrown) {
        if (!exited) throw thrown;
      } finally {
        descriptors.closeAll();
      }
      return exited?.exitCode ?? 0;
    },
    close(...extra: unknown[]) {
      refuseExtra(extra, 'close', refuseOption);
      descriptors.closeAll();
    },
  };
}

/** Mounts are numbered, so that files of two file systems are never taken for one. Mount 0 is stdio. */
function openFolders(preopens: Readonly<Record<string, Preopen>>): DirectoryDescriptor[] {
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

/** wasm has no signs: an u32 arrives in JavaScript as a signed number, an u64 as a signed bigint. */
const unsigned = (value: number | bigint): number | bigint =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0;
