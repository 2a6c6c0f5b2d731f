import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clear, RAW_FOLDER } from '../coverage/folder.ts';
import { type BrowserName, findBrowser } from './browsers.ts';
import { bundleSuites, bundleWorker, suiteFiles } from './bundle.ts';
import type { RuntimeId } from './cannot.ts';
import { checkExamples } from './examples.ts';
import { installRuntimes, Offline } from './install.ts';
import { keptReport } from './kept.ts';
import { type Check, REPORT_MARK, type RuntimeReport } from './report.ts';
import { findRequestProblems } from './requests.ts';
import { PAGE } from './serve.ts';
import { DENO_FLAGS, runJobs, start, TIMEOUT_MS, temporary } from './start.ts';
import { count, explain, findTableProblems, type Outcome, printSkips, printTable } from './table.ts';
import { visit } from './visit.ts';
import { serveWorker, writeSuitesWorker } from './workerd.ts';

// Runs the suites and the examples on every runtime and prints one table. Fails if a test failed, or did not run without a
// reason.

const recorded = join(temporary, 'modules');

type Programs = ReturnType<typeof installRuntimes>;

/** Runs Node, Deno or Bun. `args` end with an entry of dist/test/runtime and its arguments before the id. */
async function runProgram(
  id: RuntimeId,
  program: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<RuntimeReport> {
  const { output, code } = await start(program, [...args, id], env);
  const line = output.split('\n').find(text => text.startsWith(REPORT_MARK));
  if (!line || code !== 0) throw new Error(`${id} ended with ${code}\n${output.slice(-20_000)}`);
  return JSON.parse(line.slice(REPORT_MARK.length)) as RuntimeReport;
}

async function runBrowser(id: RuntimeId, name: BrowserName, program: string): Promise<RuntimeReport> {
  const script = await bundleSuites(id, suites => [
    "import { runPage } from './dist/test/runtime/page.js';",
    `runPage(${suites});`,
  ]);
  const paths = suiteFiles();
  const pages = new Map([
    ['/index.html', `${PAGE}<script type="module" src="/suites.js"></script>`],
    ['/suites.js', script],
    ['/worker-web.js', await bundleWorker()],
    ['/files.json', JSON.stringify(paths)],
  ]);
  const report = await visit(
    name,
    program,
    id !== 'chromium-plain',
    pages,
    paths,
    `index.html?runtime=${id}`,
  );
  return JSON.parse(report) as RuntimeReport;
}

async function runWorkerd(program: string): Promise<RuntimeReport> {
  const version = (await start(program, ['--version'])).stdout.trim().replace(/^workerd /, '');
  const { config, older } = await writeSuitesWorker(
    join(temporary, 'worker'),
    recorded,
    `workerd ${version}`,
  );
  // Two processes: in the process that ran suites, WebAssembly is changed (lend-modules.ts).
  const problems = await fetchJson<string[]>(program, config, 'imported');
  const requests = [
    ...(await serveWorker(program, config, origin => findRequestProblems(origin, true))),
    ...(await serveWorker(program, older, origin => findRequestProblems(origin, false))),
  ];
  const report = await fetchJson<RuntimeReport>(program, config, 'suites');
  return { ...report, problems: [...report.problems, ...problems, ...requests] };
}

const fetchJson = <T>(program: string, config: string, path: string): Promise<T> =>
  serveWorker(program, config, async origin => {
    const response = await fetch(`${origin}/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  });

interface Job {
  id: RuntimeId;
  run(): Promise<RuntimeReport>;
}

function browserJobs(): { jobs: Job[]; missing: string[] } {
  const jobs: Job[] = [];
  const missing: string[] = [];
  const ids: Record<BrowserName, RuntimeId[]> = {
    chromium: ['chromium', 'chromium-plain'],
    firefox: ['firefox'],
  };
  // Firefox takes longest, so it comes first. The page without shared memory runs least, so it comes last.
  for (const name of ['firefox', 'chromium'] as const) {
    const program = findBrowser(name);
    if (program) jobs.push(...ids[name].map(id => ({ id, run: () => runBrowser(id, name, program) })));
    else missing.push(`skipped: ${ids[name].join(', ')}: no ${name} on this machine (in CI it is installed)`);
  }
  return { jobs, missing };
}

/**
 * JavaScriptCore has eight memories of the fast kind by default, and collects garbage for each further memory. The suites make
 * thousands, and take half the time with room for more.
 */
const FAST_MEMORIES = { BUN_JSC_maxNumWasmFastMemories: '200' };

/** A program that runs the suites in this number of processes: JavaScriptCore gets slower with each memory that it once had. */
const inParts = (id: RuntimeId, parts: number, run: (part: string) => Promise<RuntimeReport>): Job[] =>
  Array.from({ length: parts }, (_, part) => ({ id, run: () => run(`--part=${part}/${parts}`) }));

const nodeLike = (programs: Programs): Job[] => {
  const files = 'dist/test/runtime/files.js';
  const { node, deno, bun } = programs;
  return [
    // Measured on the way: `node dist/test/coverage/run.js --report` prints the lines that ran.
    ...inParts('node', 2, part =>
      runProgram('node', node, ['dist/test/runtime/record.js', part, recorded], {
        NODE_V8_COVERAGE: RAW_FOLDER,
      }),
    ),
    ...inParts('bun', 2, part => runProgram('bun', bun, [files, part], FAST_MEMORIES)),
    ...inParts('deno', 2, part => runProgram('deno', deno, [...DENO_FLAGS, files, part])),
  ];
};

/** Joins the reports of the parts of one runtime. If a part has broken off, the joined report has no results. */
const joined = (reports: readonly RuntimeReport[]): RuntimeReport => ({
  runtime: reports[0]!.runtime,
  results: reports.every(({ results }) => results.length > 0)
    ? reports.flatMap(({ results }) => results)
    : [],
  errors: reports.flatMap(({ errors }) => errors),
  problems: reports.flatMap(({ problems }) => problems),
});

async function runAll(
  programs: Programs,
): Promise<{ outcomes: Outcome[]; notes: string[]; checks: Check[] }> {
  mkdirSync(recorded);
  // In CI, `npm test` has measured a part.
  if (!keptReport()) clear();
  const running = new Map<RuntimeId, Promise<RuntimeReport>[]>();
  const reportOf = async ({ id, run }: Job): Promise<RuntimeReport> => {
    const startMs = Date.now();
    const report = await run().catch((error: Error) => ({
      runtime: id,
      results: [],
      errors: [],
      problems: [error.message],
    }));
    const passed = report.results.filter(({ outcome }) => outcome === 'passed').length;
    console.log(`${report.runtime}: ${passed} passed in ${((Date.now() - startMs) / 1000).toFixed(0)} s`);
    return report;
  };
  const atHand: Job = {
    id: 'node-at-hand',
    run: async () =>
      keptReport() ?? (await runProgram('node-at-hand', process.execPath, ['dist/test/runtime/files.js'])),
  };
  const { jobs, missing } = browserJobs();
  const [longest, ...rest] = jobs;
  const all: Job[] = [
    ...(longest ? [longest] : []),
    ...nodeLike(programs),
    ...rest,
    {
      id: 'workerd',
      run: async () => {
        // It imports the modules that the newest Node has recorded.
        await Promise.all(running.get('node')!);
        return runWorkerd(programs.workerd);
      },
    },
  ];
  const wanted = process.argv.slice(2);
  if (wanted.includes('workerd')) wanted.push('node');
  const chosen = [atHand, ...all.filter(({ id }) => wanted.length === 0 || wanted.includes(id))];
  let checks: Check[] = [];
  await runJobs([
    ...chosen.map(job => async () => {
      const report = reportOf(job);
      running.set(job.id, [...(running.get(job.id) ?? []), report]);
      await report;
    }),
    async () => {
      checks = await checkExamples(programs);
    },
  ]);
  const reports = new Map<RuntimeId, RuntimeReport>();
  for (const [id, parts] of running) reports.set(id, joined(await Promise.all(parts)));
  const reference = reports.get('node-at-hand')!.results;
  const outcomes = [...reports].map(
    ([id, report]): Outcome =>
      // A run that broke off has one problem, and not a hole for each test.
      report.results.length > 0 ? explain(id, report, reference) : report,
  );
  const [first] = outcomes;
  first!.problems.push(...findTableProblems(reference));
  if (process.env.CI && !process.version.startsWith('v20.')) {
    first!.problems.push(
      `expected Node 20, the oldest that is supported, to start this run, got ${process.version}`,
    );
  }
  return { outcomes, notes: missing, checks };
}

async function main(): Promise<number> {
  let programs: Programs;
  try {
    programs = installRuntimes();
  } catch (error) {
    if (!(error instanceof Offline) || process.env.CI) throw error;
    console.log(`skipped: the runtimes are not installed and the registry is out of reach\n${error.message}`);
    return 0;
  }
  const { outcomes, notes, checks } = await runAll(programs);
  const wrong = checks.filter(({ expected, actual }) => actual !== expected);
  for (const { runtime, errors, problems } of outcomes) {
    for (const error of errors) console.log(`\non ${runtime}:\n${error}`);
    for (const problem of problems) console.log(`problem on ${runtime}: ${problem}`);
  }
  for (const { name, expected, actual } of wrong) {
    console.log(`\n${name} gave:\n${actual}\nexpected:\n${expected}`);
  }
  console.log(`\n${printSkips(outcomes)}`);
  for (const note of notes) console.log(note);
  console.log(`\n${printTable(outcomes)}\n`);
  for (const check of checks)
    console.log(`${check.name}: ${wrong.includes(check) ? 'FAILED' : 'as expected'}`);
  console.log();
  const passed = outcomes.reduce(
    (sum, outcome) => sum + count(outcome, 'passed'),
    checks.length - wrong.length,
  );
  const failed = outcomes.reduce(
    (sum, outcome) => sum + count(outcome, 'failed') + outcome.problems.length,
    wrong.length,
  );
  console.log(`${passed} passed, ${failed} failed`);
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main();
} finally {
  // A browser that was just killed may still write to its profile.
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
