import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installRuntimes } from '../runtime/install.ts';
import { npm } from '../runtime/npm.ts';
import { expectedLines, perSecondOf } from './expected.ts';
import { compare, type Line, linesOf, type Measurement, type Result } from './history.ts';
import type { Sample } from './measure.ts';

// Runs one benchmark on every runtime, one after the other, keeps the figures, and compares them with earlier runs on this
// machine: `npm run bench -- wasi`. `npm run bench -- --compare wasi` compares the last run once more.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${root}test/bench/`;
/** Not committed: figures of different machines cannot be compared. */
const HISTORY = `${folder}history.jsonl`;

/** For each benchmark: our subjects, each with the peer that it is compared with. */
const AGAINST: Record<string, Record<string, string>> = {
  payload: { accessors: 'js-sdk', reference: 'js-sdk' },
  actors: { actor: 'js-sdk' },
  audit: { 'record on-failure': 'accessors', 'trace, jsonl': 'reference' },
  async: { plugboard: 'js-sdk' },
  engines: {
    'in process': 'NATS',
    NATS: 'by hand',
    'NATS, synced': 'by hand, synced',
    'NATS, streams': 'by hand',
    'NATS, streams, synced': 'by hand, synced',
    'Durable Object': 'by hand, synced',
  },
  network: { network: 'process()', 'process()': 'js-sdk', 'one listener': 'no listener' },
  policy: { 'with a policy': 'without' },
  start: { plugboard: 'js-sdk' },
  state: { actor: 'js-sdk' },
  tenants: {
    pool: 'instantiate',
    fresh: 'instantiate',
    instantiate: 'createPlugin',
    fuel: 'no limit',
    'time checks': 'no limit',
    memoryPages: 'no limit',
    'beside a hostile tenant': 'alone',
  },
  wasi: { 'host folder': 'node:wasi', 'in memory': 'browser_wasi_shim' },
};

/** Benchmarks of engines whose clients run on Node. Their packages are not those of test/bench. */
const NODE_ONLY: Record<string, string> = { engines: 'test/nats' };

/** Rounds of all subjects in turn, so that other work on the machine slows all of them alike. */
const REPEATS = 3;
const ATTEMPTS = 3;
const TIMEOUT_MS = 60_000;

function runOn(program: string, flags: readonly string[], name: string, peers: readonly string[]): Result {
  const run = (...args: string[]): unknown => {
    const all = [...flags, `${root}dist/test/bench/${name}.js`, ...args];
    const { stdout, stderr, status } = spawnSync(program, all, { encoding: 'utf8', timeout: TIMEOUT_MS });
    if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1)!);
    throw new Error(`${program} ${all.join(' ')}: exit code ${status}\n${stderr}`);
  };
  const sample = (workload: string, subject: string): Sample => {
    for (let attempt = 1; ; attempt++) {
      try {
        return run(workload, subject) as Sample;
      } catch (error) {
        // A worker of the peer sometimes hangs.
        if (peers.includes(subject) && attempt < ATTEMPTS) continue;
        if (!peers.includes(subject)) {
          // The figures of the other subjects took minutes, and stay.
          console.error((error as Error).message);
          process.exitCode = 1;
        }
        return { runtime: '', roundsUs: null };
      }
    }
  };
  let runtime = '';
  const workloads = run() as { name: string; subjects: string[]; messages?: number }[];
  const measurements = workloads.map(({ name: workload, subjects, messages }): Measurement => {
    const samples = new Map<string, Sample[]>(subjects.map(subject => [subject, []]));
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const subject of subjects) samples.get(subject)!.push(sample(workload, subject));
    }
    runtime ||= samples.get(subjects[0]!)![0]!.runtime;
    return { ...summarise(workload, samples), ...(messages !== undefined && { messages }) };
  });
  return { runtime, measurements };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function summarise(workload: string, samples: ReadonlyMap<string, readonly Sample[]>): Measurement {
  const medianUs: Record<string, number> = {};
  const memoryKib: Record<string, number> = {};
  for (const [subject, repeats] of samples) {
    const roundsUs = repeats.flatMap(sample => sample.roundsUs ?? []);
    if (roundsUs.length > 0) medianUs[subject] = median(roundsUs);
    const memory = repeats.flatMap(sample => sample.memoryKib ?? []);
    if (memory.length > 0) memoryKib[subject] = median(memory);
  }
  return { workload, medianUs, ...(Object.keys(memoryKib).length > 0 && { memoryKib }) };
}

