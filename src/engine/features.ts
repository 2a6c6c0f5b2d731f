import { body, encodeModule, functionType, limits, WASM_HEADER } from '../../abi/encode.ts';
import { lazily } from '../../abi/lazily.ts';
import { isTooLargeAtOnce } from './error-texts.ts';

/** Builds a module with one function () -> () and this body. */
const functionOf = (...listing: string[]) =>
  encodeModule({ type: [functionType([], [])], function: [[0]], code: [body(listing)] });

/** The smallest module that uses a feature, by the feature's name in the custom section `target_features`. */
const samples = lazily(
  (): Readonly<Record<string, Uint8Array<ArrayBuffer>>> => ({
    simd128: functionOf('unreachable', 'v128.not', 'drop'),
    'relaxed-simd': functionOf('unreachable', 'i8x16.relaxed_swizzle', 'drop'),
    'tail-call': functionOf('return_call 0'),
    // One tag, with attribute 0 and type 0.
    'exception-handling': encodeModule({ type: [functionType([], [])], tag: [[0, 0]] }),
    multimemory: encodeModule({ memory: [limits({ min: 0 }), limits({ min: 0 })] }),
    memory64: encodeModule({ memory: [limits({ min: 0, is64: true })] }),
    // A structure without fields.
    gc: encodeModule({ type: [[0x5f, 0]] }),
  }),
);

/** Returns the features that this engine does not have. Only the features in `samples` can be missing: engines have the rest. */
export const missingFeatures = (features: Iterable<string>): string[] =>
  [...new Set(features)].filter(
    name => Object.hasOwn(samples(), name) && !WebAssembly.validate(samples()[name]!),
  );

/** Whether this engine compiles bytes at all. Some runtimes take compiled modules only. */
export function compilesBytes(): boolean {
  try {
    new WebAssembly.Module(Uint8Array.from(WASM_HEADER));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether this thread makes instances of the module in its own time only, by `WebAssembly.instantiate`. On the thread of a page,
 * Chromium refuses others of a module over 8 MiB. Runs nothing: the JS API takes no number as imports
 * (https://webassembly.github.io/spec/js-api/#instances).
 */
export function needsTimeForInstance(module: WebAssembly.Module): boolean {
  try {
    new WebAssembly.Instance(module, 0 as never);
    return false;
  } catch (error) {
    return isTooLargeAtOnce(error);
  }
}
