// `npm run bundle`: the core as a single file for <script type="module">, and the example Workers. Fails over the budget.
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

// RATIONALE: why-is-the-single-file-57-kb-and-not-30
const BUDGET_BYTES = 57 * 1024;
const file = 'dist/browser/plugboard.min.js';
const options = { bundle: true, format: 'esm', target: 'es2022', platform: 'browser', logLevel: 'warning' };

/** Leaves out texts of the option tables that only the printed pages show. */
const withoutPageTexts = {
  name: 'without page texts',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/\b(default|grants|where): '(?:[^'\\]|\\.)*'/g, "$1: ''"),
      loader: extname(path).slice(1),
    })),
};

// The host with abi and wasi: without actors, and without `inspect` and the texts of two tables, rarely wanted in a page.
const left = ['inspect', 'ERROR_CODES', 'LIMITS'];
const names = Object.keys(await import('./dist/src/web.js')).filter(name => !left.includes(name));
await build({
  ...options,
  stdin: { contents: `export { ${names.join(', ')} } from './dist/src/web.js';`, resolveDir: '.' },
  outfile: file,
  minify: true,
  plugins: [withoutPageTexts],
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

const bytes = readFileSync(file);
const gzipBytes = gzipSync(bytes, { level: 9 }).length;
console.log(`${file}: ${bytes.length} bytes, ${gzipBytes} gzip, budget ${BUDGET_BYTES}`);
if (gzipBytes > BUDGET_BYTES) process.exitCode = 1;
