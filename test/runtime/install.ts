import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const modules = join(repository, 'test/runtime/node_modules');
const extension = process.platform === 'win32' ? '.exe' : '';

/** The program of each runtime, in the package for this platform, which is the only one that npm installs. */
const programs = {
  node: { packages: /^node-/, file: 'bin/node' },
  deno: { packages: /^@deno\//, file: 'deno' },
  bun: { packages: /^@oven\/bun-/, file: 'bin/bun' },
  workerd: { packages: /^@cloudflare\/workerd-/, file: 'bin/workerd' },
};

export type RuntimeName = keyof typeof programs;

/** Thrown when the registry cannot be reached. */
export class Offline extends Error {}

/** Installs the locked versions, unless they are there already. Returns each runtime's absolute program path. */
export function installRuntimes(): Record<RuntimeName, string> {
  installLocked('test/runtime');
  return {
    node: programOf('node'),
    deno: programOf('deno'),
    bun: programOf('bun'),
    workerd: programOf('workerd'),
  };
}

/**
 * Installs the locked versions in a folder with a package.json of its own, unless they are there already.
 * @param name The folder, seen from the repository
 * @returns the absolute path of its node_modules
 */
export function installLocked(name: string): string {
  const folder = join(repository, name);
  const modules = join(folder, 'node_modules');
  const lock = join(folder, 'package-lock.json');
  const installedLock = join(modules, 'installed-lock.json');
  const isInstalled =
    existsSync(installedLock) && readFileSync(installedLock, 'utf8') === readFileSync(lock, 'utf8');
  if (!isInstalled) {
    npmInstall(name, folder);
    copyFileSync(lock, installedLock);
  }
  return modules;
}

function npmInstall(name: string, folder: string): void {
  // Without scripts, because the platform packages need none and npm 11 may hold scripts back.
  const { status, error, stderr } = npm(folder, ['ci', '--prefix', folder]);
  if (status === 0) return;
  const text = `npm ci in ${name} failed: ${error?.message ?? stderr}`;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT/.test(text)) throw new Offline(text);
  throw new Error(text);
}

function programOf(runtime: RuntimeName): string {
  const { packages, file } = programs[runtime];
  const names = readdirSync(modules).flatMap(name =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map(inScope => `${name}/${inScope}`) : name,
  );
  const program = names
    .filter(name => packages.test(name))
    .map(name => join(modules, name, file + extension))
    .find(existsSync);
  if (program) return program;
  throw new Error(`no ${runtime} for ${process.platform} ${process.arch} among: ${names.join(', ')}`);
}
