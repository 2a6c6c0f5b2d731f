import type { CallError, Manifest, PluginOptions } from '../../src/node.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { buildModule, type ModuleShape } from '../helpers/build-module.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';

const ENV = 'extism:host/env';
type Modules = Record<string, ModuleShape>;

const manifestOf = (modules: Modules, compile = false): Manifest => ({
  wasm: Object.entries(modules).map(([name, shape]) => {
    const bytes = buildModule(shape);
    return compile ? { name, module: new WebAssembly.Module(bytes) } : { name, data: bytes };
  }),
});

/** The i32 that an export returned. Other values than 0 make the call fail, and are taken from the error. */
async function resultOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 0;
  } catch (error) {
    const { code, exitCode, message } = error as CallError;
    if (code !== 'NONZERO_RESULT') throw error;
    return exitCode ?? unreachable(message);
  }
}
const unreachable = (message: string): never => {
  throw new Error(message);
};

const i32 = { results: ['i32'] } as const;
/** Counts its calls in a global. The count shows which instance was called. */
const counter = {
  global: { name: 'count', value: 0 },
  functions: [
    {
      name: 'next',
      ...i32,
      body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
    },
  ],
} satisfies ModuleShape;
const importsNext = (module: string) => ({ module, name: 'next', ...i32 });
const callsNext = { name: 'run', ...i32, body: ['call 0'] };

interface Works {
  /** The row of the comparison that it proves. */
  row?: string;
  name: string;
  modules: Modules;
  options?: PluginOptions;
  /** The results of `run` of the main module, call after call. */
  results: number[];
}

const works: Works[] = [
  {
    row: 'link-instances',
    name: 'two modules that import from a third share its instance',
    modules: {
      lib: counter,
      other: { imports: [importsNext('lib')], functions: [{ ...callsNext, name: 'more' }] },
      main: {
        imports: [importsNext('lib'), { module: 'other', name: 'more', ...i32 }],
        functions: [{ name: 'run', ...i32, body: ['call 0', 'drop', 'call 1'] }],
      },
    },
    results: [2, 4],
  },
  {
    row: 'link-kinds',
    name: 'a table, empty as its module left it',
    modules: {
      lib: { table: { name: 'functions', size: 2 } },
      main: {
        imports: [{ module: 'lib', name: 'functions', kind: 'table', size: 2 }],
        functions: [{ name: 'run', ...i32, body: ['i32.const 3'] }],
      },
    },
    results: [3],
  },
  {
    row: 'link-command',
    name: 'a command: a new instance for each call of its functions',
    modules: {
      lib: { ...counter, functions: [...counter.functions, { name: '_start', body: ['unreachable'] }] },
      main: {
        imports: [importsNext('lib')],
        functions: [{ name: 'run', ...i32, body: ['call 0', 'drop', 'call 0'] }],
      },
    },
    results: [1, 1],
  },
  {
    name: 'a module with _start and _initialize is not a command',
    modules: {
      lib: {
        ...counter,
        functions: [...counter.functions, { name: '_start', body: [] }, { name: '_initialize', body: [] }],
      },
      main: { imports: [importsNext('lib')], functions: [callsNext] },
    },
    results: [1, 2],
  },
  {
    row: 'link-cycle',
    name: 'functions of two modules that call each other',
    modules: {
      lhs: {
        imports: [{ module: 'rhs', name: 'plus', params: ['i32'], ...i32 }],
        functions: [
          { name: 'start', ...i32, body: ['i32.const 1', 'call 0'] },
          { name: 'twice', params: ['i32'], ...i32, body: ['local.get 0', 'local.get 0', 'i32.add'] },
        ],
      },
      rhs: {
        imports: [{ module: 'lhs', name: 'twice', params: ['i32'], ...i32 }],
        functions: [
          {
            name: 'plus',
            params: ['i32'],
            ...i32,
            body: ['local.get 0', 'i32.const 4', 'i32.add', 'call 0'],
          },
        ],
      },
      main: {
        imports: [{ module: 'lhs', name: 'start', ...i32 }],
        functions: [callsNext],
      },
    },
    results: [10, 10],
  },
  {
    row: 'link-cycle',
    name: 'a module that imports from the main one',
    modules: {
      lib: {
        imports: [{ module: 'main', name: 'seven', ...i32 }],
        functions: [{ name: 'next', ...i32, body: ['call 0', 'i32.const 1', 'i32.add'] }],
      },
      main: {
        imports: [importsNext('lib')],
        functions: [callsNext, { name: 'seven', ...i32, body: ['i32.const 7'] }],
      },
    },
    results: [8],
  },
  {
    row: 'link-order',
    name: 'a module before a host function of the same namespace and name, which serves the other names',
    modules: {
      lib: counter,
      main: {
        imports: [importsNext('lib'), { module: 'lib', name: 'five', ...i32 }],
        functions: [{ name: 'run', ...i32, body: ['call 0', 'call 1', 'i32.add'] }],
      },
    },
    options: { functions: { lib: { next: () => 100, five: () => 5 } } },
    results: [6, 7],
  },
  {
    name: 'start functions that use exports of another module, also around a circle',
    modules: {
      main: {
        imports: [importsNext('lib')],
        functions: [
          { ...callsNext },
          { name: 'seven', ...i32, body: ['i32.const 7'] },
          { name: '_initialize', body: ['call 0', 'drop'] },
        ],
      },
      lib: {
        ...counter,
        imports: [{ module: 'main', name: 'seven', ...i32 }],
        functions: [
          {
            name: 'next',
            ...i32,
            body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0', 'global.get 0'],
          },
          { name: '_initialize', body: ['call 0', 'global.set 0'] },
        ],
      },
    },
    results: [9, 10],
  },
];

