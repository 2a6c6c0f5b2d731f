import { equal } from '../helpers/assert.ts';
import { readJson } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { COUNTS_FILE, type Counts, countsOf, steadyFolders } from './counts.ts';

suite('fuel counts', test => {
  const committed = readJson(COUNTS_FILE) as Record<string, Counts>;

  test('each fixture whose code does the same in each run is counted', () =>
    equal(Object.keys(committed), steadyFolders()));

  for (const folder of Object.keys(committed)) {
    test(`the calls of ${folder} use the committed units on every engine`, async () =>
      equal(await countsOf(folder), committed[folder]));
  }
});
