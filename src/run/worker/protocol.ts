import { ABI_ERROR_CODES, AbiError, type SharedBacking } from '../../../abi/index.ts';
import { isError } from '../../../wasi/brands.ts';
import { isCallErrorCode } from '../../call-error.ts';
import { stackOf } from '../../engine/wasm-stack.ts';
import { isCreateErrorCode, messageOf, PlugboardError } from '../../errors.ts';
import type { Settings } from '../../given/settings.ts';
import type { ImportOutcome } from '../../host/listener.ts';
import type { OutsideEntry, RecordedFolder } from '../../host/outside.ts';
import type { Execution } from '../../link/execution.ts';
import { ExitStop } from '../../link/instance.ts';

// Messages between the caller's thread and the worker. Only one thread works on the kernel memory at a time. The thread that
// posts one of these messages hands the memory over before, and takes it over again when the answer arrives.

/** First message to a worker: all data that it needs. Host functions in the plan have the provider kind `remote`. */
export interface Setup
  extends Pick<Execution, 'plan' | 'limits' | 'tier'>,
    Pick<Settings, 'maxKernelBytes' | 'kernelLimitedBy' | 'strict' | 'mounts'> {
  kind: 'setup';
  accessors: WebAssembly.Module | null;
  backing: SharedBacking;
  /** Memory for answers to requests. Not a message, because the worker cannot receive messages while the plugin waits. */
  answers: SharedArrayBuffer;
  /** Whether there is an import listener, on the caller's thread. */
  listens: boolean;
  /** Whether the caller's thread records the answers of clock, random bytes and files. */
  records: boolean;
  /** The folders of a recording that answers for clock, random bytes and files; null without one. */
  replayed: readonly RecordedFolder[] | null;
}

/** The recorded answers of a call: `ReplayedOutside.answers`. */
export type Answers = readonly (OutsideEntry | null)[];

/** Message to the worker. After each order the worker posts `Finished`. */
export type Order =
  | Setup
  /** Makes new instances and runs their start functions. */
  | { kind: 'start'; answers: Answers }
  | { kind: 'call'; name: string; answers: Answers }
  /** Drops the instances and closes their files. */
  | { kind: 'drop' }
  /** After `drop`: collects the memories that are no longer used. The worker posts `Collected`. */
  | { kind: 'collect' };

/** Message to the caller's thread: the worker has made room, or could make none. */
export interface Collected {
  kind: 'collected';
}

/** Message to the caller's thread: call a function there, or take output or a diagnostic. The worker waits for the answer. */
export interface Request {
  kind: 'request';
  /**
   * Number of a host function, name of a kernel function, or the receiver of `args`: stdout, stderr, diagnostic, outside, and for
   * the listener import and outcome.
   */
  to: number | string;
  args: unknown[];
}

/** Message to the caller's thread: an order has been carried out. */
export interface Finished {
  kind: 'finished';
  /** Result of the export. A result other than a number or undefined is invalid, and sent as text for the error message. */
  result: number | string | undefined;
  thrown: PlainError | null;
  /** The reason, if the worker stopped the call. */
  reason: PlainError | null;
  /** Pages of the plugin's memories. */
  pages: number;
  /** Pages by which each of the plugin's memories has grown. */
  growth: readonly number[];
  /** Units of fuel that the order has used. */
  fuelUsed: number;
  /** Name of the module that was instantiated or started last. */
  module: string;
  /** The functions that the main module exports, with their numbers of parameters. */
  exports: ReadonlyMap<string, number>;
}

export interface PlainError {
  name: string;
  message: string;
  stack: string | undefined;
  code: string | undefined;
  exitCode: number | undefined;
}

/** The outcome of an import, as the worker reports it to the listener. */
export type PlainOutcome = Exclude<ImportOutcome, { error: unknown }> | { error: PlainError };

/**
 * Copies an error into a plain object. The structured clone would lose its class and code, or fail.
 * @param modules those whose functions may be in its stack
 */
export function toPlain(error: unknown, modules: readonly WebAssembly.Module[] = []): PlainError {
  if (!isError(error)) {
    return {
      name: 'Error',
      message: messageOf(error),
      stack: undefined,
      code: undefined,
      exitCode: undefined,
    };
  }
  const { name, message } = error;
  return {
    name: error instanceof ExitStop ? 'ExitStop' : name,
    message,
    stack: stackOf(error, modules),
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    exitCode: error instanceof ExitStop ? error.exitCode : undefined,
  };
}

/** Makes an error of the class again; undefined for a code that the class does not have. */
const CLASSES: Record<string, (plain: PlainError) => Error | undefined> = {
  ExitStop: ({ exitCode }) => new ExitStop(exitCode!),
  AbiError: ({ code, message }) => {
    const known = ABI_ERROR_CODES.find(name => name === code);
    return known && new AbiError(known, message);
  },
  PlugboardError: ({ code, message }) =>
    isCallErrorCode(code) || isCreateErrorCode(code) ? new PlugboardError(code, message) : undefined,
  // `hostFolder` throws it when a folder cannot be opened in the worker.
  WasiError: ({ message }) => new PlugboardError('FOLDER_UNAVAILABLE', message),
  RuntimeError: ({ message }) => new WebAssembly.RuntimeError(message),
  LinkError: ({ message }) => new WebAssembly.LinkError(message),
  RangeError: ({ message }) => new RangeError(message),
  TypeError: ({ message }) => new TypeError(message),
};
export function fromPlain(plain: PlainError): Error {
  const make = Object.hasOwn(CLASSES, plain.name) ? CLASSES[plain.name] : undefined;
  const error = make?.(plain) ?? new Error(plain.message);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}
