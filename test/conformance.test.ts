import { ENV_FUNCTIONS } from '../abi/spec.ts';
import { ERROR_NAMES } from '../src/conformance/error-names.ts';
import type { Seen } from '../src/conformance/host.ts';
import { judgeAlternatives, judgeCall, judgeFolders, judgeRequests } from '../src/conformance/judge.ts';
import type { SourceCaseFile } from '../src/conformance/shared-cases.ts';
import { wasiFunctions } from '../wasi/index.ts';
import { FAULTS } from './actor/upstream.ts';
import { comparison } from './comparison/index.ts';
import { bundles, zipOf } from './conformance/bundle.ts';
import { conformancePage, type KeptResults } from './conformance/page.ts';
import { WITHOUT_CASE } from './conformance/without-case.ts';
import { equal, is, match, ok } from './helpers/assert.ts';
import { readCaseFile, readIndex } from './helpers/cases.ts';
import { host, readJson, readText } from './helpers/host.ts';
import { suite } from './helpers/suite.ts';

const cases = readIndex().flatMap(folder => readCaseFile(folder).cases);
const results = readJson('test/conformance/results.json') as KeptResults[];
const schema = readJson('fixtures/cases.schema.json') as {
  $defs: { requires: { items: { enum: string[] } }; errorCode: { enum: string[] } };
};
const readme = () => readText('fixtures/conformance/README.md');
const MOST_ZIP_BYTES = 1_500_000;

suite('conformance: the cases', test => {
  test('each row of the ABI, of WASI and of faults of upstream has a case, or a reason why not', () => {
    const proved = new Set(
      cases.flatMap(({ rows = [], calls = [] }) => [
        ...rows,
        ...calls.flatMap(({ alternatives = [] }) => alternatives.map(({ row }) => row)),
      ]),
    );
    const all = [
      ...comparison.flatMap(({ rows }) => rows.map(({ id }) => `abi.${id}`)),
      ...ENV_FUNCTIONS.map(({ name }) => `env.${name}`),
      ...wasiFunctions.map(({ name }) => `wasi.${name}`),
      ...FAULTS.map(({ number }) => `upstream.${number}`),
    ];
    equal(
      all.filter(row => !proved.has(row) && !WITHOUT_CASE.has(row)),
      [],
    );
    equal(
      [...WITHOUT_CASE.keys()].filter(row => proved.has(row) || !all.includes(row)),
      [],
    );
    equal(
      [...proved].filter(row => !all.includes(row)),
      [],
    );
  });

  test('at least 300 cases are core, without alternatives, and passed on each host', () => {
    const core = cases.filter(({ level }) => level === 'core');
    ok(core.length >= 300, String(core.length));
    for (const { id, calls = [] } of core)
      ok(
        calls.every(call => !call.alternatives),
        id,
      );
    for (const { host: name, cases: kept } of results)
      equal(
        kept.filter(({ level, status }) => level === 'core' && status !== 'passed'),
        [],
        name,
      );
  });

  test('no published id is gone or retired', () => {
    const retired = readJson('fixtures/conformance/retired.json') as string[];
    const ids = new Set(cases.map(({ id }) => id));
    equal(
      retired.filter(id => ids.has(id)),
      [],
    );
    const published = results.flatMap(({ cases: kept }) => kept.map(({ id }) => id));
    equal(
      published.filter(id => !ids.has(id) && !retired.includes(id)),
      [],
    );
  });

  test('each id of an expectation is that of a case, and each row exists', () => {
    const ids = new Set(cases.map(({ id }) => id));
    for (const file of host().list('fixtures/expectations')) {
      const { xfail } = readJson(`fixtures/expectations/${file}`) as {
        xfail: Record<string, { row?: string; report?: string }>;
      };
      for (const [id, { row, report }] of Object.entries(xfail)) {
        ok(ids.has(id), `${file}: ${id}`);
        ok(row !== undefined || report !== undefined, `${file}: ${id}`);
      }
    }
  });

  test('README.md lists the features and the kinds of errors of the schema', () => {
    const text = readme();
    for (const name of schema.$defs.requires.items.enum) match(text, new RegExp(`^\\|\`${name}\`\\|`, 'm'));
    equal(ERROR_NAMES.map(([name]) => name).sort(), [...schema.$defs.errorCode.enum].sort());
    for (const [name] of ERROR_NAMES) ok(text.includes(`\`${name}\``), name);
  });

  test('results of hardened cases are not told, since they may be matters of security', () => {
    const told = results.flatMap(({ cases: kept }) =>
      kept.filter(({ level, reason }) => level === 'hardened' && reason !== undefined),
    );
    equal(told, []);
  });

  test('CONFORMANCE.md is printed from the results', () => {
    is(readText('docs/CONFORMANCE.md'), conformancePage(results));
  });

  test('the first bundle stays below 1.5 MB', () => {
    const [{ name, files }] = bundles() as [ReturnType<typeof bundles>[number]];
    const { length } = zipOf(name, files);
    ok(length < MOST_ZIP_BYTES, `${length} bytes`);
  });

  test('each folder is in one bundle, with all of its cases and without keys of the repository', () => {
    const packed = bundles().flatMap(({ files }) =>
      files
        .filter(([path]) => path.endsWith('/cases.json'))
        .map(([, bytes]) => JSON.parse(new TextDecoder().decode(bytes)) as SourceCaseFile),
    );
    is(packed.length, readIndex().length);
    is(packed.flatMap(file => file.cases).length, cases.length);
    for (const { wasm, shared, except } of packed) equal([shared, except], [undefined, undefined], wasm);
  });
});

