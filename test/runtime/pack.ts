import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checks, expect, installed, run, runNpm } from '../package/checks.ts';
import { compareWithPeer, readJsSdkPrograms, writePrograms } from '../package/js-sdk.ts';
import { checkJsr } from '../package/jsr.ts';
import { followPage } from '../package/page-shell.ts';
import { findStaleRows, programsOf, readExamples, readPages } from '../package/pages.ts';
import { type Command, checkProgram, makeProgram, type Program } from '../package/programs.ts';
import { packFresh, type Tarball } from '../package/tarball.ts';
import { checkTypes } from '../package/types.ts';
import { checkBundles } from '../package/web.ts';
import { installRuntimes } from './install.ts';

// Packs the files that npm would publish, and checks the package as users have it: in an empty project, on each runtime:
// `npm run test:package`. With --quick it packs the files that were built before, and compiles nothing in Rust.

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  exports: Record<string, unknown>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-pack-'));
const project = join(temporary, 'project');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const pages = readPages(root);
const programs = programsOf(pages.find(({ path }) => path === 'README.md')!);
const examples = readExamples(root);
const jsSdkPrograms = readJsSdkPrograms(root);
/** The import paths of code: `plugboard`, `plugboard/actor` and others. */
const paths = Object.keys(manifest.exports)
  .filter(path => !/\.(json|html|wasm\*?)$/.test(path))
  .map(path => manifest.name + path.slice(1));
const checks = new Checks();
const isQuick = process.argv.includes('--quick');

function install(tarball: Tarball): void {
  mkdirSync(project);
  runNpm(project, 'install', '--prefix', project, '--offline', tarball.path);
  const withoutFiles = makeProgram(
    'without-files.mjs',
    readFileSync(join(root, 'test/package/without-files.mjs'), 'utf8'),
  );
  writePrograms(root, project, [...programs, ...examples, ...jsSdkPrograms, withoutFiles]);
  copyFileSync(join(root, 'test/package/require.cjs'), join(project, 'require.cjs'));
  copyFileSync(join(root, 'test/package/consumer.ts'), join(project, 'consumer.mts'));
}

const atHand: Command = { name: `Node ${process.versions.node}`, command: [process.execPath] };

function runtimes(): Command[] {
  const programs = installed('the checks on the newest Node, Deno and Bun', installRuntimes);
  if (!programs) return [atHand];
  const { node, deno, bun } = programs;
  const denoFlags = [
    '--no-prompt',
    '--no-lock',
    '--no-remote',
    `--allow-read=${project}`,
    `--allow-write=${project}`,
    '--allow-net=127.0.0.1',
  ];
  return [
    atHand,
    { name: 'newest Node', command: [node] },
    { name: 'Deno', command: [deno, 'run', ...denoFlags] },
    { name: 'Bun', command: [bun, '--no-install'] },
  ];
}

function checkRuntime(runtime: Command, programs: readonly Program[]): void {
  for (const program of programs) checkProgram(project, program, runtime, checks);
  const [program, ...args] = runtime.command;
  checks.check(`calls without the files of the package on ${runtime.name}`, () => {
    run(project, program, ...args, 'without-files.mjs');
  });
  checks.check(`require on ${runtime.name}`, () => {
    run(project, program, ...args, 'require.cjs', ...paths);
  });
}

function checkVersion(): void {
  checks.check('plugboard --version', () => {
    const version = run(project, join(project, 'node_modules/.bin/plugboard'), '--version').trim();
    expect(version === manifest.version, `prints ${version}, not ${manifest.version}`);
  });
}

function followPages(tarball: Tarball): void {
  const packed = { tarball: tarball.path, creator: join(root, 'dist/create-plugboard/package/main.js') };
  checks.check('each block that is left out exists', () =>
    expect(findStaleRows(pages).length === 0, findStaleRows(pages).join('\n')),
  );
  for (const [index, page] of pages.entries()) {
    checks.check(page.path, () => {
      const { ran, leftOut } = followPage(page, join(temporary, `page-${index}`), packed, checks);
      if (ran + leftOut.length > 0) console.log(`${page.path}: ${ran} blocks ran`);
      for (const { code, reason } of leftOut) console.log(`  left out: ${code.split('\n', 1)[0]}: ${reason}`);
    });
  }
}

try {
  checks.check('the package has no dependencies', () =>
    expect(manifest.dependencies === undefined, 'package.json has dependencies'),
  );
  checks.check('the README shows the output of its programs', () =>
    expect(
      programs.some(({ prints }) => prints.length > 0),
      'no console.log with a comment behind it',
    ),
  );
  const tarball = packFresh(root, temporary, isQuick, checks);
  const kibibytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(
    `${tarball.files.length} files, ${kibibytes(tarball.sizeBytes)} packed, ${kibibytes(tarball.unpackedBytes)} unpacked`,
  );
  install(tarball);
  checkVersion();
  followPages(tarball);
  for (const runtime of runtimes()) checkRuntime(runtime, [...programs, ...examples, ...jsSdkPrograms]);
  compareWithPeer(root, project, join(temporary, 'peer'), atHand, checks);
  checkBundles(root, project, paths, programs, checks);
  checkTypes(root, project, checks);
  const installedPrograms = installed('the dry run of JSR', installRuntimes);
  if (installedPrograms) checkJsr(project, temporary, installedPrograms.deno, checks);
} catch (error) {
  // Catches a failed build, for example, after which nothing else can be checked.
  checks.check('packing and installing', () => {
    throw error;
  });
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed ? 1 : 0;