interface Refused {
  row?: string;
  name: string;
  code: string;
  modules: Modules;
  message: string | RegExp;
}

const refused: Refused[] = [
  {
    row: 'link-missing',
    name: 'missing imports of several modules: one error with the way to each',
    code: 'UNRESOLVED_IMPORTS',
    modules: {
      unused: { imports: [{ module: 'x', name: 'unused' }] },
      deep: { imports: [{ module: 'x', name: 'deep' }], functions: [{ name: 'f', body: [] }] },
      lib: { imports: [{ module: 'deep', name: 'f' }], functions: [{ name: 'f', body: [] }] },
      main: {
        imports: [
          { module: 'lib', name: 'f' },
          { module: 'lib', name: 'g' },
        ],
      },
    },
    message:
      /^module "unused": nothing provides\n {2}x\.unused: .*\nmodule "deep" \(main imports lib, which imports deep\): nothing provides\n {2}x\.deep: .*\nmodule "main": nothing provides\n {2}lib\.g: the module "lib" has no such export; it has f$/,
  },
  {
    row: 'link-type',
    name: 'a function of another type',
    code: 'IMPORT_TYPE_MISMATCH',
    modules: { lib: counter, main: { imports: [{ module: 'lib', name: 'next', results: ['i64'] }] } },
    message: 'lib.next: the plugin declares () -> (i64), but it is () -> (i32)',
  },
  {
    name: 'another kind of export',
    code: 'IMPORT_TYPE_MISMATCH',
    modules: { lib: counter, main: { imports: [{ module: 'lib', name: 'count' }] } },
    message: 'lib.count: the plugin declares a function, but it is a global',
  },
  {
    name: 'a memory that is larger than the one exported, which the engine finds',
    code: 'IMPORT_TYPE_MISMATCH',
    modules: {
      lib: { memoryPages: 1 },
      main: { imports: [{ module: 'lib', name: 'memory', kind: 'memory', pages: 3 }] },
    },
    message: 'module "main"',
  },
  {
    name: 'a memory and a table of two modules that each want the other one first',
    code: 'IMPORT_TYPE_MISMATCH',
    modules: {
      lib: { imports: [{ module: 'main', name: 'table', kind: 'table', size: 1 }], memoryPages: 1 },
      main: {
        imports: [{ module: 'lib', name: 'memory', kind: 'memory', pages: 1 }],
        table: { name: 'table', size: 1 },
      },
    },
    message: 'lib.memory: modules that import from each other can share functions only',
  },
  {
    name: 'a global of a command',
    code: 'UNRESOLVED_IMPORTS',
    modules: {
      lib: { ...counter, functions: [{ name: '_start', body: [] }] },
      main: { imports: [{ module: 'lib', name: 'count', kind: 'global', type: 'i32', mutable: true }] },
    },
    message: 'only its functions can be used',
  },
  {
    name: 'a start function of a dependency that traps',
    code: 'INIT_FAILED',
    modules: {
      lib: { functions: [{ name: '_initialize', body: ['unreachable'] }] },
      main: { functions: [{ name: 'run', body: [] }] },
    },
    message: 'module "lib"',
  },
];

