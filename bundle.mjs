// `npm run bundle`: the core for <script type="module">, and the example Workers. Fails over the budget.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { plugboard } from './dist/src/build/esbuild.js';
import { copiesOnce } from './package.mjs';

// RATIONALE: why-is-the-single-file-57-kb-and-not-30
const BUDGET_BYTES = { first: 45 * 1024, all: 87 * 1024 };
const folder = 'dist/browser';
const options = { bundle: true, format: 'esm', target: 'es2022', platform: 'browser', logLevel: 'warning' };

// The host with abi and wasi: without actors, and without `inspect` and the texts of two tables, rarely wanted in a page.
const left = ['inspect', 'ERROR_CODES', 'LIMITS'];
const names = Object.keys(await import('./dist/src/web.js')).filter(name => !left.includes(name));
/** Leaves out the texts of the option tables, and of the parameters of WASI, that only the printed pages show. */
const withoutTexts = (id, code) =>
  id.endsWith('/wasi/spec/signatures.js')
    ? code.replace(/('i(?:32|64)',\s+')(pointer)?[^'\n]*'/g, "$1$2'")
    : code.replace(
        /\b(default|grants|where): (?:'(?:[^'\\]|\\.)*'|[A-Z_]+(?= ?[,}])|withCommas\([\w.]+\))/g,
        "$1: ''",
      );
const entry = {
  name: 'the entry',
  resolveId: id => (id === 'plugboard.min' ? id : null),
  load: id =>
    id === 'plugboard.min'
      ? `export { ${names.join(', ')} } from '${process.cwd()}/dist/src/web.js';`
      : withoutTexts(id, readFileSync(id, 'utf8')),
};
const minified = {
  name: 'minified',
  renderChunk: code => transform(code, { format: 'esm', target: 'es2022', minify: true }),
};
const bundle = await rollup({
  input: 'plugboard.min',
  plugins: [copiesOnce, entry],
  // With the default, rollup keeps the parts of tables that nobody reads, because `try` stands somewhere near.
  treeshake: { moduleSideEffects: false, tryCatchDeoptimization: false },
  preserveEntrySignatures: 'allow-extension',
});
const { output } = await bundle.write({
  dir: folder,
  entryFileNames: 'plugboard.min.js',
  chunkFileNames: '[name].min.js',
  plugins: [minified],
});
// What it starts as a worker, and looks for beside itself.
await build({
  ...options,
  entryPoints: ['dist/src/platform/worker-web.js'],
  outfile: `${folder}/worker-web.js`,
  minify: true,
});
// Wasm stays an import: workerd gives it compiled.
await build({
  ...options,
  entryPoints: ['examples/worker/worker.js', 'examples/wasi/worker.js', 'examples/durable-object/worker.js'],
  outdir: 'dist/examples',
  outbase: 'examples',
  external: ['*.wasm', 'cloudflare:*'],
});
await build({
  ...options,
  conditions: ['workerd'],
  entryPoints: ['examples/typed/worker.js'],
  outdir: 'dist/examples/typed',
  assetNames: '[name]',
  plugins: [plugboard({ dts: false })],
});

// A page loads the first file. The others come with the first plugin that needs them: 9 KB of them only with `policy` or
// `limits`, and 7 KB for limits of time, memory and fuel that change its code.
const sizes = output.map(({ fileName, code }) => [fileName, gzipSync(code, { level: 9 }).length]);
for (const [fileName, bytes] of sizes) console.log(`${folder}/${fileName}: ${bytes} bytes gzip`);
const [first] = sizes.filter(([fileName]) => fileName === 'plugboard.min.js').map(([, bytes]) => bytes);
const all = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
console.log(`first ${first} of ${BUDGET_BYTES.first}, all ${all} of ${BUDGET_BYTES.all}`);
if (first > BUDGET_BYTES.first || all > BUDGET_BYTES.all) process.exitCode = 1;
