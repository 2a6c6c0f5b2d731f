// What the build makes besides tsc's output. Runs after it: `npm run build`. The report of coverage names a folder with
// tsc's output for itself, and gets source maps there.
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { accessorBytes } from './dist/abi/accessors.js';

// For platforms that import wasm but compile none: import it and hand it to createPlugin as `accessors`.
writeFileSync(new URL('dist/abi/accessors.wasm', import.meta.url), accessorBytes());

const [folder] = process.argv.slice(2);
const root = new URL('.', import.meta.url).pathname;

/** Makes one file of a file and all that it imports, in its place. */
const bundleInPlace = (file, options) =>
  build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    absWorkingDir: folder ?? root,
    sourcemap: folder !== undefined,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
    ...options,
  });

// A worker loads these before it does anything, and one file takes a third of the time that forty take.
await bundleInPlace('dist/src/platform/worker-node.js', { platform: 'node' });
await bundleInPlace('dist/src/platform/worker-web.js', { platform: 'browser' });

// The package depends on none: msgpackr goes into the one file that imports it, with its licence.
const licence = readFileSync(new URL('node_modules/msgpackr/LICENSE', import.meta.url), 'utf8').trim();
await bundleInPlace('dist/src/msgpack/msgpackr.js', {
  platform: 'neutral',
  banner: { js: `/*\nmsgpackr\n\n${licence}\n*/` },
});