suiteInModes('link', (test, mode) => {
  for (const { row, name, modules, options, results } of works) {
    for (const compile of mode === 'in a worker' ? [false] : [false, true]) {
      test.row(row ? `abi.${row}` : [], `${name}${compile ? ', compiled before' : ''}`, async () => {
        const plugin = await createPlugin(manifestOf(modules, compile), options);
        const got: number[] = [];
        for (const _ of results) got.push(await resultOf(plugin.call('run')));
        equal(got, results);
        equal(
          plugin.report.modules.map(module => module.name),
          Object.keys(modules),
        );
      });
    }
  }

  // Links are planned before a worker starts, so the mode makes no difference.
  for (const { row, name, code, modules, message } of mode === 'in a worker' ? [] : refused) {
    test.row([`error.${code}`, ...(row ? [`abi.${row}`] : [])], `refuses ${name}`, async () => {
      await raises(() => createPlugin(manifestOf(modules)), { code, message });
    });
  }

  test.row(
    'abi.link-start',
    'all modules are started once, dependencies first and main last, and again after a trap',
    async () => {
      const started: string[] = [];
      const part = (name: string, ...uses: string[]): ModuleShape => ({
        imports: [{ module: 'log', name }, ...uses.map(module => ({ module, name: 'f' }))],
        functions: [
          { name: '_initialize', body: ['call 0'] },
          { name: 'f', body: [] },
          { name: 'trap', body: ['unreachable'] },
        ],
      });
      const modules = { b: part('b', 'a'), main: part('main', 'b'), unused: part('unused'), a: part('a') };
      const log = Object.fromEntries(Object.keys(modules).map(name => [name, () => void started.push(name)]));
      const plugin = await createPlugin(manifestOf(modules), { functions: { log } });
      const order = ['a', 'b', 'unused', 'main'];
      equal(started, order);
      await plugin.call('f');
      equal(started, order);
      await raises(() => plugin.call('trap'), { code: 'TRAP' });
      await plugin.call('f');
      equal(started, [...order, ...order]);
    },
  );

  test('a trap in a linked module drops the instances of all modules', async () => {
    const modules: Modules = {
      lib: { ...counter, functions: [...counter.functions, { name: 'trap', body: ['unreachable'] }] },
      main: {
        imports: [importsNext('lib'), { module: 'lib', name: 'trap' }],
        functions: [callsNext, { name: 'fail', body: ['call 1'] }],
      },
    };
    const plugin = await createPlugin(manifestOf(modules));
    is(await resultOf(plugin.call('run')), 1);
    await raises(() => plugin.call('fail'), { code: 'TRAP' });
    is(await resultOf(plugin.call('run')), 1);
  });

  test('modules share one kernel: input, blocks and output', async () => {
    const kernel = [
      { module: ENV, name: 'input_offset', results: ['i64'] },
      { module: ENV, name: 'input_length', results: ['i64'] },
      { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
    ] as const;
    const modules: Modules = {
      lib: { imports: kernel, functions: [{ name: 'echo', body: ['call 0', 'call 1', 'call 2'] }] },
      main: { imports: [{ module: 'lib', name: 'echo' }], functions: [{ name: 'run', body: ['call 0'] }] },
    };
    const plugin = await createPlugin(manifestOf(modules));
    is((await plugin.call('run', 'through the library'))?.text(), 'through the library');
  });

  test('WASI uses the memory of the calling module, its own or an imported one', async () => {
    const write = {
      module: 'wasi_snapshot_preview1',
      name: 'fd_write',
      params: ['i32', 'i32', 'i32', 'i32'],
      ...i32,
    } as const;
    const char = (code: number) => [
      ...['i32.const 0', 'i32.const 16', 'i32.store8 0'],
      ...['i32.const 4', 'i32.const 2', 'i32.store8 0'],
      ...['i32.const 16', `i32.const ${code}`, 'i32.store8 0'],
      ...['i32.const 17', 'i32.const 10', 'i32.store8 0'],
      ...['i32.const 1', 'i32.const 0', 'i32.const 1', 'i32.const 32', 'call 0', 'drop'],
    ];
    const modules: Modules = {
      lib: { imports: [write], memoryPages: 1, functions: [{ name: 'a', body: char(0x2b) }] },
      main: {
        imports: [
          write,
          { module: 'lib', name: 'memory', kind: 'memory', pages: 1 },
          { module: 'lib', name: 'a' },
        ],
        functions: [{ name: 'run', body: ['call 1', ...char(0x2d)] }],
      },
    };
    const lines: string[] = [];
    const plugin = await createPlugin(manifestOf(modules), { stdout: line => lines.push(line) });
    await plugin.call('run');
    equal(lines, ['+', '-']);
  });

  const WASI = 'wasi_snapshot_preview1';
  const noMemory: ModuleShape = {
    imports: [
      { module: WASI, name: 'random_get', params: ['i32', 'i32'], ...i32 },
      { module: WASI, name: 'sched_yield', ...i32 },
      { module: WASI, name: 'proc_exit', params: ['i32'] },
    ],
    functions: [
      { name: 'fine', body: [] },
      { name: 'yields', ...i32, body: ['call sched_yield'] },
      { name: 'exits', body: ['i32.const 3', 'call proc_exit'] },
      { name: 'random', ...i32, body: ['i32.const 0', 'i32.const 0', 'call random_get'] },
      { name: 'caught', body: ['try', 'call random', 'drop', 'catch_all', 'end'] },
    ],
  };
  test.row(
    ['abi.link-wasi-memory', 'error.WASI_NO_MEMORY'],
    'a module without a memory imports WASI; a function that works on memory ends the call',
    async () => {
      const diagnostics: string[] = [];
      const plugin = await createPlugin(manifestOf({ main: noMemory }), {
        onDiagnostic: ({ code }) => diagnostics.push(code),
      });
      is(await plugin.call('fine'), null);
      is(await plugin.call('yields'), null);
      await raises(() => plugin.call('exits'), { code: 'EXIT' });
      for (const name of ['random', 'caught']) {
        const message = `${name}: random_get: works on memory, and module "main" exports no memory`;
        await raises(() => plugin.call(name), { code: 'WASI_NO_MEMORY', message });
        is(await plugin.call('fine'), null);
      }
      equal(diagnostics, []);
    },
  );

  test.row(
    'abi.link-wasi-memory',
    'a linked module without a memory ends the call, and its start function ends the creation',
    async () => {
      const main: ModuleShape = {
        imports: [{ module: 'lib', name: 'random', ...i32 }],
        functions: [{ name: 'run', ...i32, body: ['call 0'] }],
        memoryPages: 1,
      };
      const plugin = await createPlugin(manifestOf({ lib: noMemory, main }));
      await raises(() => plugin.call('run'), { code: 'WASI_NO_MEMORY', message: 'module "lib"' });
      const starts = {
        ...noMemory,
        functions: [{ name: '_initialize', body: ['i32.const 0', 'i32.const 0', 'call 0', 'drop'] }],
      };
      const error = await raises(() => createPlugin(manifestOf({ main: starts })), { code: 'INIT_FAILED' });
      is((error.cause as CallError).code, 'WASI_NO_MEMORY');
    },
  );

  const run: ModuleShape = { functions: [{ name: 'run', body: [] }] };
  const names: { row?: string; given: (string | undefined)[]; main?: number; message?: string }[] = [
    { row: 'link-unnamed', given: [undefined, undefined], message: 'manifest.wasm[1].name' },
    { given: ['main', undefined], message: 'manifest.wasm[1].name' },
    { given: ['a', 'a'], main: 1 },
    {
      row: 'link-kernel-name',
      given: ['extism:host/env', 'main'],
      message: "manifest.wasm[0].name: expected another name than the kernel's",
    },
    { row: 'link-duplicate', given: ['a', 'b', 'a', 'main'], message: 'manifest.wasm[2].name' },
  ];
  for (const { row, given, main, message } of mode === 'in a worker' ? [] : names) {
    const shown = given.map(name => name ?? 'no name').join(', ');
    test.row(
      row ? `abi.${row}` : [],
      `of ${shown}: ${message ? 'refused' : `number ${main! + 1} is the main one`}`,
      async () => {
        const wasm = given.map((name, index) => ({
          ...(name !== undefined && { name }),
          data: buildModule({ ...run, functions: [...run.functions!, { name: `is${index}`, body: [] }] }),
        }));
        if (message) {
          await raises(() => createPlugin({ wasm }), { code: 'INVALID_MANIFEST', message });
          return;
        }
        const plugin = await createPlugin({ wasm });
        ok(await plugin.functionExists(`is${main}`));
      },
    );
  }
});
