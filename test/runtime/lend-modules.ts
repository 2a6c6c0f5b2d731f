import { wordsOf } from '../../src/wasm/bytes.ts';

/**
 * Names bytes by their content. Not to be trusted with hostile input: record.ts checks that no two modules of the suites
 * share a name.
 */
export function contentName(source: BufferSource): string {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  let one = 0x811c9dc5;
  let two = bytes.length;
  const add = (part: number) => {
    one = Math.imul(one ^ part, 0x01000193);
    one ^= one >>> 15;
    two = Math.imul(two ^ (two >>> 15) ^ part, 0x85ebca6b);
  };
  const words = wordsOf(bytes);
  for (let index = 0; index < words.length; index++) add(words[index]!);
  for (const byte of bytes.subarray(words.length * 4)) add(byte);
  return [one, two].map(part => (part >>> 0).toString(16).padStart(8, '0')).join('');
}

/**
 * Makes compiling bytes ask `find` first. So suites that build a module and compile it also run where bytes cannot be
 * compiled: there `find` returns the same module, imported.
 */
export function lendModules(find: (bytes: BufferSource) => WebAssembly.Module | undefined): void {
  const { compile } = WebAssembly;
  WebAssembly.compile = async bytes => find(bytes) ?? compile.call(WebAssembly, bytes);
  // A proxy, so that `instanceof WebAssembly.Module` and the static functions stay as they are.
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct: (target, args: [BufferSource]) => find(args[0]) ?? new target(...args),
  });
}
