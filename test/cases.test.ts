import { loadSubject, readCaseFile, readIndex, runCase } from './helpers/cases.ts';
import { suite } from './helpers/suite.ts';

for (const kernel of ['accessors', 'reference'] as const) {
  for (const folder of readIndex()) {
    const file = readCaseFile(folder);
    suite(`cases of ${folder}, ${kernel} kernel`, test => {
      for (const given of file.cases) {
        const title = `${given.id}: ${given.proves}`;
        const body = () => runCase(loadSubject(folder, file, kernel), given);
        if (given.rows) test.row(given.rows, title, body);
        else test(title, body);
      }
    });
  }
}
