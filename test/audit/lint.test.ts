import { body, customSection, encodeModule, exportItem, functionType, importItem } from '../../abi/encode.ts';
import { reportOf } from '../../src/audit/index.ts';
import { LINT_RULES } from '../../src/audit/lint-rules.ts';
import { toSarif } from '../../src/audit/sarif.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readCaseFile, readIndex } from '../helpers/cases.ts';
import { host, readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { suite } from '../helpers/suite.ts';

const bytesOf = (value: string) => [...new TextEncoder().encode(value)];
const sized = (value: string) => [value.length, ...bytesOf(value)];
const withSections = (bytes: Uint8Array, ...sections: number[][]) =>
  Uint8Array.from([...bytes, ...sections.flat()]);
/** The section `producers` of standard Go. */
const BY_GO = customSection('producers', [
  ...[1, ...sized('processed-by'), 1],
  ...[...sized('Go cmd/compile'), ...sized('go1.24')],
]);
const KERNEL = { module: 'extism:host/env', name: 'input_length', results: ['i64'] } as const;
const GO_PANIC = 'wasmexport function called before runtime initialization';

/** Modules in which a rule fires, by rule. */
const FIRING: Readonly<Record<string, readonly Uint8Array<ArrayBuffer>[]>> = {
  'export-type': [
    buildModule({
      functions: [{ name: 'add', params: ['i32', 'i32'], results: ['i32'], body: ['i32.const 0'] }],
    }),
    buildModule({ functions: [{ name: 'greet', params: ['i64'], results: ['i64'], body: ['i64.const 0'] }] }),
  ],
  'memory-maximum': [buildModule({ memoryPages: 1 })],
  'legacy-exceptions': [
    ['try', 'catch_all', 'end'],
    ['try', 'delegate 0'],
  ].map(listing => encodeModule({ type: [functionType([], [])], function: [[0]], code: [body(listing)] })),
  'wasm-bindgen': [
    buildModule({ imports: [{ module: '__wbindgen_placeholder__', name: '__wbindgen_throw' }] }),
    buildModule({ functions: [{ name: '__wbindgen_malloc', body: [] }] }),
    withSections(buildModule({}), customSection('__wasm_bindgen_unstable', [1])),
  ],
  'go-command-wasmexport': [
    encodeModule({
      type: [functionType([], [])],
      function: [[0], [0]],
      memory: [[0, 1]],
      export: [exportItem('_start', 'function', 0), exportItem('greet', 'function', 1)],
      code: [body([]), body([])],
      data: [[0, 0x41, 0, 0x0b, ...sized(GO_PANIC)]],
    }),
  ],
  'go-export-comment': [
    withSections(buildModule({ imports: [KERNEL], functions: [{ name: '_start', body: [] }] }), BY_GO),
  ],
  'old-namespace': [
    buildModule({ imports: [{ module: 'env', name: 'extism_alloc', params: ['i64'], results: ['i64'] }] }),
    buildModule({ imports: [{ module: 'wasi_unstable', name: 'fd_write' }] }),
  ],
  'debug-info': [
    withSections(buildModule({}), customSection('.debug_info', new Array<number>(2000).fill(0))),
  ],
  'start-section-kernel': [
    encodeModule({
      type: [functionType([], []), functionType([], ['i64'])],
      import: [importItem('extism:host/env', 'input_length', 'function', [1])],
      function: [[0], [0]],
      start: 1,
      code: [body(['call 2']), body(['call 0', 'drop'])],
    }),
  ],
};

/** Findings that are right: the native runtime cannot start the one, and the others are hand-made to be odd. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'assemblyscript-start': ['start-section-kernel'],
  faults: ['export-type'],
  'faults-catch': ['legacy-exceptions'],
  'hostile-catch': ['legacy-exceptions'],
  'link-lib': ['export-type'],
};

const sarifOf = async (path: string, bytes: Uint8Array) => toSarif(await reportOf(bytes), { path });
const SARIF = () => readJson('test/audit/sarif-2.1.0.schema.json') as Schema;

suite('audit: lint', test => {
  for (const { id, level, repair, source, what, why } of LINT_RULES) {
    test(`${id} fires`, async () => {
      ok(FIRING[id]!.length > 0);
      for (const bytes of FIRING[id]!) {
        const { findings } = await reportOf(bytes);
        const found = findings.find(({ rule }) => rule === id)!;
        is(found.level, level);
        ok(found.message.length > 0 && found.repair.length > 0);
      }
    });
    test(`${id} has texts, a source and a repair`, () => {
      ok(what.endsWith('.') && why.endsWith('.') && Object.keys(repair).length > 0);
      match(source, /^https:/);
    });
  }

  test('a module without faults has no finding', async () => {
    const { findings } = await reportOf(
      buildModule({ functions: [{ name: 'run', body: [] }], memoryPages: 1, memoryMaxPages: 2 }),
    );
    equal(findings, []);
  });

  test('a WASI program of standard Go is not a plugin that lacks exports', async () => {
    const program = withSections(buildModule({ functions: [{ name: '_start', body: [] }] }), BY_GO);
    equal((await reportOf(program)).findings, []);
  });

  for (const folder of readIndex()) {
    test(`no false alarm: ${folder}`, async () => {
      const { findings } = await reportOf(
        host().readBytes(`fixtures/${folder}/${readCaseFile(folder).wasm}`),
      );
      const alarms = findings.filter(({ level }) => level !== 'note');
      equal(
        alarms.map(({ rule }) => rule),
        EXPECTED[folder] ?? [],
      );
    });
  }

  test('the repair is the one for the language of the module', async () => {
    const data = '/rustc/0123456789abcdef/library/core/src';
    const bytes = encodeModule({
      memory: [[0, 1]],
      data: [[0, 0x41, 0, 0x0b, ...sized(data)]],
    });
    const [finding] = (await reportOf(bytes)).findings;
    is(finding!.repair, '-C link-arg=--max-memory=BYTES');
  });
});

suite('audit: SARIF', test => {
  for (const [id, modules] of Object.entries(FIRING)) {
    test(`${id} is valid SARIF 2.1.0`, async () => {
      equal(checkSchema(await sarifOf('plugins/a b.wasm', modules[0]!), SARIF(), 'sarif'), []);
    });
  }

  test('the schema refuses a log without a version, and a result without a message', async () => {
    const log = await sarifOf('a.wasm', FIRING['export-type']![0]!);
    const { version: _, ...without } = log;
    ok(checkSchema(without, SARIF(), 'sarif').length > 0);
    const [run] = log.runs as [{ results: object[] }];
    const broken = { ...log, runs: [{ ...run, results: [{ ruleId: 'x' }] }] };
    ok(checkSchema(broken, SARIF(), 'sarif').length > 0);
  });

  for (const [path, uri] of [
    ['plugin.wasm', 'plugin.wasm'],
    ['./plugins/plugin.wasm', 'plugins/plugin.wasm'],
    ['/plugins/plugin.wasm', 'plugins/plugin.wasm'],
    ['plugins\\a b%.wasm', 'plugins/a%20b%25.wasm'],
  ] as const) {
    test(`a result of ${path} is at line 1 of ${uri}, with a fingerprint`, async () => {
      const log = await sarifOf(path, FIRING['memory-maximum']![0]!);
      const [run] = log.runs as [{ results: Record<string, unknown>[] }];
      const [result] = run.results;
      equal(result!.locations, [
        {
          physicalLocation: {
            artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
            region: { startLine: 1 },
          },
        },
      ]);
      equal(result!.partialFingerprints, { 'plugboardRule/v1': `${uri}:main:memory-maximum` });
    });
  }
});
