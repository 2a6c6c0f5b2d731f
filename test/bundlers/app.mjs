// Bundled by each tool of table.ts.
import accessors from 'plugboard/abi/accessors.wasm';
import { main } from './steps.mjs';

export const done = main(async () => {
  // Tools give the bytes, or where they are: a URL or a path.
  if (typeof accessors !== 'string') return accessors;
  if (/^(data|https?|file):/.test(accessors)) return (await fetch(accessors)).arrayBuffer();
  return globalThis.process.getBuiltinModule('node:fs').readFileSync(accessors);
});
