import { comparison } from '../comparison/index.ts';
import { equal } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { DIFFERENCES, SEEN_IN_MEMORY } from './differences.ts';

suite('peer/differences', test => {
  test('every intended difference from the official kernel is a row with a reason', () => {
    const reasons = new Map(comparison.flatMap(({ rows }) => rows).map(({ id, why }) => [id, why]));
    equal(
      [...SEEN_IN_MEMORY, ...DIFFERENCES.map(({ row }) => row)].filter(row => !reasons.get(row)),
      [],
    );
  });
});
