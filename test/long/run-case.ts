import { Skip } from './case.ts';
import { SUITES } from './suites.ts';

// Runs one case: `run-case.js SUITE CASE`. Its exit code says how it ended.

const [suite = '', name = ''] = process.argv.slice(2);
const cases = await SUITES[suite]?.();
const found = cases?.find(item => item.name === name);
if (!found) throw new Error(`there is no case "${name}" in the suite "${suite}"`);
try {
  await found.run();
  console.log('passed');
} catch (error) {
  if (!(error instanceof Skip)) throw error;
  console.log(`skipped: ${error.message}`);
}
