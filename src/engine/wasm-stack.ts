import { isError } from '../../abi/brands.ts';

const MAX_FRAMES = 16;
/**
 * Engines write the name of a function in full into each line of a stack. A module whose names take more bytes could make a
 * stack longer than the longest string: then V8 throws, and Deno ends the process.
 */
const MAX_NAME_BYTES = 8 * 1024 * 1024;

/** Returns the stack of an error thrown by one of these modules; undefined if it cannot be read. */
export function stackOf(thrown: unknown, modules: Iterable<WebAssembly.Module>): string | undefined {
  try {
    if (!isError(thrown)) return undefined;
    for (const module of modules) {
      const names = WebAssembly.Module.customSections(module, 'name');
      if (names.some(({ byteLength }) => byteLength > MAX_NAME_BYTES)) return undefined;
    }
    const { stack } = thrown;
    // A program may have replaced the function that writes stacks.
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the names of the wasm functions in a stack, the innermost first. A function without a name has its index, such as
 * `wasm-function[3]`, or `<anonymous>` in Deno, which writes 0 for each index. At most 16; a name may be of any length.
 *
 *      V8            at NAME (wasm://wasm/d3a1:wasm-function[3]:0xd8)    at https://host/a.wasm:wasm-function[3]:0xd8
 *      SpiderMonkey  NAME@https://host/a.js line 3 > WebAssembly.Module:wasm-function[3]:0xd8
 *      JSC           <?>.wasm-function[NAME]@[wasm code]
 */
export function wasmFunctionsIn(stack: string): string[] {
  const names: string[] = [];
  for (const line of stack.split('\n')) {
    const name = nameIn(line);
    if (name) names.push(name);
    if (names.length === MAX_FRAMES) break;
  }
  return names;
}

/** Works on the ends of the line only: its middle is a name of any length. */
function nameIn(line: string): string | undefined {
  const start = line.endsWith(JSC_END) ? line.indexOf(JSC_START) : -1;
  if (start >= 0) {
    const named = line.slice(start + JSC_START.length, -JSC_END.length);
    return /^\d{1,9}$/.test(named) ? `${JSC_START}${named}]` : named;
  }
  const [, index] = /:(wasm-function\[\d+\]):0x[\da-f]+\)?$/.exec(line.slice(-60)) ?? [];
  if (!index) return undefined;
  const [begin, end] = line.endsWith(')') ? [line.indexOf('at ') + 3, ' ('] : [0, '@'];
  return line.slice(begin, Math.max(line.lastIndexOf(end), 0)) || index;
}

const [JSC_START, JSC_END] = ['wasm-function[', ']@[wasm code]'];
