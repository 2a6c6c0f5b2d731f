import {
  body,
  code,
  customSection,
  encodeModule,
  exportItem,
  functionType,
  globalType,
  importItem,
  tableType,
  text,
  unsigned,
} from '../../abi/encode.ts';
import { reportOf } from '../../src/audit/index.ts';
import { findReach } from '../../src/audit/reach.ts';
import type { Reach } from '../../src/audit/report.ts';
import { readCalls } from '../../src/wasm/calls.ts';
import { checkFixture, checkReach, checkReachOfModule } from '../contract/reach.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { readCaseFile, readIndex, readModule } from '../helpers/cases.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

/** `npm run test:long` has 10,000 of each kind. */
const SEEDS = 200;

type Parts = Parameters<typeof encodeModule>[0];

/** Types of all modules below: 0 takes and returns nothing, 1 takes a number, 2 takes a function. */
const TYPES = [functionType([], []), functionType(['i32'], []), functionType(['funcref'], [])];
/** Functions 0 and 1 are the imports `host.near` and `host.far`. */
const IMPORTS = [importItem('host', 'near', 'function', [0]), importItem('host', 'far', 'function', [0])];
const own = (...listings: string[][]): Parts => ({
  function: listings.map(() => [0]),
  code: listings.map(listing => body(listing)),
});
/** The function `run`, which is number 2, and others behind it. */
const module = (run: string[], others: string[][] = [], parts: Parts = {}) =>
  encodeModule({
    type: TYPES,
    import: IMPORTS,
    export: [exportItem('run', 'function', 2)],
    ...own(run, ...others),
    ...parts,
  });
const TABLE: Parts = { table: [tableType({ min: 4, max: 4 })] };
const RUN = exportItem('run', 'function', 2);
const active = (...functions: number[]) => [
  0,
  ...code(['i32.const 0', 'end']),
  functions.length,
  ...functions,
];
const indirect = (type = 0) => ['i32.const 0', `call_indirect ${type} 0`];
const library = (parts: Parts) => encodeModule({ type: TYPES, import: IMPORTS, ...parts });

interface Row {
  rule: string;
  /** The modules before `main`, by name. */
  libraries?: Readonly<Record<string, Uint8Array>>;
  main: Uint8Array;
  /** Names of the host functions that `run` can reach. */
  reaches: string[];
  /** Number of the other imports. Default: the rest of `near` and `far`. */
  excludes?: number;
}

