// The steps of the programs that table.ts has bundled.
import { createPlugin } from 'plugboard';

/** Exports `spin`, which never returns, and `fine`. */
export const bytes = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0],
  ...[7, 15, 2, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 4, 0x66, 0x69, 0x6e, 0x65, 0, 1],
  ...[10, 12, 2, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b],
]);

async function attempt(plugin, options) {
  try {
    const made = await createPlugin(plugin, options);
    await made.call('fine');
    await made.close();
    return 'works';
  } catch (error) {
    return error.message;
  }
}

/** Returns for each step whether it works. `wasm` gives the accessors, compiled or as bytes. */
export async function report(wasm, plugin = bytes) {
  const made = { plain: await attempt(plugin, {}), worker: await attempt(plugin, { runInWorker: true }) };
  if (wasm) {
    const given = await wasm();
    // Not `instanceof`: the edge runtime of Next.js gives modules of another realm.
    const isModule = String(given) === '[object WebAssembly.Module]';
    const accessors = isModule ? given : new WebAssembly.Module(given);
    made.wasm = await attempt(plugin, { kernel: 'accessors', accessors });
  }
  return made;
}

/** Prints the report; a page posts it to its server. */
export async function main(wasm) {
  const text = JSON.stringify(await report(wasm));
  if (globalThis.document) await fetch('/report', { method: 'POST', body: text });
  else console.log(text);
}
