import type { SeenParam } from '../../wasi/seen.ts';
import { jspi } from '../engine/jspi.ts';
import type { ImportCall, ImportListener } from '../host/listener.ts';
import { isThenable } from '../values/thenable.ts';

/** A function of the host, before it becomes an import. */
export interface HostImport {
  fn: (...args: never[]) => unknown;
  /** Whether it may return a promise, for which the plugin is suspended. */
  waits: boolean;
  /** Reads the parameters that point into the module's own memory, before the call, or with its result after it. */
  see?: ((args: readonly unknown[], result?: unknown) => SeenParam[]) | undefined;
}

/**
 * Makes the import for a function of the host. Kernel, WASI and host functions of every mode pass here and nowhere else, so
 * that a listener gets every call. Without a listener, the module gets the function itself.
 * RATIONALE: where-does-a-listener-of-imports-sit
 */
export function toImport(
  { fn, waits, see }: HostImport,
  site: Omit<ImportCall, 'args'>,
  listener: ImportListener | undefined,
): WebAssembly.ImportValue {
  const own = listener ? listenedTo(fn, waits, site, listener, see) : fn;
  return waits ? new jspi!.Suspending(own as (...args: never[]) => Promise<unknown>) : own;
}

function listenedTo(
  fn: (...args: never[]) => unknown,
  waits: boolean,
  site: Omit<ImportCall, 'args'>,
  listener: ImportListener,
  see: HostImport['see'],
): (...args: never[]) => unknown {
  return (...args) => {
    const done = listener({ ...site, args, ...(see && { seen: see(args) }) });
    const returned = (result: unknown) => {
      // The host returns `false` for "no result": see `toWasm` in host/function.ts.
      const shown = result === false ? undefined : result;
      done?.({ result: shown, ...(see && { seen: see(args, result) }) });
      return result;
    };
    const threw = (error: unknown): never => {
      done?.({ error });
      throw error;
    };
    let result: unknown;
    try {
      result = fn(...args);
    } catch (error) {
      return threw(error);
    }
    return waits && isThenable(result) ? result.then(returned, threw) : returned(result);
  };
}
