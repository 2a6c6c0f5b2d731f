import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checks, expect, runNpm } from '../package/checks.ts';
import { installRuntimes } from '../runtime/install.ts';
import { checkFrameworks } from './frameworks.ts';
import { checkPackage } from './package-checks.ts';
import { COLUMNS, ROWS, type Row } from './table.ts';

// `npm run test:bundlers`: bundles a program with each tool, from the tarball, and starts the bundles. With --quick only those
// that take less than a minute together.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tools = join(root, 'test/bundlers');
const isQuick = process.argv.includes('--quick');
const checks = new Checks();
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-bundlers-'));
const project = join(temporary, 'project');
const { deno, bun } = installRuntimes();

/** Packs the built files, and makes a project that has the package and all tools. */
function install(): string {
  runNpm(tools, 'ci', '--prefix', tools);
  runNpm(root, 'pack', '--ignore-scripts', '--pack-destination', temporary);
  const tarball = join(temporary, readdirSync(temporary).find(name => name.endsWith('.tgz'))!);
  mkdirSync(project);
  runNpm(project, 'install', '--prefix', project, '--offline', tarball);
  for (const from of [join(root, 'node_modules'), join(tools, 'node_modules')]) {
    for (const name of readdirSync(from).filter(name => name !== '.bin')) {
      rmSync(join(project, 'node_modules', name), { recursive: true, force: true });
      symlinkSync(join(from, name), join(project, 'node_modules', name), 'junction');
    }
  }
  for (const name of readdirSync(tools).filter(name => name.endsWith('.mjs'))) {
    copyFileSync(join(tools, name), join(project, name));
  }
  return tarball;
}

function start(command: string, out: string, entry = 'app.mjs'): string {
  const words = command
    .split(' ')
    .map(word => word.replace('OUT', out).replace('ENTRY', entry).replace('NODE', process.execPath));
  const [name, ...args] = words as [string, ...string[]];
  const program = { DENO: deno, BUN: bun }[name] ?? findProgram(name);
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: project,
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1', CI: '1' },
  });
  if (status !== 0) throw new Error(`${words.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}

function findProgram(name: string): string {
  if (name.includes('/')) return name;
  const own = join(tools, 'node_modules/.bin', name);
  return readdirSync(join(tools, 'node_modules/.bin')).includes(name)
    ? own
    : join(root, 'node_modules/.bin', name);
}

type Report = Partial<Record<(typeof COLUMNS)[number], string>>;

function tryRow(row: Row, index: number): void {
  const out = join(project, `out-${index}`);
  mkdirSync(out);
  const name = `${row.tool}, ${row.format}`;
  let report: Report = {};
  checks.check(`${name}: the bundle starts`, () => {
    start(row.build, out, row.entry);
    for (const file of row.beside ?? []) copyFileSync(join(project, file), join(out, basename(file)));
    report = JSON.parse(start(row.start, out, row.entry).trim().split('\n').at(-1)!) as Report;
  });
  for (const column of COLUMNS) {
    const expected = row.cannot?.[column]?.says;
    checks.check(`${name}: ${column}`, () => {
      const actual = report[column] ?? 'nothing';
      expect(
        expected === undefined ? actual === 'works' : actual.includes(expected),
        `expected ${expected ?? 'works'}, got ${actual}`,
      );
    });
  }
}

/** The table as docs/BUNDLERS.md has it. */
function table(): string {
  const cell = (row: Row, column: (typeof COLUMNS)[number]) => {
    if (row.cannot?.[column]) return row.cannot[column].why;
    return row.beside && column === 'worker' ? 'works, with `worker-web.js` copied beside it' : 'works';
  };
  return [
    `| tool | format | ${COLUMNS.join(' | ')} |`,
    `|---|---|${COLUMNS.map(() => '---|').join('')}`,
    ...ROWS.map(
      row => `| ${[row.tool, row.format, ...COLUMNS.map(column => cell(row, column))].join(' | ')} |`,
    ),
  ].join('\n');
}

try {
  const tarball = install();
  ROWS.forEach((row, index) => {
    if (!isQuick || !row.isSlow) tryRow(row, index);
  });
  checks.check('docs/BUNDLERS.md has this table', () => {
    const page = readFileSync(join(root, 'docs/BUNDLERS.md'), 'utf8');
    expect(page.includes(table()), `expected\n${table()}`);
  });
  checkFrameworks(project, tools, checks);
  checkPackage(tarball, tools, checks);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed ? 1 : 0;
