import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import type { bundles } from './bundle.ts';
import type { KeptResults } from './page.ts';

/** A runner of the bundle: it returns the status of each case. */
interface Runner {
  name: string;
  program: readonly string[];
  /** Whether it runs actors. */
  runsActors: boolean;
  read(stdout: string, folder: string): Record<string, string>;
}
type Bundle = ReturnType<typeof bundles>[number];
const RESULTS = 'results.json';

const PYTHON: Runner = {
  name: 'run.py',
  program: ['python3', 'run.py', '--json', '--host', '{host}', '--expect', '{expect}'],
  runsActors: true,
  read: stdout => {
    const { cases } = JSON.parse(stdout) as Pick<KeptResults, 'cases'>;
    return Object.fromEntries(cases.map(({ id, status }) => [id, status]));
  },
};
const GO: Runner = {
  name: 'go test',
  program: [
    ...['go', 'test', '-count=1', '.', '-args', '-host', '{host}'],
    ...['-expect', '{expect}', '-results', RESULTS],
  ],
  runsActors: false,
  read: (_, folder) => JSON.parse(readFileSync(join(folder, RESULTS), 'utf8')) as Record<string, string>,
};

interface Found {
  name: string;
  /** Number of cases. */
  compared: number;
  differences: string[];
}

/** Runs the bundles with their own runner, as their users do. Returns each case whose status is not the kept one. */
function differencesWith(
  runner: Runner,
  host: string,
  expect: string,
  { cases }: KeptResults,
  chosen: readonly Bundle[],
): Found {
  const actors = new Set(
    readIndex()
      .flatMap(folder => readCaseFile(folder).cases)
      .flatMap(({ id, process, actor }) => (process || actor ? [id] : [])),
  );
  const kept = new Map(cases.map(({ id, status }) => [id, status]));
  let compared = 0;
  const differences = chosen.flatMap(({ name, files }) => {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    try {
      for (const [path, bytes] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
      }
      const filled = runner.program.map(word =>
        word.replace('{host}', host).replace('{expect}', `expectations/${expect}`),
      );
      const [program = '', ...args] = filled;
      const done = spawnSync(program, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 });
      let seen: Record<string, string>;
      try {
        seen = runner.read(done.stdout, folder);
      } catch {
        return [`${name}, ${runner.name}: ${done.error?.message ?? ''}${done.stdout}${done.stderr}`];
      }
      const statuses = Object.entries(seen).filter(([id]) => runner.runsActors || !actors.has(id));
      if (statuses.length === 0) return [`${name}, ${runner.name}: no case ran`];
      compared += statuses.length;
      return statuses
        .filter(([id, status]) => kept.get(id) !== status)
        .map(
          ([id, status]) =>
            `${id}: ${status} with ${runner.name}, ${kept.get(id)} with plugboard conformance`,
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  return { name: runner.name, compared, differences };
}

export const differencesInPython = (
  python: string,
  expect: string,
  results: KeptResults,
  chosen: readonly Bundle[],
): Found =>
  differencesWith(
    PYTHON,
    `${resolve(python)} ${resolve('fixtures/adapters/native.py')}`,
    expect,
    results,
    chosen,
  );

export const differencesInGo = (
  program: string,
  expect: string,
  results: KeptResults,
  chosen: readonly Bundle[],
): Found => differencesWith(GO, program, expect, results, chosen);
