import { createRecorder, replay } from '../../src/audit/node.ts';
import type { Case } from '../../src/conformance/case.ts';
import { runCase } from '../../src/conformance/run-case.ts';
import { equal } from '../helpers/assert.ts';
import { hostHere, readCaseFile } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { suiteOnThread } from '../helpers/modes.ts';

/** Plugins that ask for everything of the outside, in short programs that a case gives them. */
const WAYS = [
  {
    way: '',
    options: {},
    folders: ['abi-extras', 'script', 'wasi-script', 'host-types', 'link-kinds', 'link-main', 'vowels'],
  },
  {
    way: ' in a worker',
    options: { runInWorker: true, workers: { keep: 1 } },
    folders: ['abi-extras', 'wasi-script', 'host-types', 'link-kinds'],
  },
  // Each replay starts a worker of its own, so few plugins have to do, and few of their cases.
  {
    way: ', replayed in a worker',
    options: {},
    folders: ['wasi-script', 'link-kinds'],
    runInWorker: true,
    every: 6,
  },
];

/** Files in memory cannot go to a worker. A replay has no clock that ends a call at the same place. */
const runs = (way: string, { calls, requires = [] }: Case): boolean =>
  calls !== undefined &&
  !requires.includes('timeouts') &&
  (way !== ' in a worker' || !requires.includes('allowed-paths'));

for (const { way, options, folders, runInWorker, every = 1 } of WAYS) {
  for (const folder of folders) {
    const file = readCaseFile(folder);
    // Hashing takes most of the time, and the plugin with most cases is of the same kind as wasi-script.
    const memory = folder !== 'script' || host().thorough === true;
    suiteOnThread(`recordings of ${folder}${way}`, test => {
      const cases = file.cases.filter(given => runs(way, given));
      for (const given of cases.filter((_, index) => host().thorough || index % every === 0)) {
        test(`${given.id}: its recording replays to the same outcome`, async () => {
          const recorder = createRecorder({ record: 'all', memory });
          const { status } = await runCase(hostHere({ ...options, record: recorder }), folder, file, given);
          if (status === 'skipped') return;
          for (const recording of recorder.recordings()) {
            const report = await replay(recording, {
              verify: memory ? 'memory' : 'outcome',
              timeoutMs: null,
              runInWorker,
            });
            equal([report.divergence, report.differences, report.isSame], [null, [], true]);
          }
        });
      }
    });
  }
}