const seen = (changes: Partial<Seen>): Seen => ({
  output: new TextEncoder().encode('x'),
  error: null,
  logs: [],
  stdout: [],
  stderr: [],
  ...changes,
});
const failed = (name: string, more: object = {}) => ({ error: { name, message: 'why', ...more } });
const exact = { has: () => true, origin: 'http://h' };
const plain = { has: () => false, origin: '' };

suite('conformance: the judge', test => {
  const expected = { output: { text: 'x' } };
  const wrong: [name: string, problem: RegExp, ...given: Parameters<typeof judgeCall>][] = [
    [
      'another output',
      /^output: expected "x", got "y"/,
      expected,
      seen({ output: new Uint8Array([121]) }),
      [],
      exact,
    ],
    ['no output', /got none/, expected, seen({ output: null }), [], exact],
    ['an unexpected failure', /expected success/, expected, seen(failed('trap')), [], exact],
    ['an unexpected success', /but it succeeded/, { error: { code: 'trap' } }, seen({}), [], exact],
    [
      'another error',
      /expected the error trap, got exit/,
      { error: { code: 'trap' } },
      seen(failed('exit')),
      [],
      plain,
    ],
    [
      'a vague error where names are exact',
      /got failed/,
      { error: { code: 'trap' } },
      seen(failed('failed')),
      [],
      exact,
    ],
    [
      'another message',
      /^message/,
      { error: { code: 'trap', message: 'no' } },
      seen(failed('trap')),
      [],
      exact,
    ],
    [
      'another exit code',
      /^exit code/,
      { error: { code: 'exit', exitCode: 3 } },
      seen(failed('exit', { exitCode: 4 })),
      [],
      exact,
    ],
    ['a log too many', /^logs/, expected, seen({ logs: [{ level: 'info', text: '' }] }), [], exact],
    ['a missing line', /^stdout/, { ...expected, stdout: ['line'] }, seen({}), [], exact],
    [
      'a call of a host function',
      /^calls of host/,
      expected,
      seen({}),
      [{ function: 'f', arguments: [] }],
      plain,
    ],
  ];
  for (const [name, problem, ...given] of wrong)
    test(`sees ${name}`, () => match(judgeCall(...given).join('\n'), problem));

  const right: [name: string, ...given: Parameters<typeof judgeCall>][] = [
    ['the expected output', expected, seen({}), [], exact],
    ['no output as an empty one', { output: { text: '' } }, seen({ output: null }), [], plain],
    [
      'a kind above the expected error',
      { error: { code: 'invalid-handle' } },
      seen(failed('failed')),
      [],
      plain,
    ],
    ['a name below the expected kind', { error: { code: 'failed' } }, seen(failed('trap')), [], exact],
    [
      'an exit code that the host cannot tell',
      { error: { code: 'exit', exitCode: 3 } },
      seen(failed('exit')),
      [],
      plain,
    ],
  ];
  for (const [name, ...given] of right) test(`takes ${name}`, () => equal(judgeCall(...given), []));

  test('an alternative takes the place of output and error', () => {
    const call = {
      function: 'f',
      output: { text: 'y' },
      alternatives: [{ row: 'abi.x', error: { code: 'failed' } }],
    };
    equal(judgeAlternatives(call, seen(failed('trap')), [], exact), { row: 'abi.x' });
    ok('problems' in judgeAlternatives(call, seen({}), [], exact));
  });

  test('a missing, an added and a changed file are each a difference', () => {
    const text = (content: string) => ({ text: content });
    const before = { data: { a: text('1'), b: text('2') } };
    equal(judgeFolders(before, before), []);
    is(judgeFolders({ data: { a: text('x'), c: text('3') } }, before).length, 3);
  });

  test('requests are compared in order, with the named headers', () => {
    const got = [{ method: 'GET', path: '/', headers: { a: '1', b: '2' }, bytes: new Uint8Array() }];
    equal(judgeRequests(got, [{ method: 'GET', path: '/', headers: { a: '1' } }], ''), []);
    is(judgeRequests(got, [{ method: 'GET', path: '/', headers: { a: '2' } }], '').length, 1);
    is(judgeRequests(got, [], '').length, 1);
  });
});
