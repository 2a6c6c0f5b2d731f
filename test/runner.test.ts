import { suite as uvuSuite } from 'uvu';
import { equal, is, match } from './helpers/assert.ts';
import { addResult, type Report, runFiles } from './helpers/runner.ts';
import { suite } from './helpers/suite.ts';

const worthless = [
  {
    name: 'a forgotten .run()',
    load: async () => uvuSuite('forgotten')('never runs', () => {}),
    problem: /queued no suite/,
  },
  {
    name: 'a leftover .only',
    load: async () => {
      const uvu = uvuSuite('sample with .only');
      uvu('left out', () => {});
      uvu.only('runs', () => {});
      uvu.run();
    },
    problem: /left out by \.only/,
  },
  {
    name: 'a bare .skip',
    load: async () => {
      const uvu = uvuSuite('sample with .skip');
      uvu('runs', () => {});
      uvu.skip('skipped', () => {});
      uvu.run();
    },
    problem: /bare \.skip/,
  },
  { name: 'a suite without tests', load: async () => uvuSuite('empty').run(), problem: /without tests/ },
  {
    name: 'a file that fails to load',
    load: async () => {
      throw new Error('broken file');
    },
    problem: /broken file/,
  },
];

suite('test entry', test => {
  for (const { name, load, problem } of worthless) {
    test(`reports ${name}`, async () => {
      const report = await runFiles([{ name: 'sample.test.js', load }]);
      is(report.failed, 0);
      match(report.problems.join('\n'), problem);
    });
  }

  test('reports a run without any test', async () => {
    match((await runFiles([])).problems.join('\n'), /no test ran/);
  });

  test('counts passed and failed tests', () => {
    const report: Report = { passed: 1, failed: 0, problems: [], errors: [] };
    addResult(report, 'sample.test.js', ['text of the failure', 2, 0, 5]);
    equal(report, { passed: 3, failed: 3, problems: [], errors: ['text of the failure'] });
  });
});
