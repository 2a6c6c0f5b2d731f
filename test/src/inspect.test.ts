import {
  body,
  customSection,
  dataItem,
  encodeModule,
  exportItem,
  functionType,
  importItem,
  limits,
  SECTIONS,
  section,
  text,
  vector,
  WASM_MAGIC,
} from '../../abi/encode.ts';
import { createPlugin, type HostFunctions, type Inspection, inspect } from '../../src/node.ts';
import { checkRead } from '../contract/modules.ts';
import { equal, inContext, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape, type ModuleShape } from '../helpers/build-module.ts';
import { readIndex } from '../helpers/cases.ts';
import { host } from '../helpers/host.ts';
import { Random } from '../helpers/random.ts';
import { damage, randomModule } from '../helpers/random-module.ts';
import { suite } from '../helpers/suite.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = (value: string): number[] => [...new TextEncoder().encode(value)];

/** Adds a section at the end of a module. */
const withCustom = (bytes: Bytes, name: string, contents: readonly number[]): Bytes =>
  Uint8Array.from([...bytes, ...customSection(name, contents)]);
const withData = (bytes: Bytes, data: string): Bytes =>
  Uint8Array.from([...bytes, ...section(SECTIONS.data, vector([dataItem(0, utf8(data))]))]);

const withTool = (bytes: Bytes, tool: string): Bytes =>
  withCustom(bytes, 'producers', [1, ...text('processed-by'), 1, ...text(tool), ...text('1')]);

const ENV = 'extism:host/env';
const WASI = 'wasi_snapshot_preview1';
const USER = 'extism:host/user';

const run = { name: 'run', body: [] };
const importing = (module: string, name: string, shape: FunctionShape = {}, rest: ModuleShape = {}): Bytes =>
  buildModule({ imports: [{ module, name, ...shape }], functions: [run], memoryPages: 1, ...rest });
const exporting = (...names: string[]): Bytes =>
  buildModule({ functions: names.map(name => ({ name, body: [] })), memoryPages: 1 });

const GO_PANIC = 'runtime: wasmexport function called before runtime initialization';

