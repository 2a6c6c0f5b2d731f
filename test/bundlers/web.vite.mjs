import { wasmBytes } from './wasm-plugin.mjs';

export default {
  base: './',
  plugins: [wasmBytes],
  worker: { format: 'es' },
  build: {
    modulePreload: false,
    rollupOptions: { input: 'app.mjs', output: { entryFileNames: 'app.js', format: 'es' } },
  },
};
