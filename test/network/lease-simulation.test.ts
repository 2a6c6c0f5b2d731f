import { match, ok } from '../helpers/assert.ts';
import { readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { LEASE_HEAD, LEASE_RUNS, leaseRow, simulateLeases } from './lease-simulation.ts';

const MOST_WORKERS = 10;

// `npm run test:long -- network` checks the rows with more workers.
suite('simulation of leases', test => {
  const page = readText('docs/SCALE.md');
  test('the page has the columns of the simulation', () => ok(page.includes(LEASE_HEAD)));
  for (const run of LEASE_RUNS.filter(({ workers }) => workers <= MOST_WORKERS))
    test(`${run.workers} workers that die and stop give the row of docs/SCALE.md, and lose and double nothing`, () => {
      const row = leaseRow(run);
      ok(page.includes(row), row);
    });

  test('without compare-and-append packets are counted twice', () => {
    const [run] = LEASE_RUNS;
    match(simulateLeases({ ...run!, isUnchecked: true }).problem ?? '', /were counted, and then from/);
  });
});