const ROWS: readonly Row[] = [
  { rule: 'a function without calls reaches nothing', main: module([]), reaches: [] },
  { rule: 'a direct call', main: module(['call 3'], [['call 0'], ['call 1']]), reaches: ['near'] },
  { rule: 'a tail call', main: module(['return_call 3'], [['return_call 0']]), reaches: ['near'] },
  { rule: 'recursion', main: module(['call 3'], [['call 2', 'call 0']]), reaches: ['near'] },
  {
    rule: 'a call through a table reaches each function of its type in a segment',
    main: module(indirect(), [['call 0'], ['call 1']], { ...TABLE, element: [active(3)] }),
    reaches: ['near'],
  },
  {
    rule: 'an import in a segment',
    main: module(indirect(), [], { ...TABLE, element: [active(0)] }),
    reaches: ['near'],
  },
  {
    rule: 'a call through a table with another type reaches nothing',
    main: module(['i32.const 0', ...indirect(1)], [['call 0']], { ...TABLE, element: [active(3)] }),
    reaches: [],
  },
  {
    rule: 'a segment with expressions',
    main: module(indirect(), [['call 0']], {
      ...TABLE,
      element: [[4, ...code(['i32.const 0', 'end']), 1, ...code(['ref.func 3', 'end'])]],
    }),
    reaches: ['near'],
  },
  {
    rule: 'a passive segment',
    main: module(indirect(), [['call 0']], { ...TABLE, element: [[1, 0, 1, 3]] }),
    reaches: ['near'],
  },
  {
    rule: 'ref.func in code',
    main: module(['i32.const 0', 'ref.func 3', 'table.set 0', ...indirect()], [['call 0']], {
      ...TABLE,
      export: [RUN, exportItem('other', 'function', 3)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'ref.func in a global',
    main: module(['i32.const 0', 'global.get 0', 'table.set 0', ...indirect()], [['call 0']], {
      ...TABLE,
      global: [[...globalType('funcref', false), ...code(['ref.func 3', 'end'])]],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an export that is in no table, without ways out for references',
    main: module(indirect(), [['call 0']], { ...TABLE, export: [RUN, exportItem('other', 'function', 3)] }),
    reaches: [],
  },
  {
    rule: 'an exported table may get every export',
    main: module(indirect(), [['call 0']], {
      ...TABLE,
      export: [RUN, exportItem('other', 'function', 3), exportItem('t', 'table', 0)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an imported table may have every export',
    main: module(indirect(), [['call 0']], {
      import: [...IMPORTS, importItem('host', 'table', 'table', tableType({ min: 4 }))],
      export: [RUN, exportItem('other', 'function', 3)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an exported global with a reference may get every export',
    main: module(indirect(), [['call 0']], {
      ...TABLE,
      global: [[...globalType('funcref', true), ...code(['ref.null', 'end'])]],
      export: [RUN, exportItem('other', 'function', 3), exportItem('g', 'global', 0)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an imported global with a reference may have every export',
    main: module(indirect(), [['call 0']], {
      ...TABLE,
      import: [...IMPORTS, importItem('host', 'g', 'global', globalType('funcref', true))],
      export: [RUN, exportItem('other', 'function', 3)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an exported number is not a way for references',
    main: module(indirect(), [['call 0']], {
      ...TABLE,
      global: [[...globalType('i32', true), ...code(['i32.const 0', 'end'])]],
      export: [RUN, exportItem('other', 'function', 3), exportItem('g', 'global', 0)],
    }),
    reaches: [],
  },
  {
    rule: 'an export that takes a function',
    main: module(indirect(), [['call 0'], []], {
      ...TABLE,
      function: [[0], [0], [2]],
      export: [RUN, exportItem('other', 'function', 3), exportItem('take', 'function', 4)],
    }),
    reaches: ['near'],
  },
  {
    rule: 'an import that takes a function',
    main: encodeModule({
      type: TYPES,
      import: [...IMPORTS, importItem('host', 'take', 'function', [2])],
      ...own(indirect(), ['call 0']),
      ...TABLE,
      export: [exportItem('run', 'function', 3), exportItem('other', 'function', 4)],
    }),
    reaches: ['near'],
    excludes: 2,
  },
  { rule: 'the start section', main: module([], [['call 0']], { start: 3 }), reaches: ['near'] },
  ...['_initialize', '__wasm_call_ctors', 'hs_init'].map(name => ({
    rule: `the start function ${name}`,
    main: module([], [['call 0']], { export: [RUN, exportItem(name, 'function', 3)] }),
    reaches: ['near'],
  })),
  {
    rule: 'a function of a linked module',
    libraries: {
      lib: library({ ...own(['call 1'], ['call 0']), export: [exportItem('help', 'function', 2)] }),
    },
    main: encodeModule({
      type: TYPES,
      import: [importItem('lib', 'help', 'function', [0])],
      ...own(['call 0']),
      export: [exportItem('run', 'function', 1)],
    }),
    reaches: ['far'],
  },
  {
    rule: 'the start section of a linked module',
    libraries: {
      lib: library({ ...own([], ['call 0']), export: [exportItem('help', 'function', 2)], start: 3 }),
    },
    main: module([]),
    reaches: ['near'],
  },
  {
    rule: 'a function that a linked module put into a shared table',
    libraries: {
      lib: library({
        ...own(['call 0']),
        ...TABLE,
        element: [active(2)],
        export: [exportItem('t', 'table', 0)],
      }),
    },
    main: module(indirect(), [], {
      import: [...IMPORTS, importItem('lib', 't', 'table', tableType({ min: 4, max: 4 }))],
    }),
    reaches: ['near'],
  },
  {
    rule: 'a function in the table of a linked module that shares nothing',
    libraries: { lib: library({ ...own(['call 0']), ...TABLE, element: [active(2)] }) },
    main: module(indirect(), [], TABLE),
    reaches: [],
  },
];

const runOf = async ({ libraries = {}, main }: Pick<Row, 'libraries' | 'main'>): Promise<Reach> => {
  const wasm = [...Object.entries(libraries).map(([name, data]) => ({ name, data })), { data: main }];
  const { exports } = await reportOf({ wasm });
  return exports.find(({ name }) => name === 'run')!.reach!;
};

/** Finds the reach in a module that engines may not know. */
function reachIn(bytes: Uint8Array): Map<string, Reach> {
  const calls = readCalls(bytes);
  if (typeof calls === 'string') throw new Error(calls);
  const main = { name: 'main', calls, names: undefined, providerOf: () => undefined };
  return new Map(findReach([main], main).exports);
}

suite('audit: reach', test => {
  for (const { rule, reaches, ...plugin } of ROWS) {
    test(rule, async () => {
      for (const bytes of [plugin.main, ...Object.values(plugin.libraries ?? {})])
        ok(WebAssembly.validate(bytes as BufferSource), 'the module is valid');
      const { state, imports, excludes } = await runOf(plugin);
      equal([state, imports.map(({ name }) => name)], ['bounded', reaches]);
      is(excludes, plugin.excludes ?? 2 - reaches.length);
    });
  }

  test('a path names the functions from the export to the caller of the import', async () => {
    const { imports } = await runOf({ main: module(['call 3'], [['call 4'], ['call 0']]) });
    equal(imports[0]!.path, ['run', 'function 3', 'function 4']);
  });

  test('paths have the names of the custom section, hostile ones too', async () => {
    const name = '\u001b[31m</script>\u202e';
    const list = [1, ...unsigned(3), ...text(name)];
    const named = [...module(['call 3'], [['call 0']]), ...customSection('name', [1, list.length, ...list])];
    const { imports } = await runOf({ main: Uint8Array.from(named) });
    equal(imports[0]!.path, ['run', name]);
  });

  test('a path that begins at the start of the plugin says so', async () => {
    const { imports } = await runOf({ main: module([], [['call 0']], { start: 3 }) });
    equal(imports[0]!.path, ['start section']);
  });

  test('a long path is shortened in its middle', async () => {
    const chain = Array.from({ length: 100 }, (_, index) => [`call ${index === 99 ? 0 : index + 4}`]);
    const { imports } = await runOf({ main: module(['call 3'], chain) });
    is(imports[0]!.path.length, 13);
    match(imports[0]!.path[6]!, /89 more/);
  });

  test('the code of a compiled module is unknown, also for the exports of the others', async () => {
    const compiled = await WebAssembly.compile(module([]) as BufferSource);
    const { exports } = await reportOf(compiled);
    is(exports[0]!.reach!.state, 'unknown');
    const linked = await reportOf({ wasm: [{ name: 'lib', module: compiled }, { data: module([]) }] });
    match(linked.exports[0]!.reach!.why!, /lib: it came compiled/);
  });

  test('bytes that are not valid wasm have an unknown reach', async () => {
    const { exports, modules } = await reportOf(module(['call 99']));
    equal([modules[0]!.valid, exports[0]!.reach!.state], [false, 'unknown']);
  });

  /** Types 3 and 4 return a function; 4 is a subtype of 3. */
  const SUBTYPES = [...TYPES, [0x50, 0, 0x60, 0, 1, 0x70], [0x50, 1, 3, 0x60, 0, 1, 0x64, 0x70]];
  for (const call of ['call_ref', 'call_indirect', 'return_call_ref', 'return_call_indirect']) {
    test(`${call} reaches functions of the type and of its subtypes, not of its supertypes`, () => {
      const listing = (called: number) => [
        ...(call.endsWith('ref') ? ['ref.func 2'] : ['i32.const 0']),
        `${call} ${called}`,
      ];
      const reached = (called: number, type: number) => {
        const bytes = module([], [], {
          ...{ type: SUBTYPES, ...TABLE, element: [active(3)] },
          function: [[0], [type]],
          code: [body(listing(called)), body(['call 0', 'ref.func 2'])],
        });
        return reachIn(bytes).get('run')!.imports.length;
      };
      equal([reached(3, 3), reached(4, 4), reached(3, 4), reached(4, 3)], [1, 1, 1, 0]);
    });
  }

  test('an unknown instruction reaches everything, and so does each caller', () => {
    const bytes = module(['call 3'], [['nop'], []], {
      export: [RUN, exportItem('other', 'function', 4)],
    });
    // 0x16 is not an instruction.
    bytes[bytes.lastIndexOf(0x01, bytes.length - 4)] = 0x16;
    const reach = reachIn(bytes);
    equal([reach.get('run')!.state, reach.get('run')!.excludes], ['everything', 0]);
    equal([reach.get('other')!.state, reach.get('other')!.excludes], ['bounded', 2]);
  });

  for (const [name, check] of [
    ['plugins whose functions call each other in every way', checkReach],
    ['modules of all instructions', checkReachOfModule],
  ] as const) {
    test(`random ${name} call no import outside the reach of the export that runs`, async () => {
      let [traced, excluded] = [0, 0];
      for (let seed = 0; seed < SEEDS; seed++) {
        const counts = await check(new Random(seed));
        traced += counts.traced;
        excluded += counts.excluded;
      }
      ok(traced > SEEDS && excluded > SEEDS / 2, `${traced} calls, ${excluded} imports excluded`);
    });
  }

  // The cases of `abi` make seven million calls: `npm run test:long` has them.
  for (const folder of readIndex().filter(name => name !== 'abi')) {
    test(`the fixture ${folder} calls no import outside the reach of the export that runs`, async () => {
      const file = readCaseFile(folder);
      const { traced } = await checkFixture(folder, file, 'accessors');
      const calls = file.cases.some(given => given.calls || given.process);
      const source = readModule(`${folder}/${file.wasm}`);
      const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
      is(traced > 0, calls && WebAssembly.Module.imports(module).length > 0);
    });
  }
});
