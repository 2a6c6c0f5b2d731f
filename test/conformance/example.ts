import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Results } from '../../src/cli/conformance/report.ts';
import { isLarge } from './bundle.ts';

/** The host of the example: the native runtime, by its Python package. */
const MY_HOST = `
import extism

def make_plugin(manifest, wasi):
    return extism.Plugin(manifest, wasi=wasi)
`;

/** Runs core cases on the adapter that the README of the cases prints. Returns the problems, such as a wrong number of passes. */
export function problemsOfExample(python: string): string[] {
  const page = readFileSync('fixtures/conformance/README.md', 'utf8');
  const [, adapter = ''] = /```python\n(.*?)```/s.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'conformance-example-'));
  try {
    writeFileSync(join(folder, 'adapter.py'), adapter);
    writeFileSync(join(folder, 'my_host.py'), MY_HOST);
    const host = `${resolve(python)} ${join(folder, 'adapter.py')}`;
    const args = ['conformance', '--cases', 'fixtures', '--json', '--level', 'core'];
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
    const failed = cases.filter(({ isUnexpected, id }) => isUnexpected && id.startsWith('script.'));
    const here = cases.filter(({ topic }) => !isLarge(topic));
    const passed = here.filter(({ status }) => status === 'passed').length;
    const told = `it passes ${passed} of the ${here.length} \`core\` cases of this package`;
    return [
      ...(page.includes(told) ? [] : [`the page does not say: ${told}`]),
      ...failed.map(({ id, reasons }) => `${id}: ${reasons.join('; ')}`),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
