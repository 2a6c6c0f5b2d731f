import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Finding, runSeed, type Target } from './target.ts';
import { TARGETS } from './targets.ts';

const HELP = `npm run fuzz -- [TARGET…] [--seed N] [--minutes M]

Gives random inputs to parts of plugboard, until it is stopped or M minutes are over. It goes on at the seed where the last
run of a target ended. With --seed and no --minutes it runs this one seed.
Targets: ${TARGETS.map(({ name }) => name).join(', ')}`;

/** Next seed by target. Not in git. Runs as dist/test/fuzz/run.js. */
const state = new URL('../../../.fuzz/next-seeds.json', import.meta.url);
/** Time for which a target runs before the next one gets its turn. */
const TURN_MS = 1000;
const REPORT_MS = 60_000;
/** Findings of one target after which it is left out: the others would be the same. */
const MOST_FINDINGS = 5;

/** Index of the running target, its seed, and 1 if it began since the watchdog looked last. */
const running = new Int32Array(new SharedArrayBuffer(12));
/** An input that never ends blocks this thread, so a worker names it. */
const WATCHDOG = `
const { workerData: { running, names, everyMs } } = require('node:worker_threads');
setInterval(() => {
  if (Atomics.exchange(running, 2, 0)) return;
  const name = names[running[0]];
  require('node:fs').writeSync(1, name + ', seed ' + running[1] + ': runs for more than ' + everyMs / 1000 + ' s\\n' +
    'again: npm run fuzz -- ' + name + ' --seed ' + running[1] + '\\n');
}, everyMs);`;

function readNextSeeds(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(state, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

function print({ target, seed, error, input }: Finding): void {
  const row = JSON.stringify({ target, was: error.message.split('\n')[0], input });
  console.log(`\n${target}, seed ${seed}: ${error.stack}\nrow for test/fuzz/found.ts: ${row}`);
  console.log(`again: npm run fuzz -- ${target} --seed ${seed}\n`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, minutes: { type: 'string' }, help: { type: 'boolean' } },
  });
  const [seed, minutes] = [values.seed, values.minutes].map(text =>
    text === undefined ? undefined : Number(text),
  );
  const wrong = positionals.filter(name => !TARGETS.some(target => target.name === name));
  if (values.help || wrong.length > 0 || Number.isNaN(seed) || Number.isNaN(minutes)) {
    console.log(wrong.length > 0 ? `unknown target: ${wrong.join(', ')}\n\n${HELP}` : HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const targets = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const next = readNextSeeds();
  const runs = targets.map(target => ({
    target,
    at: seed ?? next[target.name] ?? 0,
    inputs: 0,
    findings: 0,
  }));
  const isOne = seed !== undefined && minutes === undefined;
  const end = isOne ? 0 : minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const report = () => {
    for (const { target, at, inputs, findings } of runs)
      console.log(`${target.name}: ${inputs} inputs, ${findings} findings, next seed ${at}`);
  };
  process.on('SIGINT', () => {
    report();
    process.exit();
  });
  const names = TARGETS.map(({ name }) => name);
  new Worker(WATCHDOG, { eval: true, workerData: { running, names, everyMs: REPORT_MS } }).unref();
  let reported = Date.now();
  do {
    for (const run of runs) {
      await runTurn(run, isOne ? 0 : Math.min(TURN_MS, end - Date.now()));
      // Seeds that were given are for one run; they do not change where the next one begins.
      if (seed !== undefined) continue;
      next[run.target.name] = run.at;
      mkdirSync(new URL('.', state), { recursive: true });
      writeFileSync(state, JSON.stringify(next));
    }
    if (Date.now() - reported > REPORT_MS) {
      reported = Date.now();
      report();
    }
  } while (Date.now() < end);
  report();
  if (runs.some(({ findings }) => findings > 0)) process.exitCode = 1;
}

interface Run {
  target: Target;
  at: number;
  inputs: number;
  findings: number;
}

/** Runs at least one seed. */
async function runTurn(run: Run, forMs: number): Promise<void> {
  const end = Date.now() + forMs;
  while (run.findings < MOST_FINDINGS) {
    running.set([TARGETS.indexOf(run.target), run.at, 1]);
    const finding = await runSeed(run.target, run.at);
    run.at++;
    run.inputs++;
    if (finding) {
      run.findings++;
      print(finding);
    }
    if (Date.now() >= end) return;
  }
}

await main();
