import { wasmBytes } from './wasm-plugin.mjs';

export default { plugins: [wasmBytes], ssr: { noExternal: true } };
