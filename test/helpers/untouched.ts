import { MAX_TEXT_BYTES } from '../../abi/index.ts';

/** A longer text than any engine is asked for. */
export const TOO_LONG: number = MAX_TEXT_BYTES + 1;

/** Zeros that nobody has touched: a wasm memory reserves addresses, and takes no room until something is written. */
export const untouched = (bytes: number): Uint8Array<ArrayBuffer> => {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
  return new Uint8Array(buffer as ArrayBuffer, 0, bytes);
};
