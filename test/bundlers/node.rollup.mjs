import { nodeResolve } from '@rollup/plugin-node-resolve';
import { wasmBytes } from './wasm-plugin.mjs';

export default { plugins: [nodeResolve({ exportConditions: ['node'] }), wasmBytes] };
