// The package create-plugboard, assembled in dist/create-plugboard/package: one program, the templates and the SDKs.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

/** Folders that compilers make beside the sources of an SDK. */
const BUILT = ['target', 'node_modules', 'build'];

export async function writeCreatePackage(root) {
  const from = `${root}create-plugboard/`;
  const to = `${root}dist/create-plugboard/package/`;
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  await build({
    entryPoints: [`${root}dist/create-plugboard/src/main.js`],
    outfile: `${to}main.js`,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const { scripts, ...manifest } = JSON.parse(readFileSync(`${from}package.json`, 'utf8'));
  writeFileSync(`${to}package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  cpSync(`${from}README.md`, `${to}README.md`);
  cpSync(`${root}LICENSE`, `${to}LICENSE`);
  cpSync(`${from}templates`, `${to}templates`, { recursive: true });
  const isSource = path => !BUILT.includes(basename(path));
  if (existsSync(`${root}sdk`)) cpSync(`${root}sdk`, `${to}sdk`, { recursive: true, filter: isSource });
}
