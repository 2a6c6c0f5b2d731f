import type { Kernel } from '../../abi/index.ts';
import { isError } from '../../wasi/brands.ts';
import { isStackOverflow } from '../engine/error-texts.ts';
import { attempt, describe, excerpt, messageOf, PlugboardError } from '../errors.ts';
import { isThenable } from '../values/thenable.ts';
import type { FunctionType, ValueType } from '../wasm/reader.ts';
import type { CallContext } from './context.ts';

/** A value as the wasm boundary passes it: i64 as `bigint`, i32, f32 and f64 as `number`. */
export type WasmValue = bigint | number;

/**
 * A function of the host that plugins may import. i64 arguments arrive as `bigint`. The result may be a `bigint` or a
 * `number`, for every wasm type. Without a result, the plugin sees 0. An import without a result drops any value but a promise;
 * the types of a `WebAssembly.Module` cannot be seen, so it takes nothing or a number.
 */
// `never[]` accepts functions with any parameters. The result is checked after each call.
export type HostFunction = (context: CallContext, ...args: never[]) => unknown;

/** Namespace → name → function. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/**
 * Result of a host function that ends the call with an error if the import has a result: an engine converts the value only
 * then. For modules whose types cannot be seen. Plugins in a worker see 0.
 */
export class UnlessVoid {
  readonly makeError: () => Error;
  constructor(makeError: () => Error) {
    this.makeError = makeError;
  }
}

interface Declared {
  type?: FunctionType;
  isAsync?: boolean;
  /** Numbers of the parameters that a trace never shows. */
  secrets?: readonly number[];
}

const declared = new WeakMap<HostFunction, Declared>();

/** Declares the wasm type that the plugin's import must have, checked at creation, and whether the function is async. */
export function declare(fn: HostFunction, what: Declared): HostFunction {
  declared.set(fn, what);
  return fn;
}

/** Returns the declared wasm type; undefined for a plain function, which serves an import of any type. */
export const typeOfHostFunction = (fn: HostFunction): FunctionType | undefined => declared.get(fn)?.type;

/** Returns all that is declared of a function, for one that wraps it. */
export const declarationOf = (fn: HostFunction): Declared => ({
  ...declared.get(fn),
  isAsync: isAsyncFunction(fn),
});

/** Returns the numbers of the parameters that a trace never shows. */
export const secretsOfHostFunction = (fn: HostFunction): readonly number[] => declared.get(fn)?.secrets ?? [];

/** Whether a function is declared async, or is an `async function`. Decided before the call: a plugin is prepared for it. */
export const isAsyncFunction = (fn: HostFunction): boolean =>
  declared.get(fn)?.isAsync ??
  attempt(() => Object.prototype.toString.call(fn) === '[object AsyncFunction]', false);

/** The running call, as the import of a host function uses it. */
export interface HostCall {
  readonly kernel: Kernel;
  /** Context of the running inline call. Null in the other modes: use `enter` then. */
  readonly inlineContext: CallContext | null;
  /** Runs code of the host, marked as part of the running call, so that `isInside` recognises calls made from it. */
  enter(run: (context: CallContext) => unknown): unknown;
}

/** A running call that can wait for its host functions. */
export interface WaitingHostCall extends HostCall {
  /** Waits for a host function, or until the call is ended. Resolves to the result of `settled` or `failed`. */
  wait<T, R>(work: PromiseLike<T>, settled: (value: T) => R, failed: (error: unknown) => R): Promise<R>;
  /** Waits for work of the host that runs no code of the user, or until the call is ended. */
  race<T>(work: PromiseLike<T>): Promise<T>;
}

export type UntypedFunction = (context: CallContext, ...args: WasmValue[]) => unknown;

/** Makes the import for a host function. It throws if the call has ended, and ends the call if the function fails. */
export function wrapHostFunction(
  label: string,
  fn: HostFunction,
  type: FunctionType | undefined,
  call: HostCall,
): (...args: WasmValue[]) => WasmResult {
  const { kernel } = call;
  const simple = toSimple(type);
  const settle = (result: unknown): WasmResult => {
    const value = simple(result);
    if (value !== undefined) return value;
    if (!isThenable(result)) return toResult(label, result, type, kernel);
    // The promise is not awaited: without this handler, its rejection would be unhandled.
    Promise.resolve(result).catch(() => {});
    const message =
      `host function ${label} returned a promise, which is not waited for; make it an async function, or say so ` +
      'with hostFunction({ isAsync: true, … })';
    return kernel.stop(new PlugboardError('HOST_FUNCTION_ASYNC', message));
  };
  // If the call has been stopped above, the kernel keeps that first reason.
  const fail = (error: unknown): never => kernel.stop(failure(label, error));
  const untyped = fn as UntypedFunction;
  // One function for each number of parameters: rest and spread arguments take up to four times as long.
  switch (type?.params.length) {
    case 0:
      return () => {
        kernel.check();
        try {
          const context = call.inlineContext;
          return settle(context ? untyped(context) : call.enter(untyped));
        } catch (error) {
          return fail(error);
        }
      };
    case 1:
      return first => {
        kernel.check();
        try {
          const context = call.inlineContext;
          return settle(context ? untyped(context, first!) : call.enter(own => untyped(own, first!)));
        } catch (error) {
          return fail(error);
        }
      };
    default:
      return (...args) => {
        kernel.check();
        try {
          const context = call.inlineContext;
          return settle(context ? untyped(context, ...args) : call.enter(own => untyped(own, ...args)));
        } catch (error) {
          return fail(error);
        }
      };
  }
}

