import {
  body,
  encodeModule,
  exportItem,
  functionType,
  importItem,
  section,
  text,
  unsigned,
  vector,
  WASM_HEADER,
} from '../../abi/encode.ts';
import { toHtml } from '../../src/audit/html.ts';
import { reportOf } from '../../src/audit/index.ts';
import { audit } from '../fuzz/audit.ts';
import { runSeed } from '../fuzz/target.ts';
import { is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const MANY = 20_000;
const count = (length: number) => Array.from({ length }, (_, index) => index);
const TYPE = [functionType([], [])];

/** Modules that would take long, or much memory, if the work or the report grew faster than the bytes. */
const ROWS: readonly [name: string, bytes: () => Uint8Array<ArrayBuffer>][] = [
  [
    'a chain of functions, each of them exported',
    () =>
      encodeModule({
        type: TYPE,
        import: [importItem('a', 'b', 'function', [0])],
        function: count(MANY).map(() => [0]),
        export: count(MANY).map(index => exportItem(`f${index}`, 'function', index + 1)),
        code: count(MANY).map(index => body([`call ${index}`])),
      }),
  ],
  [
    'each export reaches each import',
    () =>
      encodeModule({
        type: TYPE,
        import: count(2000).map(index => importItem('a', `f${index}`, 'function', [0])),
        function: count(2000).map(() => [0]),
        export: count(2000).map(index => exportItem(`f${index}`, 'function', index + 2000)),
        code: count(2000).map(index =>
          body(index === 1999 ? count(2000).map(callee => `call ${callee}`) : ['call 3999']),
        ),
      }),
  ],
  [
    'one function under many names',
    () =>
      encodeModule({
        type: TYPE,
        import: [importItem('a', 'b', 'function', [0])],
        function: [[0]],
        export: count(MANY).map(index => exportItem(`f${index}`, 'function', 1)),
        code: [body(['call 0'])],
      }),
  ],
  [
    'a long name in a long path of each export',
    () =>
      encodeModule({
        type: TYPE,
        import: [importItem('n'.repeat(50_000), 'm'.repeat(50_000), 'function', [0])],
        function: count(100).map(() => [0]),
        export: count(100).map(index => exportItem('x'.repeat(1000) + index, 'function', index + 1)),
        code: count(100).map(index => body([`call ${index}`])),
      }),
  ],
  [
    'a type of a thousand parameters for many functions',
    () =>
      Uint8Array.from([
        ...WASM_HEADER,
        ...section(1, vector([functionType(Array(1000).fill('i32'), [])])),
        ...section(3, vector(count(MANY).map(() => [0]))),
        ...section(10, vector(count(MANY).map(() => [2, 0, 0x0b]))),
      ]),
  ],
  [
    'more names than functions',
    () =>
      Uint8Array.from([
        ...WASM_HEADER,
        ...section(0, [
          ...text('name'),
          ...[1, ...unsigned(3 + 3 * 1000), ...vector(count(1000).map(() => [0, 1, 0x61]))],
        ]),
      ]),
  ],
];

suite('audit: hostile modules', test => {
  for (const [name, make] of ROWS) {
    test(`${name}: the report stays within its bounds`, async () => {
      const bytes = make();
      const report = await reportOf(bytes);
      is(report.modules[0]!.valid, WebAssembly.validate(bytes));
      ok(JSON.stringify(report).length < 40_000_000);
      for (const { reach } of report.exports) ok(reach!.state === 'unknown' || reach!.imports.length <= 2000);
      ok(toHtml(report, { title: 'x' }).length > 0);
    });
  }

  for (const [row, module] of [
    ['limit.reachSteps', 0],
    ['limit.reachPairs', 1],
  ] as const)
    test.row(row, `exports beyond ${row} have an unknown reach, and say so`, async () => {
      const { exports } = await reportOf(ROWS[module]![1]());
      ok(exports.some(({ reach }) => reach!.state === 'bounded'));
      ok(
        exports.some(({ reach }) => reach!.state === 'unknown' && reach!.why!.includes('too many to follow')),
      );
    });

  test('200 damaged modules keep the rules of the fuzzer', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const finding = await runSeed(audit, seed);
      is(finding, null, JSON.stringify(finding));
    }
  });
});
