import { envSignatures } from '../../abi/signatures.ts';
import { CAPABILITIES } from '../../src/audit/capabilities.ts';
import { reportOf } from '../../src/audit/index.ts';
import { REFLOW_FUNCTIONS } from '../../src/inspect/reflow.ts';
import { WASI_MODULE, wasiSignatures } from '../../wasi/spec/signatures.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';

type Import = { module: string; name: string; params?: ('i32' | 'i64')[]; results?: ('i32' | 'i64')[] };

const importing = (...imports: Import[]) => buildModule({ imports, functions: [{ name: 'run', body: [] }] });
const idsOf = async (...imports: Import[]) =>
  (await reportOf(importing(...imports))).capabilities.map(({ id }) => id);

/** Each function that the host provides, by its tables. */
const PROVIDED: readonly Import[] = [
  ...Object.entries(envSignatures).map(([name, [params, results]]) => {
    return { module: 'extism:host/env', name, params: [...params], results: [...results] };
  }),
  ...wasiSignatures.map(({ name, params, results }) => {
    return { module: WASI_MODULE, name, params: params.map(([, type]) => type), results: [...results] };
  }),
  ...[...REFLOW_FUNCTIONS.keys()].map(name => ({ module: 'extism:host/user', name })),
];

suite('audit: capabilities', test => {
  test('each function that the host provides gives one power or more, with words and a grant', async () => {
    for (const item of PROVIDED) {
      const { capabilities } = await reportOf(importing(item));
      ok(capabilities.length > 0, item.name);
      for (const { id, words, grant, imports } of capabilities) {
        equal({ words, grant }, CAPABILITIES[id]);
        equal(imports, [{ namespace: item.module, name: item.name }]);
      }
    }
  });

  test('reads of descriptors are reads of files only where path_open is imported', async () => {
    const read = { module: WASI_MODULE, name: 'fd_read' };
    equal(await idsOf(read), ['streams']);
    equal(await idsOf(read, { module: WASI_MODULE, name: 'path_open' }), [
      'files-write',
      'files-read',
      'streams',
    ]);
  });

  test('each host function is a power of its own, with its type', async () => {
    const params: ('i32' | 'i64')[] = ['i64'];
    const { capabilities } = await reportOf(
      importing({ module: 'app', name: 'a', params }, { module: 'app', name: 'b' }),
    );
    equal(
      capabilities.map(({ hostFunction }) => hostFunction),
      [
        { namespace: 'app', name: 'a', type: '(i64) -> ()' },
        { namespace: 'app', name: 'b', type: '() -> ()' },
      ],
    );
  });

  test('an import from another module of the manifest, or from nowhere, gives no power', async () => {
    const library = buildModule({ functions: [{ name: 'help', body: [] }] });
    const main = importing({ module: 'library', name: 'help' }, { module: 'wbg', name: 'x' });
    const { modules, capabilities } = await reportOf({
      wasm: [{ data: library, name: 'library' }, { data: main }],
    });
    equal(capabilities, []);
    equal(
      modules[1]!.imports.map(({ origin }) => origin),
      ['module', 'unknown'],
    );
  });
});

suite('audit: report', test => {
  test('has hash and sizes of each module', async () => {
    const bytes = importing();
    const [module] = (await reportOf(bytes)).modules;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    is(module!.sha256, [...digest].map(byte => byte.toString(16).padStart(2, '0')).join(''));
    is(module!.sizeBytes, bytes.length);
    is(
      module!.sections.reduce((sum, { sizeBytes }) => sum + sizeBytes, 8),
      bytes.length,
    );
  });

  test('a compiled module has no hash and no size', async () => {
    const [module] = (await reportOf(await WebAssembly.compile(importing()))).modules;
    equal([module!.sha256, module!.sizeBytes], [null, null]);
  });
});
