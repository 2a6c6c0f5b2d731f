import { createPlugin } from '../../src/node.ts';
import { Errno } from '../../wasi/index.ts';
import { equal, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import {
  buildGuest,
  count,
  createGuest,
  FIRST,
  type GuestFunctions,
  i32,
  i64,
  mark,
  place,
} from './guest.ts';

const MARKS = { _initialize: 1, __wasm_call_ctors: 2, hs_init: 3, _start: 4 } as const;
type StartFunction = keyof typeof MARKS;

const params = ['i32', 'i32'] as const;
/** A module whose start functions mark that they ran; with `wasi` it also imports WASI. */
const marking = (names: readonly StartFunction[], wasi: boolean): GuestFunctions => ({
  ...Object.fromEntries(
    names.map(name => [name, { body: mark(MARKS[name]), ...(name === 'hs_init' && { params }) }]),
  ),
  trap: ['unreachable'],
  ...(wasi && { exit: [...i32(0), 'proc_exit'] }),
});

const orders: [row: string, exports: StartFunction[], run: StartFunction[]][] = [
  ['start-initialize', ['_initialize'], ['_initialize']],
  ['start-ctors', ['__wasm_call_ctors'], ['__wasm_call_ctors']],
  ['start-both', ['_initialize', '__wasm_call_ctors'], ['__wasm_call_ctors']],
  ['start-haskell', ['hs_init'], ['hs_init']],
  ['start-haskell', ['hs_init', '_initialize', '__wasm_call_ctors'], ['_initialize', 'hs_init']],
  ['start-command', ['_start'], []],
  ['start-command-reactor', ['_start', '_initialize'], ['_initialize']],
];

suite('start functions', test => {
  for (const [row, exports, run] of orders) {
    for (const wasi of [false, true]) {
      test.row(
        [`abi.${row}`, 'abi.start-when'],
        `of ${exports.join(', ')} ${wasi ? 'with' : 'without'} WASI, ${run.join(', ') || 'none'}; again for a new instance`,
        async () => {
          const expected = run.map(name => MARKS[name]);
          const { plugin, marks } = await createGuest(marking(exports, wasi));
          equal(marks, expected);
          await raises(() => plugin.call('trap'), { code: 'TRAP' });
          await raises(() => plugin.call('trap'), { code: 'TRAP' });
          equal(marks, [...expected, ...expected]);
        },
      );
    }
  }

  test.row('abi.start-command', '_start runs when called by name, after _initialize', async () => {
    const { plugin, marks } = await createGuest(marking(['_start', '_initialize'], true));
    await plugin.call('_start');
    equal(marks, [MARKS._initialize, MARKS._start]);
  });

  test.row('abi.start-params', 'an _initialize with parameters is an ordinary export', async () => {
    const { marks } = await createGuest({ _initialize: { body: mark(1), params: ['i32'] } });
    equal(marks, []);
  });

  test.row(
    'abi.start-type',
    'a function with a result, or hs_init with other parameters, is not started',
    async () => {
      for (const [name, shape] of [
        ['__wasm_call_ctors', { results: ['i32'], body: [...mark(1), ...i32(0)] }],
        ['hs_init', { params: ['i32'], body: mark(1) }],
        ['hs_init', { params: ['i64', 'i64'], body: mark(1) }],
      ] as const) {
        const { marks } = await createGuest({ [name]: shape, _initialize: mark(2) });
        equal(marks, [2], name);
      }
    },
  );

  test.row(
    ['abi.start-error', 'error.INIT_ERROR'],
    'an error text of a start function is reported, and fails the creation with strict',
    async () => {
      const told: string[] = [];
      const setsError = { _initialize: [...place('oh'), ...i64(FIRST), 'error_set'], run: mark(1) } as const;
      const { plugin, marks } = await createGuest(setsError, {
        onDiagnostic: ({ code, message }) => told.push(`${code} ${message}`),
      });
      await plugin.call('run');
      equal([marks, told], [[1], ['INIT_ERROR module "main": a start function set the error text "oh"']]);
      await raises(() => createGuest(setsError, { strict: true }), { code: 'INIT_FAILED', message: 'oh' });
    },
  );

  test.row(
    'abi.start-section-wasi',
    'a start section that calls WASI with pointers gets EFAULT',
    async () => {
      const told: string[] = [];
      const bytes = buildModule({
        imports: [
          { module: 'wasi_snapshot_preview1', name: 'random_get', params: ['i32', 'i32'], results: ['i32'] },
        ],
        memoryPages: 1,
        global: { name: 'errno', value: 0 },
        functions: [{ name: 'begin', body: [...i32(0), ...i32(8), 'call 0', 'global.set 0'] }],
        start: 1,
      });
      const plugin = await createPlugin(bytes, { onDiagnostic: ({ code }) => told.push(code) });
      const { errno } = (await plugin.getInstance()).exports as { errno: WebAssembly.Global };
      equal([errno.value, told], [Errno.EFAULT, ['WASI_MEMORY_UNBOUND']]);
    },
  );

  test.row('abi.start-section', 'a start section runs once for each instance', async () => {
    const bytes = buildGuest({ begin: mark(1), trap: ['unreachable'] }, 1);
    ok(WebAssembly.validate(bytes));
    const { plugin, marks } = await createGuest(bytes);
    equal(marks, [1]);
    await raises(() => plugin.call('trap'), { code: 'TRAP' });
    await plugin.getInstance();
    equal(marks, [1, 1]);
  });

  for (const name of ['_initialize', '__wasm_call_ctors', 'hs_init']) {
    test.row('abi.start-trap', `a trap in ${name} fails creation`, async () => {
      const shape = { body: ['unreachable'], ...(name === 'hs_init' && { params }) };
      const error = await raises(() => createGuest({ [name]: shape, run: [] }), { code: 'INIT_FAILED' });
      let cause: unknown = error;
      while (cause instanceof Error && !(cause instanceof WebAssembly.RuntimeError)) cause = cause.cause;
      ok(cause instanceof WebAssembly.RuntimeError);
    });
  }

  test.row('abi.start-trap', 'a trap in a start section fails creation', async () => {
    const bytes = buildGuest({ begin: ['unreachable'] }, 0);
    await raises(() => createGuest(bytes), { code: 'INIT_FAILED' });
  });

  test.row(
    'abi.start-host-function',
    'a start function may use host functions, the kernel and its memory',
    async () => {
      const { plugin, marks } = await createGuest({
        _initialize: [...place('kv'), ...i64(0), ...i64(FIRST), 'var_set', 'host', ...count],
        run: count,
      });
      await plugin.call('run');
      equal([marks, [...plugin.vars.keys()]], [[1, 2], ['']]);
    },
  );
});
