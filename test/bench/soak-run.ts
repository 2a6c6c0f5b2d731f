import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installRuntimes } from '../runtime/install.ts';
import type { SoakResult } from './soak.ts';

// Runs soak.ts on every runtime and keeps the figures: `npm run build && node dist/test/bench/soak-run.js`. Fails if time
// is not linear or memory grows.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const results = `${root}test/bench/results/soak`;

/**
 * Above these limits a difference is not noise. Memory: average growth in each of the last rounds, the second half of them.
 * On Deno resident memory grows at first and then stays.
 */
const MOST = { halves: 1.5, rounds: 1.5, heapMiB: 0.5, residentMiB: 48 };

function runOn(program: string, flags: readonly string[]): SoakResult[] {
  const run = (...args: string[]) => {
    const all = [...flags, `${root}dist/test/bench/soak.js`, ...args];
    const { stdout, stderr, status } = spawnSync(program, all, { encoding: 'utf8', timeout: 5 * 60_000 });
    if (status !== 0) throw new Error(`${program} ${all.join(' ')}: exit code ${status}\n${stderr}`);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown;
  };
  return (run() as string[]).map(workload => run(workload) as SoakResult);
}

function findProblems({ runtime, workload, halves, rounds, heapMiB, residentMiB }: SoakResult): string[] {
  const growth = (values: readonly number[]) => {
    const half = values.slice(values.length >> 1);
    return (half.at(-1)! - half[0]!) / (half.length - 1);
  };
  const grown = { halves, rounds, heapMiB: growth(heapMiB), residentMiB: growth(residentMiB) };
  return Object.entries(MOST).flatMap(([key, most]) => {
    const value = grown[key as keyof typeof MOST];
    return value <= most ? [] : [`${runtime}, ${workload}: ${key} ${value.toFixed(2)}, more than ${most}`];
  });
}

function table(rows: readonly SoakResult[]): string {
  const lines = [
    ['workload', 'time', 'second half / first', 'last rounds / first', 'heap, MiB', 'resident, MiB'],
    ['---', '---:', '---:', '---:', '---:', '---:'],
    ...rows.map(({ workload, totalMs, halves, rounds, heapMiB, residentMiB }) => [
      workload,
      `${totalMs} ms`,
      halves.toFixed(2),
      rounds.toFixed(2),
      heapMiB.join(' → '),
      residentMiB.join(' → '),
    ]),
  ];
  return `## ${rows[0]!.runtime}\n\n${lines.map(line => `| ${line.join(' | ')} |`).join('\n')}\n`;
}

const programs = installRuntimes();
const byRuntime = [
  runOn(process.execPath, ['--no-warnings', '--expose-gc']),
  runOn(programs.node, ['--no-warnings', '--expose-gc']),
  runOn(programs.deno, ['run', '--allow-all', '--no-lock', '--v8-flags=--expose-gc']),
  runOn(programs.bun, []),
];
const conditions = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model,
  cores: cpus().length,
};
const intro =
  'One task, repeated very often, in four rounds; each workload has a process of its own. Time is the processor time of the ' +
  'fastest round (for allocations: of one call). The next columns compare the second half of a round with its first half, and ' +
  'the last two rounds with the first two. Memory is the memory in use after garbage collection, at the start and after each ' +
  'round. The resident memory of Deno grows for some thousand plugins and then stays, also for bare instances without ' +
  `plugboard. ${conditions.date}, ${conditions.cores} cores of ${conditions.cpu}.`;
const page = ['# soak', intro, ...byRuntime.map(table)].join('\n\n');
writeFileSync(`${results}.md`, page);
writeFileSync(
  `${results}.json`,
  `${JSON.stringify({ ...conditions, results: byRuntime.flat() }, null, 2)}\n`,
);
console.log(page);
const problems = byRuntime.flat().flatMap(findProblems);
for (const problem of problems) console.log(`problem: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
