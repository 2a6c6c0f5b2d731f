import { AbiError, type AbiErrorCode, type KernelTier, type SharedBacking } from '../../abi/index.ts';
import { PlugboardError } from '../errors.ts';
import { ExitStop } from '../instance.ts';
import type { LinkPlan } from '../link.ts';
import type { Mount } from '../settings.ts';

// What the caller's thread and the worker say to each other. Only one of them works on the kernel memory at a time: whoever
// posts one of these messages has handed it over, and takes it over again with the answer.

/** Everything that the worker has to know, once. */
export interface Setup {
  kind: 'setup';
  /** Its host functions are `remote`. */
  plan: LinkPlan;
  tier: KernelTier;
  isMetered: boolean;
  tracksGrowth: boolean;
  accessors: WebAssembly.Module | null;
  backing: SharedBacking;
  /** For the answers to requests: the worker cannot receive messages while the plugin waits. */
  answers: SharedArrayBuffer;
  maxKernelBytes: number | undefined;
  strict: boolean;
  mounts: readonly Mount[];
}

/** To the worker. Each is answered with `Ended`. */
export type Order =
  | Setup
  /** Make new instances and run their start functions. */
  | { kind: 'start' }
  | { kind: 'call'; name: string }
  /** Let go of the instances. */
  | { kind: 'drop' };

/** To the caller's thread: serve one of its imports, or take something, while the worker waits for the answer. */
export interface Request {
  kind: 'request';
  /** Number of a host function, name of a kernel function, or where `args` go. */
  to: number | string;
  args: unknown[];
}

/** To the caller's thread: an order has been carried out. */
export interface Ended {
  kind: 'ended';
  /** Of an export; as text where it is no number, which no result may be. */
  result: number | string | undefined;
  thrown: PlainError | null;
  /** Why the worker's side ended the call, if it did. */
  reason: PlainError | null;
  /** Pages by which the plugin's memories have grown. */
  growth: readonly number[];
  /** The module that was worked on. */
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

/** The structured clone of an error would lose its class, its code, or refuse it. */
export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    const message = String(error);
    return { name: 'Error', message, stack: undefined, code: undefined, exitCode: undefined };
  }
  const { name, message, stack } = error;
  return {
    name: error instanceof ExitStop ? 'ExitStop' : name,
    message,
    stack,
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    exitCode: error instanceof ExitStop ? error.exitCode : undefined,
  };
}

const CLASSES: Record<string, (plain: PlainError) => Error> = {
  ExitStop: ({ exitCode }) => new ExitStop(exitCode!),
  AbiError: ({ code, message }) => new AbiError(code as AbiErrorCode, message),
  PlugboardError: ({ code, message }) => new PlugboardError(code!, message),
  RuntimeError: ({ message }) => new WebAssembly.RuntimeError(message),
  LinkError: ({ message }) => new WebAssembly.LinkError(message),
  RangeError: ({ message }) => new RangeError(message),
  TypeError: ({ message }) => new TypeError(message),
};

export function fromPlain(plain: PlainError): Error {
  const error = Object.hasOwn(CLASSES, plain.name) ? CLASSES[plain.name]!(plain) : new Error(plain.message);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}
