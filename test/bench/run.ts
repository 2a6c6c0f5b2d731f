import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installRuntimes } from '../runtime/install.ts';
import { npm } from '../runtime/npm.ts';
import type { Measurement } from './measure.ts';

// Runs one benchmark on every runtime, one after the other, and keeps the figures: `npm run bench -- wasi`.

interface Result {
  runtime: string;
  measurements: Measurement[];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${root}test/bench/`;

/** What each benchmark compares: a subject of ours, and the peer that it is held against. */
const AGAINST: Record<string, Record<string, string>> = {
  payload: { accessors: 'js-sdk', reference: 'js-sdk' },
  actors: { actor: 'js-sdk' },
  async: { plugboard: 'js-sdk' },
  wasi: { 'host folder': 'node:wasi', 'in memory': 'browser_wasi_shim' },
};

const ATTEMPTS = 3;
const TIMEOUT_MS = 120_000;

/** Each workload in a process of its own, because JSC keeps few memories fast. */
function runOn(program: string, flags: readonly string[], name: string): Result {
  const run = (...args: string[]) => {
    const all = [...flags, `${root}dist/test/bench/${name}.js`, ...args];
    // A worker of the peer now and then never answers. Then the figures are taken again, and at last without it.
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === ATTEMPTS;
      const { stdout, stderr, status } = spawnSync(program, isLast ? [...all, 'alone'] : all, {
        encoding: 'utf8',
        timeout: TIMEOUT_MS,
      });
      if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown;
      if (isLast) throw new Error(`${program} ${all.join(' ')}: exit code ${status}\n${stderr}`);
    }
  };
  const results = (run() as string[]).map(
    workload => run(workload) as { runtime: string; measurement: Measurement },
  );
  return { runtime: results[0]!.runtime, measurements: results.map(({ measurement }) => measurement) };
}

function table({ runtime, measurements }: Result, against: Record<string, string>): string {
  const subjects = [...new Set(measurements.flatMap(({ medianUs }) => Object.keys(medianUs)))];
  const cell = (subject: string, { medianUs, memoryKib }: Measurement) => {
    // Not every subject runs everywhere.
    if (medianUs[subject] === undefined) return '';
    const peerUs = medianUs[against[subject] ?? ''];
    const ratio = peerUs === undefined ? '' : `, ${(peerUs / medianUs[subject]!).toFixed(1)}×`;
    const memory = memoryKib === undefined ? '' : `, ${memoryKib[subject]!.toFixed(0)} KiB each`;
    return `${medianUs[subject]!.toFixed(2)} µs${ratio}${memory}`;
  };
  const lines = [
    ['workload', ...subjects],
    ['---', ...subjects.map(() => '---:')],
    ...measurements.map(measurement => [
      measurement.workload,
      ...subjects.map(subject => cell(subject, measurement)),
    ]),
  ];
  return `## ${runtime}\n\n${lines.map(line => `| ${line.join(' | ')} |`).join('\n')}\n`;
}

const name = process.argv[2] ?? 'payload';
const against = AGAINST[name];
if (!against) throw new Error(`expected one of ${Object.keys(AGAINST).join(', ')}, got ${name}`);
const { status, stderr } = npm(folder, ['ci', '--prefix', folder]);
if (status !== 0) throw new Error(`npm ci in test/bench: ${stderr}`);
const programs = installRuntimes();
const results = [
  runOn(process.execPath, ['--no-warnings'], name),
  runOn(programs.node, ['--no-warnings'], name),
  runOn(programs.deno, ['run', '--allow-all', '--no-lock'], name),
  runOn(programs.bun, [], name),
];

const manifest = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};
const date = new Date().toISOString().slice(0, 10);
const conditions = { date, cpu: cpus()[0]?.model, cores: cpus().length, peer: manifest.dependencies };
const pairs = Object.entries(against).map(([subject, peer]) => `${subject} as ${peer}`);
const versions = Object.entries(manifest.dependencies).map(([peer, version]) => `${peer} ${version}`);
const intro =
  `Medians of one run, and how many times as fast is ${pairs.join(', ')} in the same process. ` +
  `${versions.join(', ')}. ${date}, ${conditions.cores} cores of ${conditions.cpu}. A peer is left out where it cannot do ` +
  `it, or did not end within ${TIMEOUT_MS / 1000} seconds in ${ATTEMPTS - 1} attempts.`;
const page = [`# ${name}`, intro, ...results.map(result => table(result, against))].join('\n\n');
mkdirSync(`${folder}results`, { recursive: true });
writeFileSync(`${folder}results/${name}.md`, page);
writeFileSync(`${folder}results/${name}.json`, `${JSON.stringify({ ...conditions, results }, null, 2)}\n`);
console.log(page);
