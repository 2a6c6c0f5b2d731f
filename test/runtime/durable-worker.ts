import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBlocks } from '../package/pages.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';
import { startWorkerd } from './workerd.ts';

const EXAMPLE = 'examples/durable-object';
const VISITS = ['ada', 'ada', 'bob', 'ada', 'bob'];

/** The example of networks in Durable Objects, of which docs/EDGE.md shows a part. workerd is killed between two visits. */
export async function checkDurableWorker(program: string): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-objects-'));
  const start = () =>
    startWorkerd(program, join(root, EXAMPLE, 'config.capnp'), {
      more: [`--directory-path=objects=${folder}`],
    });
  let workerd = await start();
  const ask = async (path: string) => (await fetch(workerd.origin + path)).json() as Promise<unknown>;
  const counts: unknown[] = [];
  try {
    for (const name of VISITS) {
      counts.push(await ask(`/${name}`));
      await workerd.kill();
      workerd = await start();
    }
    let total: unknown[] = [];
    for (let turn = 0; turn < 200 && total.length < VISITS.length; turn++) {
      total = (await ask('/total')) as unknown[];
      if (total.length < VISITS.length) await new Promise(resolve => setTimeout(resolve, 100));
    }
    counts.push(...total.map(item => (item as string[])[1]));
  } catch (error) {
    counts.push(`${(error as Error).message}\n${workerd.output()}`);
  } finally {
    await workerd.kill();
    rmSync(folder, { recursive: true, force: true });
  }
  const file = readFileSync(join(root, EXAMPLE, 'worker.js'), 'utf8');
  const page = readBlocks(readFileSync(join(root, 'docs/EDGE.md'), 'utf8'));
  const shown = page.find(({ code }) => code.includes('durableNetwork'))?.code;
  const totals = VISITS.map((_, at) => `{"count":{"type":"Integer","data":${at + 1}}}`);
  return [
    {
      name: `${EXAMPLE} on workerd, killed after each visit`,
      expected: [1, 2, 1, 3, 2, ...totals].join('\n'),
      actual: counts.join('\n'),
    },
    {
      name: `${EXAMPLE} in docs/EDGE.md`,
      expected: 'a part of worker.js',
      actual: shown && file.includes(shown) ? 'a part of worker.js' : `${shown}`,
    },
  ];
}
