import { argsFunctions } from './args.ts';
import { clockFunctions } from './clock.ts';
import { Errno } from './constants.ts';
import { DescriptorTable, inputDescriptor, outputDescriptor } from './descriptors.ts';
import { environFunctions } from './environ.ts';
import { WasiError, WasiExit } from './errors.ts';
import { fdFunctions } from './fd.ts';
import type { Clock, Random, Sink, Source } from './host.ts';
import { GuestMemory } from './memory.ts';
import { pollFunctions } from './poll.ts';
import { processFunctions } from './process.ts';
import { randomFunctions } from './random.ts';
import {
  type Functions,
  type ImplementedName,
  isPointer,
  type WasiFunction,
  type WasiFunctionName,
  wasiFunctions,
} from './spec.ts';

export type WasiDiagnosticCode =
  /** The embedder's clock, random, source or sink threw; the program got EIO. */
  | 'WASI_HOST_ERROR'
  /** A wait on a thread that may not block; the program got ENOTSUP. */
  | 'WASI_WOULD_BLOCK'
  /** A call with pointers before `bind`; the program got EFAULT. */
  | 'WASI_MEMORY_UNBOUND'
  /** A function of the ENOSYS rows was called. */
  | 'WASI_NOT_IMPLEMENTED';

export interface WasiDiagnostic {
  readonly code: WasiDiagnosticCode;
  readonly message: string;
  readonly function: WasiFunctionName;
  /** For `WASI_HOST_ERROR`: what was thrown. */
  readonly cause?: unknown;
}

export interface WasiOptions {
  /** The program's own name first, as C programs expect. Default none. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: at its end. */
  readonly stdin?: Source | undefined;
  /** Default: written to nowhere. */
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
  /** Called at the entry of every function and after a sleep; throws to refuse. What it throws reaches the caller as it is. */
  readonly checkpoint?: (() => void) | undefined;
  /** Called by `proc_exit` with the u32 code; must throw, and that too is left as it is. Default: throws `WasiExit`. */
  readonly onExit?: ((code: number) => never) | undefined;
  /** Tolerated mistakes and refusals, as data. What it throws is left as it is. */
  readonly onDiagnostic?: ((diagnostic: WasiDiagnostic) => void) | undefined;
}

export type WasiImport = (...args: (number | bigint)[]) => number;
export type WasiImports = Readonly<Record<WasiFunctionName, WasiImport>>;

export interface Wasi {
  /** The module `wasi_snapshot_preview1` of the import object: i32 as number, i64 as bigint, answers the errno. */
  readonly imports: WasiImports;
  /** Gives the instance's memory. Until then a function with pointers answers EFAULT and a diagnostic. */
  bind(memory: WebAssembly.Memory): void;
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

/** WASI preview 1 for one instance. Throws `WasiError` for arguments and variables that no program could read back. */
export function createWasi(options: WasiOptions): Wasi {
  const { args = [], env = {}, clock, random, stdin, stdout, stderr } = options;
  const checkpoint = letThrough(() => options.checkpoint?.());
  const diagnose = letThrough((diagnostic: WasiDiagnostic) => options.onDiagnostic?.(diagnostic));
  const exit = letThrough((code: number): never => {
    options.onExit?.(code);
    throw new WasiExit(code);
  });

  const memory = new GuestMemory();
  const descriptors = new DescriptorTable([
    inputDescriptor(stdin),
    outputDescriptor(stdout),
    outputDescriptor(stderr),
  ]);
  const functions: Functions<ImplementedName> = {
    ...argsFunctions(memory, args),
    ...environFunctions(memory, env),
    ...clockFunctions(memory, clock),
    ...randomFunctions(memory, random),
    ...processFunctions(exit),
    ...fdFunctions(memory, descriptors),
    ...pollFunctions({
      memory,
      descriptors,
      clock,
      checkpoint,
      wouldBlock: message => diagnose({ code: 'WASI_WOULD_BLOCK', message, function: 'poll_oneoff' }),
    }),
  };

  const enter = (row: WasiFunction): WasiImport => {
    const { name } = row;
    const implementation = (functions as Partial<Record<WasiFunctionName, unknown>>)[name] as
      | WasiImport
      | undefined;
    const hasPointers = row.params.some(isPointer);
    return (...values) => {
      try {
        checkpoint();
        if (!implementation) {
          diagnose({ code: 'WASI_NOT_IMPLEMENTED', message: `${name}: answered ENOSYS`, function: name });
          return Errno.ENOSYS;
        }
        if (hasPointers && !memory.bound) {
          const message = `${name}: no memory yet, answered EFAULT; call bind(memory) before the program runs`;
          diagnose({ code: 'WASI_MEMORY_UNBOUND', message, function: name });
          return Errno.EFAULT;
        }
        return implementation(...values.map(unsigned));
      } catch (thrown) {
        if (thrown instanceof LetThrough) throw thrown.thrown;
        const message = `${name}: the host threw ${String(thrown)}; answered EIO`;
        options.onDiagnostic?.({ code: 'WASI_HOST_ERROR', message, function: name, cause: thrown });
        return Errno.EIO;
      }
    };
  };

  return {
    imports: Object.fromEntries(wasiFunctions.map(row => [row.name, enter(row)])) as WasiImports,
    bind(given) {
      // What is bound is often `instance.exports.memory`, which a module need not have.
      if (typeof given?.buffer?.byteLength !== 'number')
        throw new WasiError(
          'WASI_INVALID_MEMORY',
          `bind: expected a WebAssembly.Memory, got ${String(given)}`,
        );
      memory.bind(given);
    },
  };
}

/** wasm has no signs: an u32 arrives in JavaScript as a signed number, an u64 as a signed bigint. */
const unsigned = (value: number | bigint): number | bigint =>
  typeof value === 'bigint' ? BigInt.asUintN(64, value) : value >>> 0;
