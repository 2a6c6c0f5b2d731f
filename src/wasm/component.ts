import { WASM_MAGIC } from '../../abi/encode.ts';

/** Whether the bytes start as a component: behind the magic number come a version of two bytes, and the layer, which is 1. */
export const isComponent = (bytes: Uint8Array): boolean =>
  WASM_MAGIC.every((byte, index) => bytes[index] === byte) && bytes[6] === 1 && bytes[7] === 0;

export const COMPONENT =
  'a component (WASI 0.2 or later), not a core module; build for WASI preview 1, a target named wasip1 or wasi';
