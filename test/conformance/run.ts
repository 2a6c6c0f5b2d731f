import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseResult } from '../../src/cli/conformance/report.ts';
import { readIndex, readSourceFile } from '../helpers/cases.ts';
import { setTestHost } from '../helpers/host.ts';
import { nodeHost } from '../helpers/node.ts';
import { nativePython, Unavailable } from '../native/native.ts';
import { installLocked, Offline } from '../runtime/install.ts';
import { bundles, isLarge } from './bundle.ts';
import { differencesInGo, differencesInPython } from './bundle-runners.ts';
import { problemsOfExample } from './example.ts';
import { conformancePage, type KeptResults } from './page.ts';
import { problemsOfWrongLines } from './wrong-lines-runners.ts';

// Runs the cases of fixtures/ on each host at hand, and prints docs/CONFORMANCE.md: `npm run test:conformance`. Names of hosts choose.
// With --quick, modules of megabytes run on native alone, and the runners of the bundle have the bundle without them.

const isQuick = process.argv.includes('--quick');
const MOST_BYTES = 2 ** 30;
const NATIVE_EXPECTATIONS = 'native-1.41.0.json';
const GO_EXPECTATIONS = 'go-sdk-1.7.1.json';
const GO_ADAPTER = 'fixtures/adapters/go-sdk';

interface Subject {
  name: string;
  expect?: string;
  /** The program of the host. Empty for plugboard itself. @throws {Unavailable} */
  program(): string;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'plugboard', program: () => '' },
  {
    name: 'native',
    expect: NATIVE_EXPECTATIONS,
    program: () => `${nativePython()} fixtures/adapters/native.py`,
  },
  { name: 'go-sdk', expect: GO_EXPECTATIONS, program: buildGo },
  {
    name: 'js-sdk',
    expect: 'js-sdk-2.0.0-rc13.json',
    program: () =>
      `${process.execPath} fixtures/adapters/js-sdk.mjs ${installLocked('test/bench')}/@extism/extism`,
  },
];

function buildGo(): string {
  const program = join(process.cwd(), 'node_modules/.cache/conformance-go-sdk');
  const { error, status, stderr } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: GO_ADAPTER,
    encoding: 'utf8',
  });
  if (error || status !== 0) throw new Unavailable(error?.message ?? stderr);
  return program;
}

/** Runs the command line. Returns null where the host is not to be had. */
function run({ name, expect, program }: Subject): KeptResults | null {
  let host: string;
  try {
    host = program();
  } catch (error) {
    const isMissing = error instanceof Unavailable || error instanceof Offline;
    if (!isMissing || process.env.CI) throw error;
    console.log(`skipped: ${name} is not to be had: ${error.message}`);
    return null;
  }
  const args = ['conformance', '--cases', 'fixtures', '--json', '--timeout', '20'];
  if (host) args.push('--host', host);
  if (expect) args.push('--expect', `fixtures/expectations/${expect}`);
  if (isQuick && name !== 'native') {
    const small = readIndex().filter(folder => !isLarge(folder));
    const ids = small.flatMap(folder => readSourceFile(folder).cases.map(({ id }) => id));
    const starts = new Set(ids.map(id => id.slice(0, id.indexOf('.') + 1)));
    args.push(...[...starts].flatMap(start => ['--filter', start]));
  }
  const done = spawnSync(process.execPath, ['dist/lib/cli/main.js', ...args], {
    encoding: 'utf8',
    maxBuffer: MOST_BYTES,
  });
  if (done.stderr) console.log(done.stderr.trim());
  const results = JSON.parse(done.stdout) as Omit<KeptResults, 'cases'> & { cases: CaseResult[] };
  for (const { id, reasons } of results.cases.filter(({ isUnexpected }) => isUnexpected))
    console.log(`FAILED ${name} ${id}\n  ${reasons.join('\n  ')}`);
  if (done.status !== 0) process.exitCode = 1;
  const cases = results.cases.map(({ id, topic, level, status, rows, reasons }) => ({
    id,
    topic,
    level,
    status,
    rows,
    ...(status === 'xfail' && level !== 'hardened' && { reason: stable(reasons[0] ?? '') }),
  }));
  const counts = ['passed', 'alternative', 'xfail', 'skipped', 'failed'].map(
    status => `${cases.filter(item => item.status === status).length} ${status}`,
  );
  console.log(`${name} ${results.version}: ${counts.join(', ')}`);
  return { host: results.host, version: results.version, date: results.date, cases };
}

/** The first line, without addresses and temporary paths, which change from run to run. */
const stable = (reason: string): string =>
  reason
    .split('\n')[0]!
    .replace(/; stderr: .*/, '')
    .replace(/\/tmp\/[\w/.-]+/g, '…')
    .slice(0, 160);

setTestHost(nodeHost);
const KEPT = 'test/conformance/results.json';
const chosen = process.argv.slice(2).filter(word => word !== '--quick');
const known = JSON.parse(readFileSync(KEPT, 'utf8')) as KeptResults[];
const ran = new Map<string, KeptResults>();
for (const subject of SUBJECTS) {
  const result = chosen.length === 0 || chosen.includes(subject.name) ? run(subject) : null;
  if (result) ran.set(subject.name, result);
}
const results = SUBJECTS.flatMap(
  ({ name }) => ran.get(name) ?? known.find(({ host }) => host === name) ?? [],
);
const tried = isQuick ? bundles().slice(0, 1) : bundles();
/** The runners of the bundles, each with the host that it is tried on. */
const RUNNERS = [
  {
    host: 'native',
    differences: (kept: KeptResults) => differencesInPython(nativePython(), NATIVE_EXPECTATIONS, kept, tried),
  },
  {
    host: 'go-sdk',
    differences: (kept: KeptResults) => differencesInGo(buildGo(), GO_EXPECTATIONS, kept, tried),
  },
];
for (const { host, differences } of RUNNERS) {
  const kept = ran.get(host);
  if (!kept) continue;
  const { name, compared, differences: found } = differences(kept);
  for (const difference of found) console.log(`FAILED ${difference}`);
  console.log(`${name} of the bundle on ${host}: ${compared} cases, ${found.length} differences`);
  if (found.length > 0) process.exitCode = 1;
}
if (ran.has('native')) {
  const problems = [
    ...problemsOfExample(nativePython()).map(problem => `the adapter in the README, ${problem}`),
    ...problemsOfWrongLines(),
  ];
  for (const problem of problems) console.log(`FAILED ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
if (!process.env.CI && !isQuick) {
  const lines = results.map(({ cases, ...rest }) => {
    const rows = cases.map(item => JSON.stringify(item)).join(',\n');
    return `{${JSON.stringify(rest).slice(1, -1)},"cases":[\n${rows}\n]}`;
  });
  writeFileSync(KEPT, `[${lines.join(',\n')}]\n`);
  writeFileSync('docs/CONFORMANCE.md', conformancePage(results));
}
const all = [...ran.values()].flatMap(({ cases }) => cases);
const failed = all.filter(({ status }) => status === 'failed').length;
console.log(`\n${all.length - failed} passed, ${failed} failed`);
