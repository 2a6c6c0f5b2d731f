import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestHost } from './host.ts';
import type { TestFile } from './runner.ts';

// Runs as dist/test/helpers/node.js.
const root = new URL('../../../', import.meta.url);
const suites = new URL('../', import.meta.url);

const { process, Deno, Bun } = globalThis as typeof globalThis & {
  Deno?: { version: { deno: string } };
  Bun?: { version: string };
};

/** The host of Node, Deno and Bun, which all have `node:fs`. */
export const nodeHost: TestHost = {
  runtime: Deno ? `deno ${Deno.version.deno}` : Bun ? `bun ${Bun.version}` : `node ${process.versions.node}`,
  readBytes: path => new Uint8Array(readFileSync(new URL(path, root))),
  list: path =>
    readdirSync(new URL(path.replace(/\/?$/, '/'), root), { withFileTypes: true })
      .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort(),
  path: path => fileURLToPath(new URL(path, root)),
};

/** The built suites whose path contains one of the parts. */
export function testFiles(only: readonly string[] = ['']): TestFile[] {
  return readdirSync(suites, { recursive: true, encoding: 'utf8' })
    .map(name => name.replaceAll('\\', '/'))
    .filter(name => name.endsWith('.test.js') && only.some(part => name.includes(part)))
    .sort()
    .map(name => ({ name, load: () => import(new URL(name, suites).href) }));
}
