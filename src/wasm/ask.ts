import { METER_EXPORTS } from './meter.ts';

/**
 * `(import "" "f" (func (result i32))) (export "f" (func 0))`. Wraps a JavaScript function, because wasm tables hold only
 * functions of wasm.
 */
const AS_WASM = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[2, 6, 1, 0, 1, 0x66, 0, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
]);

/** A wasm function that returns 1 if the plugin must stop, else 0. */
export type Ask = WebAssembly.ExportValue;

/** Makes the function for `arm`: a metered plugin is stopped once `mustStop` returns true. */
export function makeAsk(mustStop: () => boolean): Ask {
  const imports = { '': { f: () => Number(mustStop()) } };
  return new WebAssembly.Instance(new WebAssembly.Module(AS_WASM), imports).exports.f!;
}

/** Connects a metered instance to `ask`, and then runs the function of its start section. */
export function arm({ exports }: WebAssembly.Instance, ask: Ask): void {
  (exports[METER_EXPORTS.ask] as WebAssembly.Table).set(0, ask);
  (exports[METER_EXPORTS.start] as (() => void) | undefined)?.();
}
