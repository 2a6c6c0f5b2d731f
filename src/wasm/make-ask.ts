import { encodeModule, exportItem, functionType, importItem } from '../../abi/encode.ts';
import { lazily } from '../../abi/lazily.ts';
import { type Ask, METER_EXPORTS } from './ask.ts';

/** Exports the function that it imports. Wraps a JavaScript function, because wasm tables hold only functions of wasm. */
const asWasm = lazily(() =>
  encodeModule({
    type: [functionType([], ['i32'])],
    import: [importItem('', 'f', 'function', [0])],
    export: [exportItem('f', 'function', 0)],
  }),
);

/** Makes the function for `arm`: a metered plugin is stopped once `mustStop` returns true. */
export function makeAsk(mustStop: () => boolean): Ask {
  const imports = { '': { f: () => Number(mustStop()) } };
  return new WebAssembly.Instance(new WebAssembly.Module(asWasm()), imports).exports.f!;
}

/** Connects a metered instance to `ask`, and then runs the function of its start section. */
export function arm({ exports }: WebAssembly.Instance, ask: Ask): void {
  (exports[METER_EXPORTS.ask] as WebAssembly.Table).set(0, ask);
  (exports[METER_EXPORTS.start] as (() => void) | undefined)?.();
}
