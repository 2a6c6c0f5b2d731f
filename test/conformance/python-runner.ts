import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { bundles } from './bundle.ts';
import type { KeptResults } from './page.ts';

const MOST_BYTES = 2 ** 30;

/** Runs the bundles with their own runner in Python, as their users do. Returns each case whose status is not the kept one. */
export function differencesInPython(python: string, expect: string, { cases }: KeptResults): string[] {
  const kept = new Map(cases.map(({ id, status }) => [id, status]));
  return bundles().flatMap(({ name, files }) => {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    try {
      for (const [path, bytes] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
      }
      const host = `${resolve(python)} ${resolve('fixtures/adapters/native.py')}`;
      const args = ['run.py', '--json', '--host', host, '--expect', `expectations/${expect}`];
      const { status, stdout, stderr } = spawnSync('python3', args, {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: MOST_BYTES,
      });
      if (status !== 0 && stdout === '') return [`${name}: ${stderr}`];
      const seen = (JSON.parse(stdout) as Pick<KeptResults, 'cases'>).cases;
      if (seen.length === 0) return [`${name}: no case ran`];
      return seen
        .filter(({ id, status: other }) => kept.get(id) !== other)
        .map(
          ({ id, status: other }) =>
            `${id}: ${other} with run.py, ${kept.get(id)} with plugboard conformance`,
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
