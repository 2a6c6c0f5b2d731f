import { PlugboardError } from '../errors.ts';
import type { FunctionType } from '../wasm/reader.ts';
import { trampoline } from '../wasm/trampoline.ts';

/** A placeholder for a function that does not exist yet. Modules that import from each other need it. */
export interface Forward {
  fn: WebAssembly.ExportValue;
  connect(target: (...args: unknown[]) => unknown): void;
}

/**
 * Makes a placeholder. It is a wasm function where the type is known and the platform compiles bytes, because a suspended
 * call cannot cross a JavaScript frame between the modules. A call before `connect` traps, or throws INIT_FAILED.
 */
export function makeForward(label: string, type: FunctionType | undefined): Forward {
  const bytes = type ? trampoline(type) : null;
  const module = bytes && compile(bytes);
  if (!module) return forwardInJavaScript(label);
  const { table, call } = new WebAssembly.Instance(module).exports as {
    table: WebAssembly.Table;
    call: WebAssembly.ExportValue;
  };
  return { fn: call, connect: target => table.set(0, target) };
}

function forwardInJavaScript(label: string): Forward {
  let connected: ((...args: unknown[]) => unknown) | undefined;
  const fn = (...args: unknown[]) => {
    if (connected) return connected(...args);
    throw new PlugboardError(
      'INIT_FAILED',
      `${label} was called before the module that exports it was there`,
    );
  };
  return {
    fn,
    connect: target => {
      connected = target;
    },
  };
}

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}
