import { MAX_TEXT_BYTES } from '../../abi/index.ts';

/** One byte more than the longest text that the host lets an engine decode. */
export const TOO_LONG: number = MAX_TEXT_BYTES + 1;

/** Zeros in untouched memory: a wasm memory reserves addresses and takes no room before it is written. */
export const untouched = (bytes: number): Uint8Array<ArrayBuffer> => {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
  return new Uint8Array(buffer as ArrayBuffer, 0, bytes);
};
