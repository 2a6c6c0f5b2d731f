import {
  body,
  code,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  unsigned,
} from '../../abi/encode.ts';
import { type CallError, createPlugin } from '../../src/node.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { type Body, createGuest, FIRST, i32, i64, mark, place } from './guest.ts';

const setError: Body = [...i64(FIRST), 'error_set'];
const setOutput: Body = [...i64(FIRST), ...i64(2), 'output_set'];

const ENDS = {
  nothing: { body: [] },
  '0': { body: i32(0), results: ['i32'] },
  '7': { body: i32(7), results: ['i32'] },
  trap: { body: ['unreachable'] },
  'exit 0': { body: [...i32(0), 'proc_exit'] },
  'exit 3': { body: [...i32(3), 'proc_exit'] },
} as const satisfies Record<string, { body: Body; results?: readonly ['i32'] }>;

/** Ways in which an export ends, without and with an error text set before; each without and with an output. */
const matrix: [
  end: keyof typeof ENDS,
  plain: [row: string, code: string | null, exitCode: number | null],
  withError: [row: string, code: string, exitCode: number | null],
][] = [
  ['nothing', ['result-success', null, null], ['result-error', 'PLUGIN_ERROR', 0]],
  ['0', ['result-success', null, null], ['result-error', 'PLUGIN_ERROR', 0]],
  ['7', ['result-code', 'NONZERO_RESULT', 7], ['result-error-code', 'PLUGIN_ERROR', 7]],
  ['trap', ['result-trap', 'TRAP', null], ['result-trap-error', 'TRAP', null]],
  ['exit 0', ['result-exit-0', null, null], ['result-exit-error', 'EXIT', 0]],
  ['exit 3', ['result-exit', 'EXIT', 3], ['result-exit-error', 'EXIT', 3]],
];

for (const kernel of ['reference', 'accessors'] as const) {
  // In a worker a call ends the same way on both kernels, so one kernel is enough: each test starts a worker.
  const declare = kernel === 'reference' ? suiteOnThread : suiteInModes;
  declare(`results (${kernel})`, test => {
    for (const [end, ...outcomes] of matrix) {
      for (const [withError, [row, code, exitCode]] of outcomes.entries()) {
        for (const output of [null, 'oh']) {
          const rows = [
            `abi.${row}`,
            ...(output && row === 'result-code' ? ['abi.result-code-output'] : []),
            ...(output && row === 'result-error' ? ['abi.result-error-output'] : []),
          ];
          const name = `${end}${withError ? ' after an error text' : ''}${output ? ' and an output' : ''}`;
          test.row(rows, name, async () => {
            const { body, ...shape } = { ...ENDS[end] };
            const run = {
              ...shape,
              body: [
                ...place('oh no'),
                ...(withError ? setError : []),
                ...(output ? setOutput : []),
                ...body,
              ],
            };
            const { plugin } = await createGuest({ run }, { kernel });
            if (code === null) {
              is((await plugin.call('run'))?.text() ?? null, output);
              return;
            }
            const error = (await raises(() => plugin.call('run'), { code })) as CallError;
            equal([error.exitCode, error.output?.text() ?? null], [exitCode, output]);
            if (withError) is(error.message, 'oh no');
            if (end === '7' && !withError) is(error.message, 'Returned non-zero exit code: 7');
            if (end === 'trap') ok(error.cause instanceof WebAssembly.RuntimeError);
          });
        }
      }
    }
  });
}

suiteInModes('results', test => {
  const unfit = [
    ['result-type', 'an i64 result', { body: [...mark(1), ...i64(5)], results: ['i64'] }],
    ['result-many', 'two results', { body: [...mark(1), ...i32(0), ...i32(0)], results: ['i32', 'i32'] }],
    ['result-params', 'a parameter', { body: mark(1), params: ['i32'] }],
  ] as const;
  for (const [row, name, run] of unfit) {
    test.row(`abi.${row}`, `an export with ${name} does not run`, async () => {
      const { plugin, marks } = await createGuest({ run });
      await raises(() => plugin.call('run'), { code: 'BAD_SIGNATURE' });
      equal(marks, []);
    });
  }

  test.row('abi.result-overflow', 'endless recursion has a code of its own', async () => {
    const { plugin } = await createGuest({ run: ['call 0'] });
    await raises(() => plugin.call('run'), { code: 'STACK_OVERFLOW' });
  });

  test.row(
    'abi.result-host-error',
    'an error thrown by a host function ends the call, caught or not',
    async () => {
      const cause = new Error('kaputt');
      const host = () => {
        throw cause;
      };
      const { plugin, marks } = await createGuest(
        {
          run: ['host', ...mark(1)],
          caught: ['try', 'host', 'catch_all', 'end'],
          goesOn: ['try', 'host', 'catch_all', 'end', ...place('x')],
        },
        { host },
      );
      for (const name of ['run', 'caught', 'goesOn'])
        await raises(() => plugin.call(name), { code: 'HOST_FUNCTION_FAILED', cause });
      equal(marks, []);
    },
  );

  test.row('abi.result-missing', 'a call of a missing export leaves the plugin unchanged', async () => {
    const { plugin, marks } = await createGuest({ run: mark(1) });
    const error = await raises(() => plugin.call('nope'), { code: 'FUNCTION_NOT_FOUND' });
    match(error.message, 'Function not found: nope (exported functions: run)');
    equal([plugin.isActive(), await plugin.reset()], [false, true]);
    await plugin.call('run');
    equal(marks, [1]);
  });
});

/** Exports `keep (externref) -> ()`, which sets a global, and `give () -> (externref)`, which returns it. */
const KEEPS_OBJECT = encodeModule({
  type: [functionType(['externref'], []), functionType([], ['externref'])],
  function: [unsigned(0), unsigned(1)],
  global: [[...globalType('externref', true), ...code(['ref.null externref', 'end'])]],
  export: [exportItem('keep', 'function', 0), exportItem('give', 'function', 1)],
  code: [body(['local.get 0', 'global.set 0']), body(['global.get 0'])],
});

suiteOnThread('results that are objects', test => {
  test('an object with a method then is refused, and its method is not called', async () => {
    // Compiled before, so that the type of the export cannot be seen before the call.
    const plugin = await createPlugin({ wasm: [{ module: new WebAssembly.Module(KEEPS_OBJECT) }] });
    const { exports } = await plugin.getInstance();
    let calls = 0;
    (exports.keep as (value: unknown) => void)({
      // biome-ignore lint/suspicious/noThenProperty: the test needs it.
      then() {
        calls++;
      },
    });
    const refused = { code: 'BAD_SIGNATURE', message: 'a result of [object Object]' };
    await raises(() => plugin.call('give'), refused);
    await raises(async () => plugin.callSync('give'), refused);
    is(calls, 0);
  });
});