/** Modules and the codes of the advice about them. `!` marks advice on which the module cannot run. */
const advised: [name: string, bytes: Bytes, codes: string[], message?: RegExp][] = [
  ['a plain plugin', exporting('run'), []],
  ['no bytes', new Uint8Array(0), ['!NOT_WASM'], /got nothing/],
  ['an error page', Uint8Array.from(utf8('<!doctype html>')), ['!NOT_WASM'], /error page/],
  ['a manifest', Uint8Array.from(utf8('{"wasm": []}')), ['!NOT_WASM'], /manifest/],
  ['wasm text', Uint8Array.from(utf8('(module)')), ['!NOT_WASM'], /wat2wasm/],
  ['a compressed file', Uint8Array.from([0x1f, 0x8b, 8]), ['!NOT_WASM'], /gzip/],
  ['a native library', Uint8Array.from([0x7f, ...utf8('ELF')]), ['!NOT_WASM'], /native/],
  ['a component', Uint8Array.from([...WASM_MAGIC, 13, 0, 1, 0]), ['!NOT_WASM'], /a component/],
  ['an older component', Uint8Array.from([...WASM_MAGIC, 10, 0, 1, 0]), ['!NOT_WASM'], /a component/],
  ['a file cut short', exporting('run').slice(0, -3), ['!INVALID_WASM'], /section code of \d+ bytes, got/],
  [
    'a body that does not validate',
    buildModule({ functions: [{ name: 'run', body: ['drop'] }] }),
    ['!INVALID_WASM'],
    /accept it: ./,
  ],
  [
    'an imported memory',
    encodeModule({ import: [importItem('env', '', 'memory', limits({ min: 0 }))] }),
    ['!NOT_A_FUNCTION', '!NOTHING_TO_CALL'],
    /env\.: a memory, and the host provides functions only/,
  ],
  ['an unknown kernel function', importing(ENV, 'teleport'), ['!UNKNOWN_KERNEL_FUNCTION'], /newer PDK/],
  ['an unknown WASI function', importing(WASI, 'fd_fly'), ['!UNKNOWN_WASI_FUNCTION']],
  [
    'the WASI before preview 1',
    importing('wasi_unstable', 'fd_write'),
    ['!WASI_UNSTABLE'],
    /snapshot 0.*wasip1/,
  ],
  ['the WASI of a draft', importing('wasi_snapshot_preview2', 'x'), ['!WASI_PREVIEW_2'], /wasip1/],
  ['the WASI of components in a module', importing('cm32p2|wasi:io/poll@0.2', 'poll'), ['!WASI_PREVIEW_2']],
  ['threads of WASI', importing('wasi', 'thread-spawn'), ['!WASI_THREADS'], /without threads/],
  ['WASIX', importing('wasix_32v1', 'proc_fork'), ['!WASIX'], /wasip1/],
  ['a proposal beside WASI', importing('wasi_ephemeral_nn', 'load'), ['!WASI_PROPOSAL']],
  ['the WASI after preview 1', importing('wasi:cli/environment@0.2.0', 'x'), ['!WASI_PREVIEW_2'], /wasip1/],
  ['a pre-1.0 PDK', importing('env', 'extism_alloc'), ['!OLD_PDK'], /pre-1\.0/],
  ['wasm-bindgen', importing('wbg', '__wbindgen_throw'), ['!WASM_BINDGEN']],
  ['wasm-bindgen before its tool', importing('__wbindgen_placeholder__', 'x'), ['!WASM_BINDGEN']],
  ['wasm-bindgen for bundlers', importing('./app_bg.js', 'x'), ['!WASM_BINDGEN']],
  ['Go for JavaScript', importing('gojs', 'runtime.wasmExit'), ['!GO_FOR_JS'], /wasip1/],
  [
    'a kernel function of another type',
    importing(ENV, 'alloc', { params: ['i32'], results: ['i32'] }),
    ['!IMPORT_TYPE_MISMATCH'],
    /extism:host\/env\.alloc is \(i64\) -> \(i64\), declared as \(i32\) -> \(i32\)/,
  ],
  [
    'a WASI function of another type',
    importing(WASI, 'sched_yield'),
    ['!IMPORT_TYPE_MISMATCH'],
    /sched_yield is \(\) -> \(i32\), declared as \(\) -> \(\)/,
  ],
  [
    'WASI without a memory',
    buildModule({ imports: [{ module: WASI, name: 'sched_yield', results: ['i32'] }], functions: [run] }),
    ['NO_MEMORY'],
  ],
  [
    'a Go command with wasmexport',
    withData(exporting('_start', 'run'), GO_PANIC),
    ['!GO_WASMEXPORT'],
    /c-shared, or use \/\/export with TinyGo/,
  ],
  [
    'a TinyGo command with wasmexport, built with -panic=trap',
    withCustom(exporting('_start', 'run'), 'name', utf8('main.run#wasmexport')),
    ['!GO_WASMEXPORT'],
    /c-shared/,
  ],
  [
    'a TinyGo reactor with wasmexport',
    withCustom(exporting('_initialize', 'run'), 'name', utf8('main.run#wasmexport')),
    [],
  ],
  ['a Go reactor with wasmexport', withData(exporting('_initialize', 'run'), GO_PANIC), []],
  [
    'a Go command with //export',
    withTool(exporting('_start'), 'Go cmd/compile'),
    ['GO_EXPORT'],
    /go:wasmexport/,
  ],
  [
    'a Go reactor with //export',
    withTool(exporting('_initialize'), 'Go cmd/compile'),
    ['!NOTHING_TO_CALL', 'GO_EXPORT'],
  ],
  [
    'a Go actor with //export over get_metadata',
    withTool(exporting('_initialize', 'process'), 'Go cmd/compile'),
    ['GO_EXPORT'],
    /it exports process without get_metadata; an actor has both: .*go:wasmexport, not/,
  ],
  [
    'a Go actor with //export over process',
    withTool(exporting('_initialize', 'get_metadata'), 'Go cmd/compile'),
    ['GO_EXPORT'],
    /it exports get_metadata without process/,
  ],
  [
    'a Go command with wasmexport over one export of an actor',
    withTool(withData(exporting('_start', 'process'), GO_PANIC), 'Go cmd/compile'),
    ['!GO_WASMEXPORT', 'GO_EXPORT'],
  ],
  ['a Go actor', withTool(exporting('_initialize', 'get_metadata', 'process'), 'Go cmd/compile'), []],
  ['a TinyGo plugin with process alone', withTool(exporting('_start', 'process'), 'TinyGo'), []],
  ['a Go reactor with an export', withTool(exporting('_initialize', 'run'), 'Go cmd/compile'), []],
  ['a Rust command', withTool(exporting('_start'), 'rustc'), []],
  [
    'a TinyGo command with //export',
    withData(exporting('_start', 'run'), 'wasmexport function called b'),
    [],
  ],
  [
    'exports with parameters only',
    buildModule({ functions: [{ name: 'add', params: ['i32'], body: [] }] }),
    ['!NOTHING_TO_CALL'],
  ],
  ['a start function only', exporting('_initialize'), ['!NOTHING_TO_CALL']],
  ['a command', exporting('_start'), []],
  ['an object file', withCustom(exporting('run'), 'linking', [2]), ['!OBJECT_FILE'], /wasm-ld/],
  ['a dynamic library', withCustom(exporting('run'), 'dylink.0', []), ['!DYNAMIC_LIBRARY']],
  [
    'debug information',
    withCustom(withCustom(exporting('run'), '.debug_info', new Array(2000).fill(0)), '.debug_line', [1]),
    ['DEBUG_INFO'],
    /^\.debug_info, \.debug_line \(2,\d{3} bytes, 9\d % of the file\): .*wasm-opt/,
  ],
  ['names', withCustom(exporting('run'), 'name', new Array(2000).fill(0)), ['NAME_SECTION']],
  ['few names', withCustom(exporting('run'), 'name', new Array(100).fill(0)), []],
  [
    'an actor of the first SDK',
    importing(
      USER,
      '__send_output',
      { params: ['i64'], results: ['i64'] },
      { functions: [{ name: 'process', body: [] }] },
    ),
    ['REFLOW_OLD_SDK'],
  ],
  [
    'an actor function of another type',
    importing(USER, '__send_output', { params: ['i32'] }),
    ['!IMPORT_TYPE_MISMATCH'],
  ],
];

