import { join } from 'node:path';
import { type Checks, expect, run } from '../package/checks.ts';

/** Ways to start a program that imports the package and requires it too. The tools give it one copy. */
const BUNDLED: readonly [name: string, tool: string, args: readonly string[], bundle: string][] = [
  [
    'esbuild',
    'esbuild',
    ['one-copy.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=one-copy/esbuild.mjs'],
    'one-copy/esbuild.mjs',
  ],
  [
    'webpack',
    'webpack',
    [
      ...['--config', 'node.webpack.mjs', '--entry', './one-copy.mjs'],
      ...['--output-path', 'one-copy', '--output-filename', 'webpack.cjs'],
    ],
    'one-copy/webpack.cjs',
  ],
];

/** Checks programs that mix CommonJS and ES modules. */
export function checkCopies(
  project: string,
  runtimes: Readonly<Record<string, readonly [program: string, ...args: string[]]>>,
  find: (tool: string) => string,
  checks: Checks,
): void {
  const check = (name: string, output: () => string) =>
    checks.check(name, () => {
      const text = output().trim();
      expect(text === 'works', text);
    });
  for (const [name, [program, ...args]] of Object.entries(runtimes)) {
    const start = (file: string) => run(project, program, ...args, file);
    check(`${name}: import and require give one copy`, () => start('one-copy.mjs'));
    check(`${name}: two copies take each other's values and errors`, () => start('two-copies.mjs'));
  }
  for (const [name, tool, args, bundle] of BUNDLED) {
    check(`${name}: import and require give one copy`, () => {
      run(project, find(tool), ...args);
      return run(project, process.execPath, join(project, bundle));
    });
  }
}
