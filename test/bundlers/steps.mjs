// The steps of the programs that table.ts has bundled.
import { createPlugin } from 'plugboard';

/** Exports `spin`, which never returns, and `fine`. */
const plugin = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0],
  ...[7, 15, 2, 4, 0x73, 0x70, 0x69, 0x6e, 0, 0, 4, 0x66, 0x69, 0x6e, 0x65, 0, 1],
  ...[10, 12, 2, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b],
]);

async function attempt(options) {
  try {
    const made = await createPlugin(plugin, options);
    await made.call('fine');
    await made.close();
    return 'works';
  } catch (error) {
    return error.message;
  }
}

/** Prints for each step whether it works. `wasm` gives the bytes of the accessors. */
export async function main(wasm) {
  const report = { plain: await attempt({}), worker: await attempt({ runInWorker: true }) };
  if (wasm) {
    const accessors = new WebAssembly.Module(await wasm());
    report.wasm = await attempt({ kernel: 'accessors', accessors });
  }
  console.log(JSON.stringify(report));
}
