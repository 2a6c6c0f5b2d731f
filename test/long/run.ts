import { readdirSync, rmSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { installLocked, installRuntimes, Offline } from '../runtime/install.ts';
import { DENO_FLAGS, start, temporary } from '../runtime/start.ts';
import { SUITES } from './suites.ts';

// Runs the tests that need gigabytes or minutes, one process after the other, on every supported Node, Deno and Bun:
// `npm run test:long`, or `npm run test:long -- SUITE RUNTIME CASE` for some of them; CASE is a part of a name.

const LEAST_FREE_GIB = 8;
const GIB = 2 ** 30;

/** The suite of the specification looks for cargo, and keeps its programs below the folder of the user. */
const DENO_ARGS = DENO_FLAGS.map(flag => {
  if (flag.startsWith('--allow-env')) return '--allow-env';
  return flag.startsWith('--allow-sys') ? `${flag},homedir` : flag;
});

interface Runtime {
  name: string;
  program: string;
  /** Arguments of the program before the script. */
  args: readonly string[];
}

/** The runtimes `node-at-hand`, `node22`, `node24`, `node`, `deno` and `bun`. */
function findRuntimes(): Runtime[] {
  const { node, deno, bun } = installRuntimes();
  const between = installLocked('test/long');
  return [
    { name: 'node-at-hand', program: process.execPath, args: [] },
    ...readdirSync(between)
      .filter(name => /^node\d+-/.test(name))
      .map(name => ({ name: name.split('-')[0]!, program: join(between, name, 'bin/node'), args: [] })),
    { name: 'node', program: node, args: [] },
    { name: 'deno', program: deno, args: DENO_ARGS },
    { name: 'bun', program: bun, args: [] },
  ];
}

/** `passed`, `skipped: …`, or how the process ended. */
async function runCase(runtime: Runtime, suite: string, name: string): Promise<string> {
  const freeGib = freemem() / GIB;
  if (freeGib < LEAST_FREE_GIB) {
    return `skipped: ${freeGib.toFixed(1)} GiB are free, ${LEAST_FREE_GIB} are needed`;
  }
  const script = 'dist/test/long/run-case.js';
  const { stdout, output, code } = await start(runtime.program, [...runtime.args, script, suite, name]);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (code === 0 && /^(passed$|skipped: )/.test(last)) return last;
  return `FAILED: the process ended with ${code ?? 'a signal'}\n${output.slice(-4000)}`;
}

async function main(
  wantedSuite?: string,
  wantedRuntime?: string,
  wantedCase = '',
): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  let runtimes: Runtime[];
  try {
    runtimes = findRuntimes();
  } catch (error) {
    if (!(error instanceof Offline) || process.env.CI) throw error;
    console.log(`skipped: a package is not installed, and the registry cannot be reached\n${error.message}`);
    return counts;
  }
  let found = 0;
  for (const [suite, load] of Object.entries(SUITES)) {
    if (wantedSuite !== undefined && wantedSuite !== suite) continue;
    const cases = await load();
    for (const runtime of runtimes) {
      if (wantedRuntime !== undefined && wantedRuntime !== runtime.name) continue;
      for (const { name } of cases) {
        if (!name.includes(wantedCase)) continue;
        found++;
        const startMs = Date.now();
        const outcome = await runCase(runtime, suite, name);
        if (outcome === 'passed') counts.passed++;
        else if (!outcome.startsWith('skipped')) counts.failed++;
        console.log(`${runtime.name}: ${suite} › ${name}: ${outcome} (${Date.now() - startMs} ms)`);
      }
    }
  }
  if (found === 0) {
    const names = [Object.keys(SUITES), runtimes.map(({ name }) => name)].map(list => list.join(', '));
    throw new Error(`no case fits; the suites are ${names[0]}, the runtimes ${names[1]}`);
  }
  return counts;
}

try {
  const { passed, failed } = await main(...process.argv.slice(2));
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
