import { createRecorder, replay } from '../../src/audit/node.ts';
import type { Case } from '../../src/conformance/case.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { equal, ok } from '../helpers/assert.ts';
import { hostHere, readCaseFile } from '../helpers/cases.ts';
import { suiteOnThread } from '../helpers/modes.ts';

/** Plugins that ask for everything of the outside, in short programs that a case gives them. */
const FOLDERS = [
  'abi',
  'abi-extras',
  'script',
  'wasi-script',
  'host-types',
  'link-kinds',
  'link-main',
  'vowels',
];

/** Id → why its recording is not replayed to the same end. */
const OTHERWISE: Readonly<Record<string, RegExp>> = {};

const WAYS = { '': {}, ' in a worker': { runInWorker: true } } as const;

/** Files in memory cannot go to a worker. */
const runs = (way: string, { calls, requires = [] }: Case): boolean =>
  calls !== undefined && (way === '' || !requires.includes('allowed-paths'));

for (const [way, options] of Object.entries(WAYS)) {
  for (const folder of FOLDERS) {
    const file = readCaseFile(folder);
    suiteOnThread(`recordings of ${folder}${way}`, test => {
      for (const given of file.cases.filter(given => runs(way, given))) {
        test(`${given.id}: its recording replays to the same outcome`, async () => {
          const recorder = createRecorder({ record: 'all', memory: true });
          const { status } = await runCase(hostHere({ ...options, record: recorder }), folder, file, given);
          if (status === 'skipped') return;
          for (const recording of recorder.recordings()) {
            const report = await replay(recording, { verify: 'memory' });
            const expected = OTHERWISE[given.id];
            const told = JSON.stringify([report.divergence, report.differences]);
            if (expected) ok(expected.test(told), told);
            else equal([report.divergence, report.differences, report.isSame], [null, [], true]);
          }
        });
      }
    });
  }
}
