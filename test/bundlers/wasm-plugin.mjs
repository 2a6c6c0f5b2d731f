import { readFileSync } from 'node:fs';

/** For rollup and Vite, which have no loader for wasm files as bytes. */
export const wasmBytes = {
  name: 'wasm as bytes',
  enforce: 'pre',
  load: id => (id.endsWith('.wasm') ? `export default new Uint8Array([${readFileSync(id).join()}]);` : null),
};
