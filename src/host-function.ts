import type { Kernel } from '../abi/index.ts';
import type { CallContext } from './call-context.ts';
import { describe, PlugboardError } from './errors.ts';
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

const types = new WeakMap<HostFunction, FunctionType>();

/** Says which wasm type the plugin's import must have; checked when a plugin is created. */
export function declareType(fn: HostFunction, type: FunctionType): HostFunction {
  types.set(fn, type);
  return fn;
}

/** Undefined for a plain function, which serves an import of any type. */
export const typeOfHostFunction = (fn: HostFunction): FunctionType | undefined => types.get(fn);

/** What V8 and JSC call RangeError, and SpiderMonkey InternalError. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /call stack|too much recursion/i.test(error.message);
}

/** Makes the import for a host function: refuses in an ended call, and ends the call when the function fails. */
export function wrapHostFunction(
  label: string,
  fn: HostFunction,
  type: FunctionType | undefined,
  kernel: Kernel,
  context: CallContext,
): (...args: WasmValue[]) => WasmValue | boolean {
  const [resultType] = type?.results ?? [];
  return (...args) => {
    kernel.check();
    let result: unknown;
    let isPromise: boolean;
    try {
      result = (fn as (context: CallContext, ...args: WasmValue[]) => unknown)(context, ...args);
      isPromise = isThenable(result);
    } catch (error) {
      if (isStackOverflow(error)) return kernel.stop(error as Error);
      return kernel.stop(hostFailure(`host function ${label}`, error));
    }
    if (isPromise) {
      // Nobody will wait for it, so nobody else would see it reject.
      Promise.resolve(result).catch(() => {});
      const message = `host function ${label} returned a promise; this plugin runs inline and cannot wait for it`;
      return kernel.stop(new PlugboardError('HOST_FUNCTION_ASYNC', message));
    }
    const value = toWasm(result, resultType);
    if (value === undefined) {
      const message = `host function ${label} returned ${describe(result)} (${typeof result}), expected ${resultType ?? 'a bigint, a number or nothing'}`;
      return kernel.stop(new PlugboardError('HOST_FUNCTION_FAILED', message));
    }
    return value;
  };
}

/** For what a function of the host's user threw, which may be anything. */
export function hostFailure(what: string, error: unknown): PlugboardError {
  const message = `${what} failed: ${error instanceof Error ? error.message : describe(error)}`;
  return new PlugboardError('HOST_FUNCTION_FAILED', message, { cause: error });
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

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
