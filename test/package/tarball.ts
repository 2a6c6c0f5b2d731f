import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Checks, expect, runNpm } from './checks.ts';

export interface Tarball {
  path: string;
  files: string[];
  sha256: string;
  sizeBytes: number;
  unpackedBytes: number;
}

/**
 * Packs copies of the repository as npm publishes it. The repository's own dist folder, from which this program may be
 * running, is not changed. With `isBuilt` it is packed as it is, else a copy without a dist folder. Returns that tarball.
 */
export function packFresh(root: string, temporary: string, isBuilt: boolean, checks: Checks): Tarball {
  const [first, second] = [join(temporary, 'first'), join(temporary, 'second')];
  const left = ['.git', 'dist', 'node_modules', 'target'];
  cpSync(root, first, { recursive: true, filter: path => path === root || !left.includes(basename(path)) });
  cpSync(first, second, { recursive: true });
  // Files of an earlier build must not be packed.
  mkdirSync(join(second, 'dist/lib'), { recursive: true });
  writeFileSync(join(second, 'dist/lib/stale.js'), '');

  if (isBuilt) {
    const parts = ['lib', 'types', 'abi'];
    for (const part of parts)
      cpSync(join(root, 'dist', part), join(first, 'dist', part), { recursive: true });
  }
  const [tarball, again] = [first, second].map(folder => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    return pack(folder, { builds: folder === second || !isBuilt });
  }) as [Tarball, Tarball];
  checks.check('packing twice gives the same bytes', () => {
    const text = (folder: string, file: string) => {
      const path = join(folder, file);
      return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
    };
    const different = [...new Set([...tarball.files, ...again.files])].filter(
      file => text(first, file) !== text(second, file),
    );
    expect(
      tarball.sha256 === again.sha256,
      `${tarball.sha256} and ${again.sha256}; files that differ: ${different.join(' ') || 'none'}`,
    );
  });
  checkFiles(root, tarball, checks);
  checkStart(join(first, 'dist/lib'), checks);
  return tarball;
}

export const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Builds and packs a folder, by default into itself. */
export function pack(folder: string, { to = folder, builds = true } = {}): Tarball {
  // By hand, because `npm` of test/runtime runs no scripts but those that are named.
  if (builds) runNpm(folder, 'run', '--silent', 'prepack');
  const [{ filename, files, size, unpackedSize }] = JSON.parse(
    runNpm(folder, 'pack', '--json', '--pack-destination', to),
  ) as [{ filename: string; files: { path: string }[]; size: number; unpackedSize: number }];
  const path = join(to, filename);
  return {
    path,
    files: files.map(file => file.path),
    sha256: hashOf(path),
    sizeBytes: size,
    unpackedBytes: unpackedSize,
  };
}

/** Programs pay for each byte of code that they read before they do anything. `npm run bench -- start` measures the time. */
const AT_START = [
  { what: "import 'plugboard'", files: ['node.js'], maxBytes: 300_000 },
  { what: 'plugboard call', files: ['cli/main.js', 'program.js', 'call.js'], maxBytes: 570_000 },
];

function checkStart(lib: string, checks: Checks): void {
  for (const { what, files, maxBytes } of AT_START) {
    checks.check(`${what} reads ${maxBytes} bytes of code at most`, () => {
      const read = withImports(files.map(file => join(lib, file)));
      const bytes = [...read.values()].reduce((sum, text) => sum + text.length, 0);
      const names = [...read.keys()].map(file => basename(file));
      expect(names.includes('host.js'), `host.js is not among the files: ${names.join(' ')}`);
      expect(bytes <= maxBytes, `${bytes} bytes: ${names.join(' ')}`);
    });
  }
}

/** Returns the texts of files and of all that they import statically, by path. */
function withImports(files: readonly string[], read = new Map<string, string>()): Map<string, string> {
  for (const file of files) {
    if (read.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    read.set(file, text);
    const imports = text.matchAll(/^(?:import|export) (?:.* from )?'(\.[^']+)';/gm);
    withImports(
      [...imports].map(([, name]) => join(dirname(file), name!)),
      read,
    );
  }
  return read;
}

const MAX_PAGES_BYTES = 450_000;

function checkFiles(root: string, { files }: Tarball, checks: Checks): void {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const examples = Object.entries(exports).flatMap(([path, file]) =>
    path.startsWith('./examples/') ? [String(file).replace('./', '')] : [],
  );
  const beside = [
    'package.json',
    'README.md',
    'LICENSE',
    'dist/abi/accessors.wasm',
    'dist/types/package.json',
    ...examples,
    'CHANGELOG.md',
  ];
  const declared = /^dist\/types\/((?:abi|wasi|src)\/.+)\.d\.ts$/;
  checks.check('the pages take 450 KB at most', () => {
    const pages = files.filter(file => /^(docs\/.*|README)\.md$/.test(file));
    const bytes = pages.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
    expect(bytes <= MAX_PAGES_BYTES, `${bytes} bytes`);
  });
  checks.check(
    'the package holds dist/lib, docs, schemas, declarations from abi/, wasi/ and src/, and no others',
    () => {
      const foreign = files.filter(file => {
        const source = declared.exec(file)?.[1];
        if (source !== undefined) return !existsSync(join(root, `${source}.ts`));
        return !/^(dist\/lib|docs|schemas)\//.test(file) && !beside.includes(file);
      });
      expect(foreign.length === 0, `unexpected: ${foreign.join(' ')}`);
    },
  );
  for (const file of beside) {
    checks.check(`the package holds ${file}`, () =>
      expect(files.includes(file), `not among: ${files.join(' ')}`),
    );
  }
}
