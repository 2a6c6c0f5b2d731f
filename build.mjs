// What the build makes besides tsc's output. Runs after it: `npm run build`.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { accessorBytes } from './dist/abi/accessors.js';

// For platforms that import wasm but compile none: import it and hand it to createPlugin as `accessors`.
writeFileSync(new URL('dist/abi/accessors.wasm', import.meta.url), accessorBytes());

// The package depends on none: msgpackr goes into the one file that imports it, with its licence.
const licence = readFileSync(new URL('node_modules/msgpackr/LICENSE', import.meta.url), 'utf8').trim();
await build({
  entryPoints: ['dist/src/msgpack/msgpackr.js'],
  outfile: 'dist/src/msgpack/msgpackr.js',
  allowOverwrite: true,
  absWorkingDir: new URL('.', import.meta.url).pathname,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  banner: { js: `/*\nmsgpackr\n\n${licence}\n*/` },
  logLevel: 'warning',
});
