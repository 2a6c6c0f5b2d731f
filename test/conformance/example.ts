import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Results } from '../../src/cli/conformance/report.ts';

/** The host of the example: the native runtime, by its Python package. */
const MY_HOST = `
import extism

def make_plugin(manifest, wasi):
    return extism.Plugin(manifest, wasi=wasi)
`;

/** Runs core cases without host functions on the adapter that the README of the cases prints. Returns the problems. */
export function problemsOfExample(python: string): string[] {
  const page = readFileSync('fixtures/conformance/README.md', 'utf8');
  const [, adapter = ''] = /```python\n(.*?)```/s.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'conformance-example-'));
  try {
    writeFileSync(join(folder, 'adapter.py'), adapter);
    writeFileSync(join(folder, 'my_host.py'), MY_HOST);
    const host = `${resolve(python)} ${join(folder, 'adapter.py')}`;
    const args = ['conformance', '--cases', 'fixtures', '--json', '--level', 'core', '--filter', 'script.'];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['dist/lib/cli/main.js', ...args, '--host', host],
      {
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
      },
    );
    if (stdout === '') return [stderr];
    const { cases } = JSON.parse(stdout) as Results;
    const failed = cases.filter(({ isUnexpected }) => isUnexpected);
    const hasPassed = cases.some(({ status }) => status === 'passed');
    return [
      ...(hasPassed ? [] : ['no case passed']),
      ...failed.map(({ id, reasons }) => `${id}: ${reasons.join('; ')}`),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
