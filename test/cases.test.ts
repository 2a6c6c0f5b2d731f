import type { Case } from '../src/conformance/case.ts';
import { runCase } from '../src/conformance/run-case.ts';
import { equal } from './helpers/assert.ts';
import { hostHere, readCaseFile, readIndex } from './helpers/cases.ts';
import { suite } from './helpers/suite.ts';

const IN_WORKER = ' in a worker';
/** The ways in which plugboard runs a plugin: tiers of the kernel, and a worker of its own. */
const WAYS = {
  ', accessors kernel': { kernel: 'accessors' },
  ', reference kernel': { kernel: 'reference' },
  [IN_WORKER]: { runInWorker: true, workers: { keep: 1 } },
} as const;

/** Files in memory cannot go to a worker. Actors have suites of their own in workers. */
const runsInWorker = ({ calls, requires = [] }: Case): boolean =>
  calls !== undefined && !requires.includes('allowed-paths');

for (const [way, options] of Object.entries(WAYS)) {
  const subject = hostHere(options);
  for (const folder of readIndex()) {
    const file = readCaseFile(folder);
    if (way === IN_WORKER && !file.cases.some(runsInWorker)) continue;
    suite(`cases of ${folder}${way}`, test => {
      for (const given of file.cases) {
        if (way === IN_WORKER && !runsInWorker(given)) continue;
        const title = `${given.id}: ${given.proves}`;
        const body = async () => {
          const { status, reasons } = await runCase(subject, folder, file, given);
          // A runtime may lack a feature, such as waiting; nothing else may be skipped.
          const expected = status === 'skipped' ? { status, reasons } : { status: 'passed', reasons: [] };
          equal({ status, reasons }, expected);
        };
        test.row(given.rows ?? [], title, body);
      }
    });
  }
}
