// Bundles the app with the plugin for esbuild: for browsers, and as CommonJS for Node.
import { build } from 'esbuild';
import { plugboard } from 'plugboard/esbuild';

const common = { bundle: true, logLevel: 'error', plugins: [plugboard()] };
await build({ ...common, entryPoints: ['main.js'], format: 'esm', outfile: 'web/main.js' });
await build({
  ...common,
  entryPoints: ['main-node.js'],
  format: 'cjs',
  platform: 'node',
  outfile: 'node/main.cjs',
});
