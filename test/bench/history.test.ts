import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { compare, type Line, linesOf } from './history.ts';

const line = (commit: string, medianMs: number, ratio?: number, more: Partial<Line> = {}): Line => ({
  ...{
    date: '2026-01-01T00:00:00Z',
    commit,
    runtime: 'node',
    version: '26.0.0',
    cpu: 'CPU',
    name: 'echo',
    medianMs,
  },
  ...(ratio !== undefined && { ratio }),
  ...more,
});

const comparisons: { name: string; lines: Line[]; printed: string[] }[] = [
  { name: 'a first run', lines: [line('a', 2)], printed: ['echo, node, CPU: 2 ms at a, the first run'] },
  {
    name: 'a slower commit',
    lines: [line('a', 2, 4), line('b', 3, 2)],
    printed: ['SLOWER: echo, node, CPU: 3 ms at b, +50 % against 1 run at a, to the peer +100 %'],
  },
  {
    name: 'a slower machine, on which the peer is slower too',
    lines: [line('a', 2, 4), line('b', 3, 4)],
    printed: ['same: echo, node, CPU: 3 ms at b, +50 % against 1 run at a, to the peer +0 %'],
  },
  {
    name: 'a faster commit, without a peer',
    lines: [line('a', 2), line('b', 1)],
    printed: ['faster: echo, node, CPU: 1 ms at b, -50 % against 1 run at a'],
  },
  {
    name: 'a run with the median of the runs before it',
    lines: [line('a', 9), line('b', 1), line('c', 2), line('d', 2.1)],
    printed: ['same: echo, node, CPU: 2.1 ms at d, +5 % against 3 runs from a to c'],
  },
  {
    name: 'each runtime, machine and name with itself',
    lines: [
      line('a', 2),
      line('a', 9, 1, { runtime: 'bun' }),
      line('a', 5, 1, { cpu: 'other' }),
      line('b', 2),
    ],
    printed: [
      'same: echo, node, CPU: 2 ms at b, +0 % against 1 run at a',
      'echo, bun, CPU: 9 ms at a, the first run',
      'echo, node, other: 5 ms at a, the first run',
    ],
  },
];

suite('bench history', test => {
  for (const { name, lines, printed } of comparisons) {
    test(`compares ${name}`, () => equal(compare(lines), printed));
  }

  test('a run has one line for each of our subjects that was measured', () => {
    const conditions = { date: '2026-01-01T00:00:00Z', commit: 'abc', cpu: 'CPU' };
    const measured = {
      runtime: 'node 20.1.0',
      measurements: [{ workload: 'echo', medianUs: { ours: 2, peer: 5, old: 4 } }],
    };
    const same = { ...conditions, runtime: 'node', version: '20.1.0' };
    equal(linesOf('payload', [measured], { ours: 'peer', old: 'hung', missing: 'peer' }, conditions), [
      { ...same, name: 'payload › echo › ours', medianMs: 0.002, ratio: 2.5 },
      { ...same, name: 'payload › echo › old', medianMs: 0.004 },
    ]);
  });
});
