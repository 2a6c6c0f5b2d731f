// `npm run bundle`: the core as a single file for <script type="module">, and the example Workers. Fails over the budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { plugboard } from './dist/src/build/esbuild.js';

// RATIONALE: why-is-the-single-file-57-kb-and-not-30
const BUDGET_BYTES = 57 * 1024;
const file = 'dist/browser/plugboard.min.js';
const options = { bundle: true, format: 'esm', target: 'es2022', platform: 'browser', logLevel: 'warning' };

// The host with abi and wasi: without actors, and without `inspect` and the texts of the error table, rarely wanted in a page.
const left = ['inspect', 'ERROR_CODES'];
const names = Object.keys(await import('./dist/src/web.js')).filter(name => !left.includes(name));
await build({
  ...options,
  stdin: { contents: `export { ${names.join(', ')} } from './dist/src/web.js';`, resolveDir: '.' },
  outfile: file,
  minify: true,
});
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
