// `npm run mutate [COUNT]`: makes small mistakes in abi/ and wasi/, one at a time, and reports those that no suite notices.
// Stopped at any time, it goes on where it was. `npm run mutate -- again` runs only the survivors without a reason, after new tests.

import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { allMutants, type Mutant, sample } from './mutants.ts';
import { suitesFor } from './suites.ts';
import { SURVIVORS } from './survivors.ts';

const SEED = 20_261_128;
const COUNT = 600;
/** A suite may take this many times as long as without the mutant, and a while more on a busy machine. */
const TIME_FACTOR = 5;
const SPARE_MS = 10_000;

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The copy that mutants are put into. It is as deep as dist/, because suites find the fixtures from where they are. */
const copy = `${root}mutants/`;
const resultsFile = `${root}test/mutation/results.jsonl`;

type Outcome = 'killed' | 'timeout' | 'survived';
interface Result {
  readonly id: string;
  readonly outcome: Outcome;
  /** The filter whose suite noticed. */
  readonly by?: string;
}

/** Ends the present run of suites with all its children. */
let endSuites = () => {};
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    endSuites();
    process.exit(1);
  });

/** Runs suites on the copy. Ends the process with all its children after `limitMs`. */
const runSuites = (filter: string, limitMs = 600_000): Promise<'passed' | 'failed' | 'timeout'> =>
  new Promise(resolve => {
    const child = spawn(process.execPath, [`${copy}test/index.js`, ...filter.split(' ')], {
      cwd: root,
      detached: true,
      stdio: 'ignore',
    });
    endSuites = () => void process.kill(-child.pid!, 'SIGKILL');
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      endSuites();
    }, limitMs);
    child.on('exit', code => {
      clearTimeout(timer);
      endSuites = () => {};
      resolve(isLate ? 'timeout' : code === 0 ? 'passed' : 'failed');
    });
  });

const limits = new Map<string, number>();

/** Returns the time limit of suites, which are run without a mutant first. */
async function limitFor(filter: string): Promise<number> {
  const known = limits.get(filter);
  if (known !== undefined) return known;
  const start = performance.now();
  const outcome = await runSuites(filter);
  if (outcome !== 'passed') throw new Error(`${filter}: expected to pass without a mutant, got ${outcome}`);
  const limitMs = SPARE_MS + TIME_FACTOR * (performance.now() - start);
  limits.set(filter, limitMs);
  return limitMs;
}

async function test(mutant: Mutant): Promise<Result> {
  const { id, file, source, start, end, after } = mutant;
  const built = `${copy}${file.replace(/\.ts$/, '.js')}`;
  const original = readFileSync(built);
  const { code } = transformSync(source.slice(0, start) + after + source.slice(end), {
    loader: 'ts',
    target: 'es2022',
  });
  const mutated = code.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"');
  for (const filter of suitesFor(file)) {
    const limitMs = await limitFor(filter);
    writeFileSync(built, mutated);
    const outcome = await runSuites(filter, limitMs);
    writeFileSync(built, original);
    if (outcome !== 'passed') return { id, outcome: outcome === 'failed' ? 'killed' : outcome, by: filter };
  }
  return { id, outcome: 'survived' };
}

const wanted = process.argv.slice(2);
const chosen = sample(
  // abi/options.ts is the text of wasi/options.ts, whose suites test it.
  allMutants(root, ['abi/', 'wasi/']).filter(({ file }) => file !== 'abi/options.ts'),
  SEED,
  Number(wanted.find(Number) ?? COUNT),
);
/** The last line of each mutant counts. */
const results = new Map<string, Result>();
if (existsSync(resultsFile))
  for (const line of readFileSync(resultsFile, 'utf8').split('\n').filter(Boolean)) {
    const result = JSON.parse(line) as Result;
    results.set(result.id, result);
  }
const again = wanted.includes('again');
const isExplained = (id: string) => SURVIVORS.some(known => known.id === id);
const open = chosen.filter(({ id }) => {
  const outcome = results.get(id)?.outcome;
  return again ? outcome === 'survived' && !isExplained(id) : outcome === undefined;
});

const show = ({ id, file, line, kind, before, after }: Mutant) =>
  `${id} ${file}:${line} ${kind}: ${before.split('\n')[0]} → ${after}`;

if (open.length > 0) {
  rmSync(copy, { recursive: true, force: true });
  cpSync(`${root}dist`, copy, { recursive: true });
}
for (const [index, mutant] of open.entries()) {
  const result = await test(mutant);
  results.set(mutant.id, result);
  appendFileSync(resultsFile, `${JSON.stringify(result)}\n`);
  console.log(
    `${index + 1}/${open.length} ${result.outcome} ${show(mutant)}${result.by ? ` (${result.by})` : ''}`,
  );
}

const count = (outcome: Outcome) => chosen.filter(({ id }) => results.get(id)?.outcome === outcome).length;
const survivors = chosen.filter(({ id }) => results.get(id)?.outcome === 'survived');
const unexplained = survivors.filter(({ id }) => !isExplained(id));
console.log(
  `\nsurvivors without a reason in test/mutation/survivors.ts:\n${unexplained.map(show).join('\n')}`,
);
console.log(
  `${chosen.length} mutants: ${count('killed')} killed, ${count('timeout')} timeouts, ` +
    `${survivors.length} survived, ${unexplained.length} of them without a reason`,
);
