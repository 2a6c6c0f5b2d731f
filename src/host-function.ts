import type { Kernel } from '../abi/index.ts';
import type { CallContext } from './call-context.ts';
import { describe, excerpt, isStackOverflow, PlugboardError } from './errors.ts';
import { isThenable } from './thenable.ts';
import type { FunctionType, ValueType } from './wasm/reader.ts';

/** A value as the wasm boundary passes it: i64 as `bigint`, i32, f32 and f64 as `number`. */
export type WasmValue = bigint | number;

/**
 * A function of the host that plugins may import. i64 arguments arrive as `bigint`. The result may be a `bigint`
 * or a `number`, whichever the wasm type is; without a result, the plugin sees 0.
 */
// `never` lets every list of parameters fit; the result is checked when it comes.
export type HostFunction = (context: CallContext, ...args: never[]) => unknown;

/** Namespace → name → function. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

interface Declared {
  type?: FunctionType;
  isAsync?: boolean;
}

const declared = new WeakMap<HostFunction, Declared>();

/** Says which wasm type the plugin's import must have, which is checked at creation, and whether it has to be waited for. */
export function declare(fn: HostFunction, what: Declared): HostFunction {
  declared.set(fn, what);
  return fn;
}

/** Undefined for a plain function, which serves an import of any type. */
export const typeOfHostFunction = (fn: HostFunction): FunctionType | undefined => declared.get(fn)?.type;

/** Only what says so before it is called: the plugin must be made ready to be suspended. */
export const isAsyncFunction = (fn: HostFunction): boolean =>
  declared.get(fn)?.isAsync ?? Object.prototype.toString.call(fn) === '[object AsyncFunction]';

/** What a host function's import needs to know of the call that it is part of. */
export interface HostCall {
  kernel: Kernel;
  /** That of the running call, where it is on this thread from start to end; else null, and `enter` is to be used. */
  readonly inlineContext: CallContext | null;
  /** Calls what is the host's, marked as part of the running call, so that a call from inside it is known for one. */
  enter(run: (context: CallContext) => unknown): unknown;
  /** Waits for a host function, unless the call is ended before, and answers what `settled` or `failed` makes of it. */
  wait<T, R>(work: PromiseLike<T>, settled: (value: T) => R, failed: (error: unknown) => R): Promise<R>;
  /** Waits for work of the host that calls nothing of the user, unless the call is ended before. */
  race<T>(work: PromiseLike<T>): Promise<T>;
}

export type UntypedFunction = (context: CallContext, ...args: WasmValue[]) => unknown;

/** Makes the import for a host function: refuses in an ended call, and ends the call when the function fails. */
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
    // Nobody will wait for it, so nobody else would see it reject.
    Promise.resolve(result).catch(() => {});
    const message =
      `host function ${label} returned a promise, which is not waited for; make it an async function, or say so ` +
      'with hostFunction({ isAsync: true, … })';
    return kernel.stop(new PlugboardError('HOST_FUNCTION_ASYNC', message));
  };
  // The first reason stays, if this is one that was given above.
  const fail = (error: unknown): never => kernel.stop(failure(label, error));
  const untyped = fn as UntypedFunction;
  // Written out by their number, since engines take up to four times as long where they collect arguments or hand them on.
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

/** The same for one that is waited for while the plugin is suspended. */
export function wrapAsyncHostFunction(
  label: string,
  fn: HostFunction,
  type: FunctionType | undefined,
  call: HostCall,
): (...args: WasmValue[]) => Promise<WasmResult> {
  const { kernel } = call;
  const untyped = fn as UntypedFunction;
  const simple = toSimple(type);
  const settled = (result: unknown) => {
    kernel.check();
    return simple(result) ?? toResult(label, result, type, kernel);
  };
  const failed = (error: unknown) => {
    // Whoever ended the call has given the reason already.
    kernel.check();
    return kernel.stop(failure(label, error));
  };
  // Not async functions: each would be one more promise to wait for.
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

const failure = (label: string, error: unknown): Error =>
  isStackOverflow(error) ? (error as Error) : hostFailure(`host function ${label}`, error);

/** For what a function of the host's user threw, which may be anything. */
export function hostFailure(what: string, error: unknown): PlugboardError {
  const message = `${what} failed: ${error instanceof Error ? excerpt(error.message) : describe(error)}`;
  return new PlugboardError('HOST_FUNCTION_FAILED', message, { cause: error });
}

/** Several results are an array. */
type WasmResult = WasmValue | boolean | (WasmValue | boolean)[];

/** What most results need, and allocates nothing: undefined for any other. */
function toSimple(type: FunctionType | undefined): (result: unknown) => WasmValue | boolean | undefined {
  const types = type?.results;
  if (types && types.length > 1) return () => undefined;
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
  if (types ? types.length < 2 : !Array.isArray(result)) return one(result, types?.[0]);
  const several = Array.isArray(result) ? (result as unknown[]) : [];
  if (types && several.length !== types.length) refuse(`an array of ${types.length} results`, result);
  return several.map((value, index) => one(value, types?.[index]));
}

/** The result as the wasm type wants it, or undefined when it cannot be. */
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
  // BigInt.asIntN would cut digits off silently.
  return BigInt(Number(result)) === result ? Number(result) : undefined;
}