const codesOf = ({ advice }: Inspection) => advice.map(({ code, stops }) => `${stops ? '!' : ''}${code}`);

/** Runs the source text that `inspect` wrote. */
function evaluate(functions: string | null): HostFunctions {
  const result = new Function(`return { ${functions ?? 'functions: {}'} }`)() as { functions: HostFunctions };
  return result.functions;
}

/** Names of start functions, with how many parameters each has. */
const starts: [functions: [name: string, params: number][], order: string[]][] = [
  [[['_initialize', 0]], ['_initialize']],
  [[['__wasm_call_ctors', 0]], ['__wasm_call_ctors']],
  [
    [
      ['_initialize', 0],
      ['__wasm_call_ctors', 0],
    ],
    ['__wasm_call_ctors'],
  ],
  [
    [
      ['hs_init', 2],
      ['_initialize', 0],
      ['__wasm_call_ctors', 0],
    ],
    ['_initialize', 'hs_init'],
  ],
  [
    [
      ['hs_init', 1],
      ['_initialize', 0],
    ],
    ['_initialize'],
  ],
  [
    [
      ['_initialize', 1],
      ['_start', 0],
    ],
    [],
  ],
];

const callables: FunctionShape[] = [
  {},
  { results: ['i32'] },
  { results: ['i64'] },
  { results: ['f64'] },
  { results: ['i32', 'i32'] },
  { params: ['i32'] },
  { params: ['i32'], results: ['i32'] },
];

/** Codes of the advice about fixtures, by folder. */
const FIXTURE_ADVICE: Readonly<Record<string, string[]>> = {
  'actor-old-sdk': ['REFLOW_OLD_SDK'],
  'wasi-go': ['GO_EXPORT'],
};

