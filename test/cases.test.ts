import { runCase } from '../src/conformance/run-case.ts';
import { equal } from './helpers/assert.ts';
import { hostHere, readCaseFile, readIndex } from './helpers/cases.ts';
import { suite } from './helpers/suite.ts';

for (const kernel of ['accessors', 'reference'] as const) {
  const host = hostHere({ kernel });
  for (const folder of readIndex()) {
    const file = readCaseFile(folder);
    suite(`cases of ${folder}, ${kernel} kernel`, test => {
      for (const given of file.cases) {
        const title = `${given.id}: ${given.proves}`;
        const body = async () => {
          const { status, reasons } = await runCase(host, folder, file, given);
          equal({ status, reasons }, { status: 'passed', reasons: [] });
        };
        if (given.rows) test.row(given.rows, title, body);
        else test(title, body);
      }
    });
  }
}
