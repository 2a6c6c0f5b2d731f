import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_NAMES } from '../../src/conformance/error-names.ts';
import { CASES, fileOf, HELLOS, pairsOf, type Row, WRONG_HOST } from './wrong-lines.ts';

interface Runner {
  name: string;
  /** The program, before the command of the host. */
  program: readonly string[];
  /** Whether its messages are those of plugboard. */
  hasMessages: boolean;
  statuses(stdout: string, place: string): Record<string, [status: string, reason: string]>;
}
const RUNNERS: readonly Runner[] = [
  {
    name: 'run.py',
    program: ['python3', 'run.py', '--json', '--timeout', '5', '--host'],
    hasMessages: true,
    statuses: stdout => {
      type Results = { cases: { id: string; status: string; reasons: string[] }[] };
      const { cases } = JSON.parse(stdout) as Results;
      return Object.fromEntries(cases.map(({ id, status, reasons }) => [id, [status, reasons.join()]]));
    },
  },
  {
    name: 'go test',
    program: ['go', 'test', '-count=1', '.', '-args', '-results', 'results.json', '-host'],
    hasMessages: false,
    statuses: (_, place) => {
      const statuses = JSON.parse(readFileSync(join(place, 'results.json'), 'utf8')) as Record<
        string,
        string
      >;
      return Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, [status, '']]));
    },
  },
];

/** Tries the runners of the bundle with hosts that write wrong lines. Returns the problems. */
export const problemsOfWrongLines = (): string[] =>
  RUNNERS.flatMap(runner => {
    // The Go runner waits 30 s for each late answer.
    const rows = CASES.filter(([at]) => runner.hasMessages || at !== 'forever');
    return [...HELLOS.flatMap(row => problemOfHello(runner, row)), ...problemsOfCases(runner, rows)];
  }).concat(problemOfSignal(RUNNERS[0]!));

/** A runner that gets a signal ends its host first. */
function problemOfSignal(runner: Runner): string[] {
  const mute: Row = ['mute', '', /./];
  const { place } = run(runner, [mute], { 'wrong.0': mute }, 3000);
  try {
    readFileSync(join(place, 'muted'));
    process.kill(Number(readFileSync(join(place, 'pid'), 'utf8')), 0);
    return [`${runner.name}: its host outlives it`];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? [] : [`${runner.name}: ${error}`];
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** @param timeoutMs the runner gets SIGTERM then */
function run(
  { program: [program = '', ...args] }: Runner,
  rows: readonly Row[],
  ids: Record<string, Row>,
  timeoutMs = 120_000,
) {
  const place = mkdtempSync(join(tmpdir(), 'wrong lines-'));
  cpSync('fixtures/conformance', place, { recursive: true });
  cpSync('fixtures/cases.schema.json', join(place, 'cases.schema.json'));
  mkdirSync(join(place, 'x'));
  const files = {
    'errors.json': Object.fromEntries(ERROR_NAMES),
    'index.json': ['x'],
    'x/cases.json': fileOf(pairsOf(rows)),
    'rows.json': ids,
  };
  for (const [name, json] of Object.entries(files)) writeFileSync(join(place, name), JSON.stringify(json));
  writeFileSync(join(place, 'host.cjs'), WRONG_HOST);
  const command = `'${process.execPath}' "${join(place, 'host.cjs')}"`;
  const done = spawnSync(program, [...args, command], { cwd: place, encoding: 'utf8', timeout: timeoutMs });
  return { place, ...done };
}

function problemOfHello(runner: Runner, row: Row): string[] {
  const { place, stdout, stderr, status } = run(runner, [], { hello: row });
  try {
    const isFine = status !== null && status !== 0 && /the host wrote/.test(stdout + stderr);
    const isTold = !runner.hasMessages || row[2].test(stderr);
    return isFine && isTold ? [] : [`${runner.name}, the first line ${row[1]}: ${status} ${stdout}${stderr}`];
  } finally {
    rmSync(place, { recursive: true });
  }
}

function problemsOfCases(runner: Runner, rows: readonly Row[]): string[] {
  const ids = Object.fromEntries(rows.map((row, index) => [`wrong.${index}`, row]));
  const { place, stdout, stderr } = run(runner, rows, ids);
  try {
    const seen = runner.statuses(stdout, place);
    return rows.flatMap(([at, line, problem], index) => {
      const [status, reason = ''] = seen[`wrong.${index}`] ?? [];
      const [next] = seen[`next.${index}`] ?? [];
      const isFine =
        status === 'failed' && next === 'passed' && (!runner.hasMessages || problem.test(reason));
      return isFine ? [] : [`${runner.name}, ${line} for ${at}: ${status} ${reason}, then ${next}`];
    });
  } catch (error) {
    return [`${runner.name}: ${(error as Error).message} ${stdout}${stderr}`.slice(0, 2000)];
  } finally {
    rmSync(place, { recursive: true });
  }
}
