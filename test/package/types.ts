import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, installed, run, runNpm } from './checks.ts';

/** The code of a CommonJS user. It is a text, because the options of this repository do not allow its syntax. */
const required = `
import plugboard = require('plugboard');
import actor = require('plugboard/actor');
const { createPlugin, PluginOutput } = plugboard;
plugboard('plugin.wasm').then(plugin => plugin.callSync('echo') instanceof PluginOutput);
createPlugin('plugin.wasm').then(plugin => plugin.close());
export = actor.ScriptActor;
`;

/**
 * Checks the types as users of the package meet them: consumer.mts, which lies in `folder`, and the text above, under
 * the oldest and newest TypeScript, both ways to resolve modules, with and without the types of Node.
 */
export function checkTypes(root: string, folder: string, checks: Checks): void {
  writeFileSync(join(folder, 'required.cts'), required);
  const oldest = installed('the checks under TypeScript 5', () => installTypeScript(root));
  for (const modules of [oldest, join(root, 'node_modules')]) {
    if (modules === undefined) continue;
    const compiler = join(modules, '.bin/tsc');
    const version = run(folder, compiler, '--version').trim();
    for (const moduleResolution of ['nodenext', 'bundler']) {
      for (const types of [[], ['node']]) {
        const what = `${version}, ${moduleResolution}, ${types.length ? 'with' : 'without'} @types/node`;
        checks.check(`the types under ${what}`, () => {
          const config = {
            compilerOptions: {
              strict: true,
              // The types of @types/node have errors with this option.
              exactOptionalPropertyTypes: types.length === 0,
              skipLibCheck: false,
              // TypeScript's own libraries are not checked: they take most of the time.
              skipDefaultLibCheck: true,
              noEmit: true,
              target: 'es2022',
              // The newest library has the most names to clash with, the oldest may lack names that our types need.
              lib: [types.length ? 'esnext' : 'es2022', 'dom'],
              module: moduleResolution === 'bundler' ? 'preserve' : moduleResolution,
              moduleResolution,
              typeRoots: [join(root, 'node_modules/@types')],
              types,
            },
            // Only on Node `require` returns the function itself; in bundlers it returns the namespace.
            files: ['consumer.mts', ...(moduleResolution === 'nodenext' ? ['required.cts'] : [])],
          };
          writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
          run(folder, compiler);
        });
      }
    }
  }
}

/** The modules of test/package/typescript-5, installed unless the locked version is there already. */
function installTypeScript(root: string): string {
  const folder = join(root, 'test/package/typescript-5');
  const modules = join(folder, 'node_modules');
  const lock = join(folder, 'package-lock.json');
  const installedLock = join(modules, 'installed-lock.json');
  const text = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  if (text(installedLock) !== text(lock)) {
    runNpm(folder, 'ci', '--prefix', folder);
    copyFileSync(lock, installedLock);
  }
  return modules;
}
