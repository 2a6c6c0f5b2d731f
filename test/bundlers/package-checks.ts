import { join } from 'node:path';
import { type Checks, expect, run } from '../package/checks.ts';

/** Messages of publint that stay, with the reason. */
const KEPT = [
  // The `*` is a query, `?module`, which Next.js needs behind the name of the file.
  'accessors.wasm*',
  // Parcel reads this field alone.
  'pkg.browser with an object value',
];

/** Imports that attw leaves out. Build tools load ES modules, by paths of newer TypeScript only; the examples are wasm without types. */
const WITHOUT_ATTW = [
  'durable-object',
  'worker-loader',
  'types',
  'audit',
  'esbuild',
  'vite',
  'page.html',
  'plugin-page.html',
  'examples/vowels.wasm',
  'examples/kv-store.wasm',
  'examples/counter.wasm',
  'examples/tally.wasm',
];

/** Checks the tarball with tools for publishers. */
export function checkPackage(tarball: string, tools: string, checks: Checks): void {
  const bin = (name: string) => join(tools, 'node_modules/.bin', name);
  checks.check('publint has no complaint', () => {
    const messages = run(tools, bin('publint'), tarball)
      .split('\n')
      .filter(line => /^\d+\. /.test(line));
    const others = messages.filter(line => !KEPT.some(text => line.includes(text)));
    expect(others.length === 0, others.join('\n'));
    expect(messages.length === KEPT.length, `a message is gone, of\n${KEPT.join('\n')}`);
  });
  checks.check(
    'attw finds the types in each way to resolve them',
    () => void run(tools, bin('attw'), tarball, '--exclude-entrypoints', ...WITHOUT_ATTW),
  );
}