/** Like `wrapHostFunction`, for an async function. The plugin is suspended, or its worker waits, until it settles. */
export function wrapAsyncHostFunction(
  label: string,
  fn: HostFunction,
  type: FunctionType | undefined,
  call: WaitingHostCall,
): (...args: WasmValue[]) => Promise<WasmResult> {
  const { kernel } = call;
  const untyped = fn as UntypedFunction;
  const simple = toSimple(type);
  const settled = (result: unknown) => {
    kernel.check();
    return simple(result) ?? toResult(label, result, type, kernel);
  };
  const failed = (error: unknown) => {
    // If the call has been ended, its reason is thrown here instead.
    kernel.check();
    return kernel.stop(failure(label, error));
  };
  // Not an async function, which would add one more promise to wait for.
  return (...args) => {
    kernel.check();
    let work: unknown;
    try {
      work = call.enter(args.length === 0 ? untyped : context => untyped(context, ...args));
    } catch (error) {
      return failed(error);
    }
    return call.wait(Promise.resolve(work), settled, failed);
  };
}

const failure = (label: string, error: unknown): Error => codedFailure(`host function ${label}`, error);

const codedFailure = (what: string, error: unknown): Error =>
  isStackOverflow(error) ? error : hostFailure(what, error);

/** Returns a function of the user whose errors have the code HOST_FUNCTION_FAILED. */
export const coded =
  <Args extends unknown[], Result>(what: string, fn: (...args: Args) => Result) =>
  (...args: Args): Result => {
    try {
      return fn(...args);
    } catch (error) {
      throw codedFailure(what, error);
    }
  };

/** Makes the error for a failed function of the user. It may have thrown any value, not only an Error. */
export function hostFailure(what: string, error: unknown): PlugboardError {
  const message = `${what} failed: ${isError(error) ? excerpt(messageOf(error)) : describe(error)}`;
  return new PlugboardError('HOST_FUNCTION_FAILED', message, { cause: error });
}

/** A result as the wasm boundary takes it. An array for several results. */
type WasmResult = WasmValue | boolean | object;

/** Makes the fast conversion for at most one result, which allocates nothing. It returns undefined for all other cases. */
function toSimple(type: FunctionType | undefined): (result: unknown) => WasmValue | boolean | undefined {
  const types = type?.results;
  if (types && types.length > 1) return () => undefined;
  // An engine drops the value, so programs write `() => map.set(…)`.
  if (types?.length === 0) return result => (isThenable(result) ? undefined : false);
  const first = types?.[0];
  return result => toWasm(result, first);
}

function toResult(
  label: string,
  result: unknown,
  type: FunctionType | undefined,
  kernel: Kernel,
): WasmResult {
  const types = type?.results;
  const refuse = (expected: string, got: unknown): never => {
    const what = Array.isArray(got) ? `an array of ${got.length}` : `${describe(got)} (${typeof got})`;
    const message = `host function ${label} returned ${what}, expected ${expected}`;
    return kernel.stop(new PlugboardError('HOST_FUNCTION_FAILED', message));
  };
  const one = (value: unknown, of: ValueType | undefined) =>
    toWasm(value, of) ?? refuse(of ?? 'a bigint, a number or nothing', value);
  if (result instanceof UnlessVoid && !types) {
    return { [Symbol.toPrimitive]: () => kernel.stop(failure(label, result.makeError())) };
  }
  if (types ? types.length < 2 : !Array.isArray(result)) return one(result, types?.[0]);
  if (types && (result === undefined || result === null)) return types.map(() => false);
  const several = Array.isArray(result) ? (result as unknown[]) : [];
  if (types && several.length !== types.length) refuse(`an array of ${types.length} results`, result);
  return several.map((value, index) => one(value, types?.[index]));
}

/** Converts a result to the wasm type. Returns undefined if that is not possible. */
function toWasm(result: unknown, type: ValueType | undefined): WasmValue | boolean | undefined {
  // `false` is the one value that converts to the zero of every number type.
  if (result === undefined || result === null) return false;
  if (typeof result !== 'bigint' && typeof result !== 'number') return undefined;
  if (type === undefined) return result;
  if (type === 'i64') {
    if (typeof result === 'bigint') return result;
    return Number.isSafeInteger(result) ? BigInt(result) : undefined;
  }
  if (typeof result === 'number') return result;
  // Not BigInt.asIntN, which drops digits without an error.
  return BigInt(Number(result)) === result ? Number(result) : undefined;
}
