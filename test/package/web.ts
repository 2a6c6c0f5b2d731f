import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Checks, expect, run } from './checks.ts';
import { type Command, checkProgram, type Program } from './programs.ts';

interface Metafile {
  inputs: Record<string, unknown>;
  outputs: Record<string, { imports: { path: string }[] }>;
}

/** Bundles each import path for runtimes of the web, and runs the README's programs from such a bundle. */
export function checkBundles(
  root: string,
  folder: string,
  paths: readonly string[],
  programs: readonly Program[],
  checks: Checks,
): void {
  for (const path of paths) {
    checks.check(`esbuild bundles '${path}' for the web`, () => {
      const text = bundle(root, folder, `${path.replaceAll('/', '-')}.mjs`, `export * from '${path}';`);
      expect(/^export \{$/m.test(text), 'the bundle exports nothing');
    });
  }

  const web = programs.filter(({ code }) => !code.includes("'node:"));
  checks.check('the README has a program for the web', () =>
    expect(web.length > 0, 'none without node: modules'),
  );
  const runtime: Command = { name: 'Node, as bundled for the web', command: [process.execPath] };
  for (const program of web) {
    const entry = `web-${program.file}`;
    checks.check(`esbuild bundles the README's ${program.file} for the web`, () => {
      bundle(root, folder, entry, withDataUrls(program.code, folder));
    });
    checkProgram(folder, { ...program, file: `bundled/${entry}` }, runtime, checks);
  }
}

/** Returns the text of the bundle, which must import nothing but optional peers. */
function bundle(root: string, folder: string, entry: string, code: string): string {
  writeFileSync(join(folder, entry), code);
  run(
    folder,
    join(root, 'node_modules/.bin/esbuild'),
    entry,
    '--bundle',
    '--format=esm',
    // On `neutral`, esbuild knows no built-in modules, and an import of one is an error.
    '--platform=neutral',
    '--conditions=workerd,worker,browser',
    `--outfile=bundled/${entry}`,
    '--metafile=meta.json',
  );
  const { inputs, outputs } = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as Metafile;
  const { peerDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    peerDependencies?: Record<string, string>;
  };
  const external = Object.values(outputs)
    .flatMap(output => output.imports.map(({ path }) => path))
    .filter(path => !Object.hasOwn(peerDependencies, path));
  expect(external.length === 0, `the bundle still imports ${external.join(', ')}`);
  const node = Object.keys(inputs).filter(input => /\/src\/(platform\/)?node\.js$/.test(input));
  expect(node.length === 0, `the bundle contains ${node.join(', ')}`);
  const text = readFileSync(join(folder, 'bundled', entry), 'utf8');
  // Asked for by name, with `process.getBuiltinModule`, a module may be missing; imported or required, it may not.
  const imported = /(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*["'`]node:[\w/]+/.exec(text)?.[0];
  expect(imported === undefined, `the bundle has ${imported}`);
  return text;
}

/** Runtimes of the web have no files, so plugins of the package become URLs with their bytes. */
const withDataUrls = (code: string, folder: string) =>
  code.replace(/import\.meta\.resolve\('(.+?\.wasm)'\)/g, (_, path: string) => {
    const bytes = readFileSync(createRequire(join(folder, 'x.js')).resolve(path));
    return `'data:application/wasm;base64,${bytes.toString('base64')}'`;
  });
