import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModule } from '../helpers/build-module.ts';
import { Checks, expect, runNpm } from '../package/checks.ts';
import { findBrowser, openPage } from '../runtime/browsers.ts';
import { installRuntimes } from '../runtime/install.ts';
import { PAGE } from '../runtime/serve.ts';
import { visit } from '../runtime/visit.ts';
import { checkCopies } from './copies.ts';
import { checkEmittedTest, checkFrameworks } from './frameworks.ts';
import { checkPackage } from './package-checks.ts';
import { checkPageApp } from './page-app.ts';
import { COLUMNS, ROWS, type Row, type Start } from './table.ts';

// `npm run test:bundlers`: bundles a program with each tool, from the tarball, and starts the bundles. With --quick only those
// that take less than a minute together.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tools = join(root, 'test/bundlers');
const isQuick = process.argv.includes('--quick');
const checks = new Checks();
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-bundlers-'));
const project = join(temporary, 'project');
const next = join(temporary, 'next');
const { node, deno, bun } = installRuntimes();
const chromium = findBrowser('chromium');

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
  for (const name of readdirSync(tools).filter(name => /\.(mjs|cjs|html)$/.test(name))) {
    copyFileSync(join(tools, name), join(project, name));
  }
  return tarball;
}

/** Makes an app of Next.js, with copies of all packages: Turbopack follows no links out of its folder. */
function installNext(tarball: string): void {
  cpSync(join(tools, 'next'), next, { recursive: true, filter: path => basename(path) !== 'node_modules' });
  for (const name of ['steps.mjs', 'plain.mjs']) copyFileSync(join(tools, name), join(next, name));
  writeFileSync(join(next, 'app/edge/plugin.wasm'), buildModule({ functions: [{ name: 'fine', body: [] }] }));
  runNpm(next, 'ci', '--prefix', next);
  runNpm(next, 'install', '--prefix', next, '--offline', '--no-save', tarball);
}

const folderOf = ({ project: name }: Row) => (name === 'next' ? next : project);

/** Returns the program and the arguments of a command of the table. */
function read(row: Row, command: string, out: string): [program: string, args: string[]] {
  const words = command
    .split(' ')
    .map(word => word.replace('OUT', out).replace('ENTRY', row.entry ?? 'app.mjs'))
    .map(word => word.replace('NODE', process.execPath));
  const [name, ...args] = words as [string, ...string[]];
  return [{ DENO: deno, BUN: bun }[name] ?? findProgram(row, name), args];
}

const environment = { ...process.env, NO_COLOR: '1', CI: '1', NEXT_TELEMETRY_DISABLED: '1' };

function start(row: Row, command: string, out: string): string {
  const [program, args] = read(row, command, out);
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folderOf(row),
    encoding: 'utf8',
    timeout: 300_000,
    env: environment,
  });
  if (status !== 0) throw new Error(`${command}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}

function findProgram(row: Row, name: string): string {
  if (name.includes('/')) return name;
  const places = [folderOf(row), tools, root].map(folder => join(folder, 'node_modules/.bin', name));
  return places.find(existsSync) ?? name;
}

/** Starts a server, waits for its URL, and resolves to the report. */
async function ask(row: Row, { server, path }: Extract<Start, { server: string }>): Promise<string> {
  const [program, args] = read(row, server, '');
  const child = spawn(program, args, { cwd: folderOf(row), env: environment, detached: true });
  const end = () => child.pid && child.exitCode === null && process.kill(-child.pid, 'SIGKILL');
  process.once('exit', end);
  let output = '';
  /** Resolves to the first match in the output of the server. */
  const next = (wanted: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const [found] = wanted.exec(output) ?? [];
        if (found !== undefined) resolve(found);
      };
      child.stderr.on('data', text => {
        output += text;
      });
      child.stdout.on('data', text => {
        output += text;
        look();
      });
      child.on('exit', code => reject(new Error(`${server}: exit code ${code}\n${output}`)));
      setTimeout(() => reject(new Error(`${server}: no ${wanted} in\n${output}`)), 60_000).unref();
      look();
    });
  try {
    const url = await next(/http:\/\/(localhost|127\.0\.0\.1):\d+/);
    if (path !== undefined) return await (await fetch(`${url}/${path}`)).text();
    const browser = openPage('chromium', chromium!, temporary, url);
    try {
      return await next(/\{.*?\}/);
    } finally {
      if (browser.pid) process.kill(-browser.pid, 'SIGKILL');
    }
  } finally {
    process.off('exit', end);
    end();
  }
}

/** Opens a folder as a page, and resolves to the report that it posts. */
function reportOfPage(folder: string, html: string): Promise<string> {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter(name => /\.\w+$/.test(name));
  const pages = new Map<string, string | Uint8Array>(
    files.map(name => [`/${name.replaceAll('\\', '/')}`, readFileSync(join(folder, name))]),
  );
  return visit('chromium', chromium!, true, pages.set('/page.html', PAGE + html), [], 'page.html');
}

type Report = Partial<Record<(typeof COLUMNS)[number], string>>;

async function reportOf(row: Row, out: string): Promise<Report> {
  if (row.build !== undefined) start(row, row.build, out);
  for (const file of row.beside ?? []) copyFileSync(join(project, file), join(out, basename(file)));
  const started = row.start;
  if (typeof started === 'string') return parse(start(row, started, out));
  return parse(await ('script' in started ? reportOfPage(out, started.script) : ask(row, started)));
}

const parse = (text: string): Report => JSON.parse(text.trim().split('\n').at(-1)!) as Report;

const needsPage = ({ start }: Row) =>
  typeof start === 'object' && ('script' in start || start.path === undefined);

async function tryRow(row: Row, index: number): Promise<void> {
  const name = `${row.tool}, ${row.format}`;
  if (needsPage(row) && !chromium) {
    console.log(`skipped: ${name}: no chromium on this machine (in CI it is installed)`);
    return;
  }
  const out = join(project, `out-${index}`);
  mkdirSync(out);
  let report: Report = {};
  const problem = await reportOf(row, out).then(
    made => {
      report = made;
    },
    (error: Error) => error,
  );
  checks.check(`${name}: the bundle starts`, () => {
    if (problem) throw problem;
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
  const only = process.argv.slice(2).filter(word => !word.startsWith('--'));
  const rows = ROWS.filter(row => !isQuick || !row.isSlow).filter(
    ({ tool }) => only.length === 0 || only.includes(tool),
  );
  if (rows.some(row => row.project === 'next')) installNext(tarball);
  for (const [index, row] of rows.entries()) await tryRow(row, index);
  checks.check('docs/BUNDLERS.md has this table', () => {
    const page = readFileSync(join(root, 'docs/BUNDLERS.md'), 'utf8');
    expect(page.includes(table()), `expected\n${table()}`);
  });
  const runtimes = {
    'this Node': [process.execPath],
    'Node of test/runtime': [node],
    Bun: [bun],
    Deno: [deno, 'run', '--quiet', '--no-lock', '--allow-all'],
  } as const;
  checkCopies(project, runtimes, name => findProgram(ROWS[0]!, name), checks);
  if (!isQuick) await checkPageApp(project, tools, checks, chromium ? reportOfPage : null);
  checkFrameworks(project, tools, checks);
  checkEmittedTest(project, tools, checks);
  checkPackage(tarball, tools, checks);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log(`${checks.passed} passed, ${checks.failed} failed`);
process.exitCode = checks.failed ? 1 : 0;
