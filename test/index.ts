import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTestHost } from './helpers/host.ts';
import { printReport } from './helpers/print.ts';
import { runFiles } from './helpers/runner.ts';

// Runs as dist/test/index.js, so the repository's root is two folders up.
const root = new URL('../../', import.meta.url);
const here = new URL('./', import.meta.url);

const { process, Deno, Bun } = globalThis as typeof globalThis & {
  Deno?: { version: { deno: string } };
  Bun?: { version: string };
};

setTestHost({
  runtime: Deno ? `deno ${Deno.version.deno}` : Bun ? `bun ${Bun.version}` : `node ${process.versions.node}`,
  readBytes: path => new Uint8Array(readFileSync(new URL(path, root))),
  list: path =>
    readdirSync(new URL(path.replace(/\/?$/, '/'), root), { withFileTypes: true })
      .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort(),
  path: path => fileURLToPath(new URL(path, root)),
});

const only = process.argv[2];
const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .map(name => name.replaceAll('\\', '/'))
  .filter(name => name.endsWith('.test.js') && (!only || name.includes(only)))
  .sort()
  .map(name => ({ name, load: () => import(new URL(name, here).href) }));

process.exitCode = printReport(await runFiles(files)) ? 0 : 1;