function table({ runtime, measurements }: Result, against: Record<string, string>): string {
  const subjects = [...new Set(measurements.flatMap(({ medianUs }) => Object.keys(medianUs)))];
  const cell = (subject: string, { medianUs, memoryKib, messages }: Measurement) => {
    // Some subjects do not run on every runtime.
    if (medianUs[subject] === undefined) return '';
    const peerUs = medianUs[against[subject] ?? ''];
    const ratio = peerUs === undefined ? '' : `, ${(peerUs / medianUs[subject]!).toFixed(1)}×`;
    const memory = memoryKib === undefined ? '' : `, ${memoryKib[subject]!.toFixed(0)} KiB each`;
    const rate = messages === undefined ? '' : `, ${perSecondOf(medianUs[subject]!, messages)}`;
    return `${medianUs[subject]!.toFixed(2)} µs${ratio}${memory}${rate}`;
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

/** Lines about each workload of the benchmark, the slower ones last. */
function compareRuns(benchmark: string): string[] {
  const text = existsSync(HISTORY) ? readFileSync(HISTORY, 'utf8') : '';
  const lines = text.split('\n').filter(Boolean);
  const own = lines
    .map(line => JSON.parse(line) as Line)
    .filter(({ name }) => name.startsWith(`${benchmark} ›`));
  if (own.length === 0) return [`no run of ${benchmark} is in ${HISTORY}`];
  const isSlower = (line: string) => Number(line.startsWith('SLOWER'));
  return compare(own).sort((a, b) => isSlower(a) - isSlower(b));
}

/** Short hash of the commit; ends with `+` if sources have changed since. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'abi', 'wasi', 'src') === '' ? '' : '+'}`;
}

const args = process.argv.slice(2);
const name = args.find(arg => arg !== '--compare') ?? 'payload';
const against = AGAINST[name];
if (!against) throw new Error(`expected one of ${Object.keys(AGAINST).join(', ')}, got ${name}`);
if (args.includes('--compare')) {
  console.log(compareRuns(name).join('\n'));
  process.exit();
}
const { status, stderr } = npm(folder, ['ci', '--prefix', folder]);
if (status !== 0) throw new Error(`npm ci in test/bench: ${stderr}`);
const programs = installRuntimes();
const peers = Object.values(against);
const results = [
  runOn(process.execPath, ['--no-warnings'], name, peers),
  runOn(programs.node, ['--no-warnings'], name, peers),
  ...(NODE_ONLY[name]
    ? []
    : [
        runOn(programs.deno, ['run', '--allow-all', '--no-lock'], name, peers),
        runOn(programs.bun, [], name, peers),
      ]),
];

const manifest = JSON.parse(
  readFileSync(`${root}${NODE_ONLY[name] ?? 'test/bench'}/package.json`, 'utf8'),
) as {
  dependencies: Record<string, string>;
};
/** Other work that ran meanwhile makes the figures of one run comparable with each other only. */
const [load] = loadavg() as [number];
const shared =
  load > 2 ? ` Taken on a shared machine (load ${load.toFixed(1)}): compare figures of this run only.` : '';
const date = new Date().toISOString().slice(0, 10);
const conditions = { date, cpu: cpus()[0]?.model, cores: cpus().length, peer: manifest.dependencies };
const pairs = Object.entries(against).map(([subject, peer]) => `${subject} as ${peer}`);
const versions = Object.entries(manifest.dependencies).map(([peer, version]) => `${peer} ${version}`);
const intro =
  `Medians of one run, with processes of its own for each subject. The factors say how many times as fast a subject is: ${pairs.join(', ')}. ` +
  `${versions.join(', ')}. ${date}, ${conditions.cores} cores of ${conditions.cpu}. A peer is left out where it does not support the workload, or hangs.${shared}`;
const expected = expectedLines(name, results).join('\n');
const tables = results.map(result => table(result, against));
const page = [`# ${name}`, intro, ...tables, ...(expected ? [`${expected}\n`] : [])].join('\n\n');
mkdirSync(`${folder}results`, { recursive: true });
writeFileSync(`${folder}results/${name}.md`, page);
writeFileSync(`${folder}results/${name}.json`, `${JSON.stringify({ ...conditions, results }, null, 2)}\n`);
console.log(page);
const cpu = `${conditions.cpu}, ${conditions.cores} cores`;
const lines = linesOf(name, results, against, { date: new Date().toISOString(), commit: commit(), cpu });
appendFileSync(HISTORY, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
console.log(compareRuns(name).join('\n'));