suite('inspect', test => {
  for (const [name, bytes, codes, message] of advised) {
    test(`${name}: ${codes.join(', ') || 'no advice'}`, () => {
      const inspection = inspect(bytes);
      equal(codesOf(inspection), codes);
      is(inspection.runs, !codes.some(code => code.startsWith('!')));
      if (message) match(inspection.advice[0]!.message, message);
      equal(JSON.parse(JSON.stringify(inspection)), inspection, 'JSON loses nothing');
    });
  }

  test('modules that it stops are exactly the modules that createPlugin refuses', async () => {
    // These modules load, but no call of them can succeed.
    const later = ['!GO_WASMEXPORT', '!NOTHING_TO_CALL', '!OBJECT_FILE', '!DYNAMIC_LIBRARY'];
    for (const [name, bytes, codes] of advised) {
      const { runs, needs, imports } = inspect(bytes);
      if (codes.some(code => later.includes(code)) || imports.reflow.length > 0) continue;
      const functions = evaluate(needs.functions);
      const created = await createPlugin(bytes, { functions }).then(
        () => true,
        () => false,
      );
      is(created, runs, name);
    }
  });

  test('the advice names features that the engine lacks', () => {
    // Only some engines have both, so the expected advice depends on the engine.
    const two = encodeModule({
      type: [functionType([], [])],
      function: [[0]],
      memory: [limits({ min: 0 }), limits({ min: 0 })],
      export: [exportItem('f', 'function', 0)],
      code: [body([])],
    });
    const inspection = inspect(two);
    const lacking = WebAssembly.validate(two) ? [] : ['!ENGINE_FEATURES', '!INVALID_WASM'];
    equal(codesOf(inspection), lacking);
    if (lacking.length > 0) match(inspection.advice[0]!.message, /multimemory/);
    equal(inspection.memories?.length, 2);

    const unknown = withCustom(encodeModule({ code: [[]] }), 'target_features', [
      1,
      0x2b,
      ...text('telepathy'),
    ]);
    equal(codesOf(inspect(unknown)), ['!INVALID_WASM']);
  });

  test('groups imports by provider', () => {
    const imports = [
      { module: ENV, name: 'input_length', results: ['i64'] },
      { module: WASI, name: 'path_open' },
      { module: USER, name: '__get_state', params: ['i64'], results: ['i64'] },
      { module: USER, name: 'kv_read', params: ['i64', 'i32'], results: ['i64'] },
      { module: 'env', name: 'abort' },
      { module: 'wbg', name: 'x' },
    ] as const;
    const groups = Object.entries(inspect(buildModule({ imports })).imports).map(([group, items]) => {
      return [
        group,
        ...items.map(({ name, type, expected, status }) => `${name} ${type} ${expected} ${status}`),
      ];
    });
    equal(groups, [
      ['kernel', 'input_length () -> (i64) () -> (i64) ok'],
      ['wasi', 'path_open () -> () (i32, i32, i32, i32, i32, i64, i64, i32, i32) -> (i32) mismatch'],
      ['reflow', '__get_state (i64) -> (i64) (i64) -> (i64) ok'],
      ['host', 'kv_read (i64, i32) -> (i64) null needed', 'abort () -> () null needed'],
      ['other', 'x () -> () null unknown'],
    ]);
  });

  test('lists the needed options as source text that works', async () => {
    const bytes = buildModule({
      imports: [
        { module: USER, name: 'kv_read', params: ['i64', 'i32'], results: ['i64'] },
        { module: USER, name: 'kv_read', params: ['i64', 'i32'], results: ['i64'] },
        { module: USER, name: 'no"tify\n' },
        { module: '__proto__', name: 'f', results: ['f32'] },
      ],
      functions: [
        {
          name: 'run',
          body: ['i64.const 1', 'i32.const 1', 'call 0', 'drop', 'call 2', 'call 3', 'drop'],
        },
      ],
    });
    const { functions } = inspect(bytes).needs;
    is(
      functions,
      [
        'functions: {',
        '  ["extism:host/user"]: {',
        '    "kv_read"(context, arg0, arg1) { return 0n; }, // (i64, i32) -> (i64)',
        '    "no\\"tify\\n"(context) {}, // () -> ()',
        '  },',
        '  ["__proto__"]: {',
        '    "f"(context) { return 0; }, // () -> (f32)',
        '  },',
        '}',
      ].join('\n'),
    );
    const plugin = await createPlugin(bytes, { functions: evaluate(functions) });
    is(await plugin.call('run'), null);
  });

  test('reports that WASI, which is fully implemented, and HTTP are needed', () => {
    const i32 = 'i32' as const;
    const { needs } = inspect(
      buildModule({
        imports: [
          { module: WASI, name: 'sock_shutdown', params: [i32, i32], results: [i32] },
          { module: WASI, name: 'sched_yield', results: [i32] },
          { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] },
        ],
        memoryPages: 1,
      }),
    );
    equal(needs, { wasi: true, http: true, functions: null });
  });

  for (const [functions, order] of starts) {
    const names = functions.map(([name, params]) => `${name}/${params}`).join(' ');
    test(`inspect predicts the functions that createPlugin starts, of ${names}: ${order.join(', ') || 'no function'}`, async () => {
      const bytes = buildModule({
        imports: [{ module: 'test', name: 'note', params: ['i32'] }],
        functions: functions.map(([name, params], index) => {
          const types = new Array<'i32'>(params).fill('i32');
          return { name, params: types, body: [`i32.const ${index}`, 'call 0'] };
        }),
      });
      const ran: string[] = [];
      const note = (_: unknown, index: number) => void ran.push(functions[index]![0]);
      await createPlugin(bytes, { functions: { test: { note } } });
      equal(ran, order);
      equal(inspect(bytes).start.functions, order);
    });
  }

  for (const shape of callables) {
    const type = `(${shape.params ?? ''}) -> (${shape.results ?? ''})`;
    test(`an export of type ${type} is callable exactly if call accepts it`, async () => {
      const bytes = buildModule({ functions: [{ name: 'f', ...shape, body: ['unreachable'] }] });
      const plugin = await createPlugin(bytes);
      const { code } = await raises(() => plugin.call('f'), {});
      equal(inspect(bytes).exports, [
        { name: 'f', kind: 'function', type: type.replaceAll(',', ', '), callable: code !== 'BAD_SIGNATURE' },
      ]);
    });
  }

  test('reads sizes, memories, start section and custom sections', () => {
    const field = (key: string, ...values: [string, string][]) => [
      ...text(key),
      ...vector(values.map(([value, version]) => [...text(value), ...text(version)])),
    ];
    const plain = encodeModule({
      type: [functionType([], [])],
      function: [[0]],
      memory: [limits({ min: 2, max: 9, shared: true })],
      start: 0,
      code: [body([])],
    });
    let bytes = withCustom(plain, 'producers', [
      3,
      ...field('language', ['Rust', '']),
      ...field('processed-by', ['rustc', '1.96.0'], ['clang', '19']),
      ...field('sdk', ['kit', '2']),
    ]);
    bytes = withCustom(bytes, 'target_features', [2, 0x2b, ...text('simd128'), 0x2d, ...text('atomics')]);
    bytes = withCustom(bytes, 'name', [0, 5, ...text('demo')]);
    const inspection = inspect(bytes);
    ok(inspection.valid);
    is(inspection.sizeBytes, bytes.length);
    is(inspection.moduleName, 'demo');
    equal(inspection.producers, {
      language: ['Rust'],
      processedBy: ['rustc 1.96.0', 'clang 19'],
      sdk: ['kit 2'],
    });
    equal(inspection.features, ['simd128']);
    equal(inspection.memories, [
      { initialPages: 2, maxPages: 9, shared: true, is64: false, imported: false },
    ]);
    equal(inspection.counts, { functions: 1, tables: 0, globals: 0 });
    equal(inspection.start, { section: true, functions: [], command: false });
    equal(
      inspection.sections.map(section => `${section.name} ${section.custom} ${section.sizeBytes}`),
      [
        'type false 6',
        'function false 4',
        'memory false 6',
        'start false 3',
        'code false 6',
        'producers true 76',
        'target_features true 37',
        'name true 14',
      ],
    );
    const shares = inspection.sections.reduce((sum, { share }) => sum + share!, 0);
    ok(Math.abs(shares * bytes.length - (bytes.length - 8)) < 1e-6, 'shares are of the file');
  });

  test('ignores custom sections that are malformed, as engines do', () => {
    let bytes = exporting('run');
    for (const name of ['producers', 'target_features', 'name']) bytes = withCustom(bytes, name, [0xff]);
    const { producers, features, moduleName, runs } = inspect(bytes);
    equal([producers, features, moduleName, runs], [null, null, null, true]);
  });

  test('recognises an actor and its SDK', () => {
    const actor = (functions: string[], imports: ModuleShape['imports'] = []) =>
      inspect(buildModule({ imports, functions: functions.map(name => ({ name, body: [] })) })).reflow;
    const state = { module: USER, name: '__get_state', params: ['i64'], results: ['i64'] } as const;
    equal(actor(['process', 'get_metadata']), { sdk: 'current', metadata: true });
    equal(actor(['process'], [state]), { sdk: 'current', metadata: false });
    equal(actor(['process'], [state, { ...state, name: '__send_output' }]), {
      sdk: 'april-2025',
      metadata: false,
    });
    is(actor(['process']), null, 'any plugin may have a function of this name');
    is(actor(['get_metadata']), null);
  });

  test('the report of a compiled module lists the unknown parts', () => {
    const bytes = withCustom(
      importing(
        ENV,
        'alloc',
        { params: ['i32'] },
        { functions: [run, { name: '_initialize', params: ['i32'], body: [] }] },
      ),
      'producers',
      [1, ...text('language'), 1, ...text('Go'), ...text('1')],
    );
    const inspection = inspect(new WebAssembly.Module(bytes));
    const { sizeBytes, memories, counts, producers, sections, start, unknown, runs } = inspection;
    equal([sizeBytes, memories, counts, start.section, runs], [null, null, null, null, true]);
    equal(
      inspection.imports.kernel.map(({ type, status }) => [type, status]),
      [[null, 'unchecked']],
    );
    equal(
      inspection.exports.map(({ name, callable }) => [name, callable]),
      [
        ['run', null],
        ['_initialize', null],
        ['memory', false],
      ],
    );
    equal(producers?.language, ['Go 1']);
    equal(sections, [{ name: 'producers', custom: true, sizeBytes: 16, share: null }]);
    is(unknown.length, 2);
    equal(evaluate(inspect(new WebAssembly.Module(importing('h', 'f'))).needs.functions).h?.f?.length, 1);
  });

  if (typeof SharedArrayBuffer === 'undefined') {
    test.skip('takes bytes in shared memory', 'this page is not cross-origin isolated');
  } else {
    test('takes bytes in shared memory', () => {
      const bytes = exporting('run');
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      ok(inspect(shared).runs);
    });
  }

  test('an ArrayBuffer and each view of it are inspected as a Uint8Array is', () => {
    const bytes = exporting('run');
    for (const given of [bytes.buffer, new DataView(bytes.buffer), new Uint8ClampedArray(bytes.buffer)])
      equal(inspect(given as ArrayBuffer), inspect(bytes));
  });

  test('refuses a value that is neither bytes nor a module', async () => {
    await raises(() => inspect('plugin.wasm' as unknown as Uint8Array), {
      code: 'INVALID_INPUT',
      message: 'got "plugin.wasm"',
    });
  });

  test('a random module is read whole: it is valid, and its exports have types', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { bytes, items } = randomModule(new Random(seed));
      const { valid, exports, unknown } = inspect(bytes);
      const functions = exports.filter(({ kind }) => kind === 'function');
      equal([valid, unknown, functions.length], [true, [], items.functions.length - 1], `seed ${seed}`);
      ok(
        functions.every(({ type }) => type !== null),
        `seed ${seed}`,
      );
    }
  });

  test('never throws on damaged bytes, and agrees with the engine on their validity (seed 5)', () => {
    const random = new Random(5);
    const whole = advised.map(([, bytes]) => bytes).filter(({ length }) => length > 0);
    for (let round = 0; round < 500; round++)
      inContext(`seed 5, round ${round}`, () => checkRead(damage(random, random.pick(whole).slice(0, 400))));
  });

  if (typeof host().list !== 'function') {
    test.skip('the fixtures', 'this runtime has no file system to read them from');
    return;
  }

  for (const folder of readIndex()) {
    // It imports from another module, which a manifest gives it.
    if (folder === 'link-kinds') continue;
    const path = `fixtures/${folder}`;
    const file = host()
      .list(path)
      .find(name => name.endsWith('.wasm'));
    test(`${path} would run, with every import of the type that the host has`, async () => {
      const bytes = host().readBytes(`${path}/${file}`);
      const inspection = inspect(bytes);
      const { imports, needs, advice, unknown, exports } = inspection;
      const codes = advice.map(({ code }) => code);
      equal([codes, unknown, imports.other], [FIXTURE_ADVICE[folder] ?? [], [], []]);
      const all = Object.values(imports).flat();
      equal(all.length, WebAssembly.Module.imports(new WebAssembly.Module(bytes as Bytes)).length);
      for (const { status, name } of all) ok(status === 'ok' || status === 'needed', `${name}: ${status}`);
      const reflow = Object.fromEntries(imports.reflow.map(({ name }) => [name, () => 0n]));
      const functions = evaluate(needs.functions);
      const plugin = await createPlugin(bytes, {
        functions: { ...functions, [USER]: { ...functions[USER], ...reflow } },
      });
      for (const { name } of exports.filter(item => item.callable))
        ok(await plugin.functionExists(name), name);
    });
  }

  test('recognises each fixture', () => {
    const read = (path: string) => inspect(host().readBytes(`fixtures/${path}`));
    equal(read('rust-counter/rust_counter.wasm').reflow, { sdk: 'current', metadata: true });
    equal(read('go-counter/go_counter.wasm').reflow, { sdk: 'current', metadata: true });
    is(read('rust-pdk/rust_pdk.wasm').reflow, null);
    const go = read('go-pdk/go_pdk.wasm');
    equal(go.start, { section: false, functions: ['_initialize'], command: false });
    match(go.producers?.language[0] ?? '', /^Go go1\./);
    equal(read('faults/faults.wasm').start, { section: false, functions: [], command: true });
  });
});
