import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installRuntimes, Offline, type RuntimeName } from './install.ts';

// Runs the suites of dist/test and the demo on each runtime, prints one table and fails if anything failed.

interface Runtime {
  name: RuntimeName;
  program: string;
  flags: string[];
}

interface Outcome {
  runtime: string;
  passed: number;
  failed: number;
  skipped: number;
  demo: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** What suites and programs may write to. */
const temporary = mkdtempSync(join(tmpdir(), 'plugboard-runtimes-'));
const suites = 'dist/test/index.js';
const demo = 'dist/examples/counter.js';

/** What uvu, the suites and the command line program ask for. */
const environment = [
  'NODE_DISABLE_COLORS',
  'FORCE_COLOR',
  'NO_COLOR',
  'TERM',
  'TMPDIR',
  'TMP',
  'TEMP',
  'NODE_V8_COVERAGE',
];
const logging = ['PLUGBOARD_LOG', 'RUST_LOG'];

function denoFlags(program: string): string[] {
  return [
    'run',
    '--no-prompt',
    '--no-lock',
    '--no-remote',
    `--allow-read=${root},${temporary}`,
    `--allow-write=${temporary}`,
    `--allow-env=${[...environment, ...logging].join()}`,
    `--allow-run=${program}`,
  ];
}

function start(program: string, args: string[]): { output: string; status: number | null } {
  const { stdout, stderr, status, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary, TMP: temporary, TEMP: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
    // A hanging suite must not hang the run; what was printed before tells which one it is.
    timeout: 4 * 60_000,
    killSignal: 'SIGKILL',
  });
  return { output: `${stdout}${stderr}${error ? `${error}\n` : ''}`, status };
}

function runSuites({ program, flags, name }: Runtime): Omit<Outcome, 'demo'> {
  const { output, status } = start(program, [...flags, suites]);
  const report = /\non (.+):\n(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n/.exec(output);
  const [runtime = name, passed = 0, failed = 0, skipped = 0] = report?.slice(1) ?? [];
  const outcome = { runtime, passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
  // A run that stopped before its closing line, or after it with an error, has failed whatever it counted.
  if (outcome.failed === 0 && (status !== 0 || !report)) outcome.failed = 1;
  console.log(outcome.failed ? `\n${output}` : (output.match(/^skipped: .*$/gm) ?? []).join('\n'));
  return outcome;
}

function runDemo({ program, flags }: Runtime, expected: string): string {
  const { output, status } = start(program, [...flags, demo]);
  if (status === 0 && output === expected) return 'same';
  console.log(`\n${demo} exited with ${status} and printed:\n${output}\nexpected:\n${expected}`);
  return 'differs';
}

function runAll(runtimes: readonly Runtime[]): Outcome[] {
  const reference = start(process.execPath, [demo]);
  if (reference.status !== 0) throw new Error(`${demo} fails on the Node at hand:\n${reference.output}`);
  return runtimes.map(runtime => {
    console.log(`\n${runtime.name}: ${runtime.program}`);
    return { ...runSuites(runtime), demo: runDemo(runtime, reference.output) };
  });
}

function printTable(outcomes: readonly Outcome[]): void {
  const heads = ['runtime', 'passed', 'failed', 'skipped', 'demo'] as const;
  const lines = [heads, ...outcomes.map(outcome => heads.map(head => String(outcome[head])))];
  const widths = heads.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  const print = (line: readonly string[]) =>
    line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  console.log(`\n${lines.map(line => print(line).trimEnd()).join('\n')}\n`);
}

function main(): number {
  let programs: ReturnType<typeof installRuntimes>;
  try {
    programs = installRuntimes();
  } catch (error) {
    if (!(error instanceof Offline) || process.env.CI) throw error;
    console.log(`skipped: the runtimes are not installed and the registry is out of reach\n${error.message}`);
    return 0;
  }
  const outcomes = runAll([
    { name: 'node', program: programs.node, flags: [] },
    { name: 'deno', program: programs.deno, flags: denoFlags(programs.deno) },
    { name: 'bun', program: programs.bun, flags: [] },
  ]);
  printTable(outcomes);
  const demosPassed = outcomes.filter(outcome => outcome.demo === 'same').length;
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, demosPassed);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, outcomes.length - demosPassed);
  console.log(`${passed} passed, ${failed} failed`);
  return failed ? 1 : 0;
}

try {
  process.exitCode = main();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
