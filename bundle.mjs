// `npm run bundle`: the core as a single file for <script type="module">, and the example Workers. Fails over the budget.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { plugboard } from './dist/src/build/esbuild.js';

// RATIONALE: why-is-the-single-file-58-kb-and-not-30
const BUDGET_BYTES = 59 * 1024;
const file = 'dist/browser/plugboard.min.js';
const options = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  logLevel: 'warning',
  tsconfigRaw: {},
};

// The host with abi and wasi: without actors, and without `inspect` and the texts of two tables, rarely wanted in a page.
const left = ['inspect', 'ERROR_CODES', 'LIMITS'];
const names = Object.keys(await import('./dist/src/web.js')).filter(name => !left.includes(name));
const entry = 'entry';
const single = {
  name: 'single',
  resolveId: id => (id === entry ? entry : null),
  load: id =>
    id === entry
      ? `export { ${names.join(', ')} } from '${import.meta.dirname}/dist/src/web.js';`
      : // Without the texts of the option tables that only the printed pages show.
        readFileSync(id, 'utf8').replace(/\b(default|grants|where): '(?:[^'\\]|\\.)*'/g, "$1: ''"),
};
// Made by rollup, which puts code that is loaded at creation among the rest. esbuild wraps it: 4 % more bytes.
const bundle = await rollup({ input: entry, plugins: [single], treeshake: { moduleSideEffects: false } });
const { output } = await bundle.generate({ format: 'es', inlineDynamicImports: true });
const { code } = await transform(output[0].code, { minify: true, format: 'esm', target: options.target });
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, code);
// What it starts as a worker, and looks for beside itself.
await build({
  ...options,
  entryPoints: ['dist/src/platform/worker-web.js'],
  outfile: 'dist/browser/worker-web.js',
  minify: true,
});
// Wasm stays an import: workerd gives it compiled.
await build({
  ...options,
  entryPoints: ['examples/worker/worker.js', 'examples/wasi/worker.js'],
  outdir: 'dist/examples',
  outbase: 'examples',
  external: ['*.wasm'],
});
await build({
  ...options,
  conditions: ['workerd'],
  entryPoints: ['examples/typed/worker.js'],
  outdir: 'dist/examples/typed',
  assetNames: '[name]',
  plugins: [plugboard({ dts: false })],
});

const bytes = readFileSync(file);
const gzipBytes = gzipSync(bytes, { level: 9 }).length;
console.log(`${file}: ${bytes.length} bytes, ${gzipBytes} gzip, budget ${BUDGET_BYTES}`);
if (gzipBytes > BUDGET_BYTES) process.exitCode = 1;
