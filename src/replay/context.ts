import type { LogLevel } from '../../abi/index.ts';
import { isError } from '../../wasi/brands.ts';
import { messageOf } from '../errors.ts';
import type { CallContext } from '../host/context.ts';
import { toBytes } from './bytes.ts';
import type { Operation } from './format.ts';
import { isSame, shown } from './values.ts';

/** The methods of a context that change the plugin, and their arguments as they are noted. */
const CHANGES: Partial<Record<string, (args: readonly unknown[]) => unknown[]>> = {
  alloc: ([length]) => [BigInt(length as number)],
  free: ([handle]) => [BigInt(handle as number)],
  store: ([input]) => [toBytes(input)],
  setVariable: ([name, value]) => [name, toBytes(value)],
  deleteVariable: ([name]) => [name],
  setError: ([error]) => [isError(error) ? messageOf(error) || 'Error' : (error ?? null)],
};

type Method = (...args: unknown[]) => unknown;

/** Returns a context that passes everything on, and notes the operations that change the plugin. */
export function recordContext(context: CallContext, note: (operation: Operation) => void): CallContext {
  return new Proxy(context, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const change = typeof key === 'string' && Object.hasOwn(CHANGES, key) ? CHANGES[key] : undefined;
      if (!change) return value.bind(target) as unknown;
      return (...given: unknown[]) => {
        const operation = { call: key as Operation['call'], args: [] as unknown[] };
        try {
          const result = (value as Method).apply(target, given);
          operation.args = change(given);
          note({ ...operation, ...(typeof result === 'bigint' && { handle: result }) });
          return result;
        } catch (error) {
          // Arguments that a method refuses have no form here, and the replay throws without them.
          note({ ...operation, thrown: messageOf(error) });
          throw error;
        }
      };
    },
    set: (target, key, value) => {
      if (key === 'logLevel') note({ call: 'logLevel', args: [value] });
      return Reflect.set(target, key, value, target);
    },
  });
}

/** Repeats the operations of a host function. @param handles handles of the recording → those of now */
export function repeatOperations(
  context: CallContext,
  operations: readonly Operation[],
  handles: Map<bigint, bigint>,
  isSameBuild: boolean,
  diverge: (recorded: string, now: string) => never,
): void {
  for (const { call, args, handle, thrown } of operations) {
    if (thrown !== undefined) continue;
    if (call === 'logLevel') {
      context.logLevel = args[0] as LogLevel;
      continue;
    }
    const own = args.map(arg => (call === 'free' ? (handles.get(arg as bigint) ?? arg) : shown(arg)));
    const now = (context as unknown as Record<string, Method>)[call]!(...own);
    if (handle === undefined) continue;
    if (isSameBuild && !isSame(handle, now))
      diverge(`${call} with handle ${handle}`, `handle ${String(now)}`);
    handles.set(handle, now as bigint);
  }
}
