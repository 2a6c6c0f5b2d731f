import type { HostFunctions } from '../../src/node.ts';

/** Errors of fixtures that are made with another module, or by another program, only. */
export const NOT_ALONE: readonly string[] = ['UNRESOLVED_IMPORTS', 'INIT_FAILED'];

/** Returns functions in place of all that a fixture imports from its host. */
export function stubsFor(bytes: Uint8Array<ArrayBuffer>): HostFunctions {
  const functions: Record<string, Record<string, () => undefined>> = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(new WebAssembly.Module(bytes))) {
    const isOwn = module === 'extism:host/env' || module === 'wasi_snapshot_preview1';
    if (kind !== 'function' || isOwn) continue;
    functions[module] ??= {};
    functions[module][name] = () => undefined;
  }
  return functions;
}
