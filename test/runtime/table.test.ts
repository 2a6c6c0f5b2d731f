import { equal, is, match } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { CANNOT } from './cannot.ts';
import { COMMANDS } from './commands.ts';
import type { Result, RuntimeReport } from './report.ts';
import { explain, findTableProblems, printSkips, printTable } from './table.ts';

const passed = (file: string, name: string): Result => ({ file, suite: 'sample', name, outcome: 'passed' });
const reference = [
  passed('abi/sample.test.js', 'one'),
  passed('abi/sample.test.js', 'two'),
  passed('cli/call.test.js', 'three'),
];
const reportOf = (...results: Result[]): RuntimeReport => ({
  runtime: 'firefox 1',
  results,
  errors: [],
  problems: [],
});

suite('runtime/table', test => {
  test('tests of a file that is not loaded are skipped with its reason', () => {
    const outcome = explain('firefox', reportOf(reference[0]!, reference[1]!), reference);
    equal(outcome.problems, []);
    equal(
      outcome.results.map(result => result.outcome),
      ['passed', 'passed', 'skipped'],
    );
    match(printSkips([outcome]), /^skipped on firefox 1: 1 of cli\/call: the command line/);
    match(printTable([outcome]), /^firefox 1 +2 +0 \(1\) +2 \(1\)$/m);
  });

  test('a test that is missing without a reason is a problem', () => {
    const { problems } = explain('firefox', reportOf(reference[0]!), reference);
    is(problems.length, 1);
    match(problems[0]!, /^unexplained hole: abi\/sample\.test\.js: sample › two/);
    is(explain('bun', reportOf(), reference).problems.length, 3);
  });

  test('a test that Node did not run is a problem', () => {
    const report = reportOf(...reference, passed('abi/sample.test.js', 'four'));
    equal(explain('bun', report, reference).problems, [
      'not a test on Node: abi/sample.test.js: sample › four',
    ]);
  });

  test('a row that matches no test, and a name that two tests have, are problems', () => {
    is(findTableProblems([]).length, CANNOT.length + COMMANDS.length);
    is(
      findTableProblems([reference[0]!, reference[0]!])[0],
      'two tests are named abi/sample.test.js: sample › one',
    );
  });
});
