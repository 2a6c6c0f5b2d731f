import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, run } from './checks.ts';

/** The form of an import of the package on JSR: its file, and the declarations beside it. */
const fileOf = (exported: unknown): string | undefined => {
  if (typeof exported !== 'object' || exported === null) return undefined;
  const inner = exported as Record<string, unknown>;
  const target = inner.node ?? inner.default;
  return typeof target === 'string' ? target : fileOf(target);
};

/**
 * Publishes the package to JSR without sending it: `deno publish --dry-run` checks types, exports and names of files. JSR takes no
 * conditions, so each import has the file for Node and Deno. Declarations are named in the files, and by their full names.
 */
export function checkJsr(project: string, temporary: string, deno: string, checks: Checks): void {
  const folder = join(temporary, 'jsr');
  mkdirSync(folder);
  cpSync(join(project, 'node_modules/plugboard'), folder, { recursive: true });
  const { name, version, license, exports } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as { name: string; version: string; license: string; exports: Record<string, unknown> };
  const files = Object.fromEntries(
    Object.entries(exports).flatMap(([path, target]) => {
      const file = fileOf(target);
      return file?.endsWith('.js') ? [[path, file]] : [];
    }),
  );
  for (const file of Object.values(files)) {
    const code = readFileSync(join(folder, file), 'utf8');
    const types = file.replace(/^.*\/(.+)\.js$/, './$1.d.ts');
    writeFileSync(join(folder, file), `/* @ts-self-types="${types}" */\n${code}`);
  }
  for (const file of readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const path = join(folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/(from |import\()(["'])(\.[^"']*?)(?:\.d)?\.[jt]s\2/g, '$1$2$3.d.ts$2'));
  }
  rmSync(join(folder, 'package.json'));
  rmSync(join(folder, 'dist/types/package.json'));
  const config = { name: `@${name}/${name}`, version, license, exports: files };
  writeFileSync(join(folder, 'jsr.json'), JSON.stringify(config));
  checks.check('a dry run of publishing to JSR has no complaint', () => {
    run(folder, deno, 'publish', '--dry-run', '--allow-dirty', '--quiet');
  });
}
