import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build as bundle } from 'esbuild';
import plugboard, {
  type BuiltPlugin,
  type BuildOptions as PlugboardOptions,
} from '../../src/build/esbuild.ts';
import { ambientName } from '../../src/build/load.ts';
import { answering, METADATA } from '../actor/answering.ts';
import { equal, is, match, not, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, inProject, VOWELS, writeWorkerFiles } from './project.ts';

const optionsIn = (folder: string, own?: PlugboardOptions): BuildOptions => ({
  absWorkingDir: folder,
  entryPoints: ['app.js'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'silent',
  plugins: [plugboard(own)],
});
const bundleIn = (folder: string, options: BuildOptions, own?: PlugboardOptions) =>
  bundle({ ...optionsIn(folder, own), outdir: 'out', ...options });

const load = async (folder: string, file = 'out/app.js') =>
  (await import(pathToFileURL(join(folder, file)).href)) as { main(): Promise<unknown>; source: unknown };
const filesIn = (folder: string) =>
  readdirSync(join(folder, 'out'))
    .map(name => name.replace(/-[A-Z\d]{8}/, ''))
    .sort();

type Build = Parameters<ReturnType<typeof plugboard>['setup']>[0];

/** The first two callbacks of the plugin, for esbuild's answer to `resolve`. */
function callbacksOf(own: PlugboardOptions, found?: Awaited<ReturnType<Build['resolve']>>) {
  const resolvers: Parameters<Build['onResolve']>[1][] = [];
  const loaders: Parameters<Build['onLoad']>[1][] = [];
  plugboard(own).setup({
    initialOptions: { format: 'esm' },
    resolve: async () => found!,
    onResolve: (_, callback) => void resolvers.push(callback),
    onLoad: (_, callback) => void loaders.push(callback),
  });
  return { resolver: resolvers[0]!, loader: loaders[0]! };
}
const loadAlone = async (path: string, own: PlugboardOptions) => (await callbacksOf(own).loader({ path }))!;
const resolveAlone = async (path: string, found: Awaited<ReturnType<Build['resolve']>>) =>
  callbacksOf({}, found).resolver({ path, importer: '/app/app.js', resolveDir: '/app' });

const looping = ['loop', 'br 0', 'end'];
const actorThat = (body: readonly string[], memoryPages = 1) =>
  buildModule({
    functions: [
      { name: 'process', body: [] },
      { name: 'get_metadata', body: [...body] },
    ],
    memoryPages,
  });

const TWICE = '{"component":"X","inports":[{"name":"a"},{"name":"a"}]}';
/** Its output is a block that it does not fill. */
const large = buildModule({
  imports: [
    { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
    { module: 'extism:host/env', name: 'output_set', params: ['i64', 'i64'] },
  ],
  functions: [
    { name: 'process', body: [] },
    { name: 'get_metadata', body: ['i64.const 1048577', 'call 0', 'i64.const 1048577', 'call 1'] },
  ],
});

suite('plugboard/esbuild', test => {
  test('emits the plugins as files, and finds them beside the bundle', () =>
    inProject(async folder => {
      await bundleIn(folder, {});
      const { main, source } = await load(folder);
      equal(await main(), [2, 6]);
      match(String(source), /^file:.*\/out\/vowels-\w+\.wasm$/);
      ok(filesIn(folder).includes('counter.wasm'));
    }));

  test('writes the types beside the plugins, once', () =>
    inProject(async folder => {
      await bundleIn(folder, { write: false });
      const file = join(folder, 'vowels.wasm.plugboard.d.ts');
      const text = readFileSync(file, 'utf8');
      match(text, /declare module "\*\/vowels\.wasm\?plugboard"/);
      match(
        readFileSync(join(folder, 'counter.wasm.plugboard.d.ts'), 'utf8'),
        /"increment"\?: Message<"Flow">/,
      );
      writeFileSync(file, `${text}// changed`);
      await bundleIn(folder, { write: false }, { dts: false });
      match(readFileSync(file, 'utf8'), /changed/);
    }));

  test('puts the bytes into the code, where asked to', () =>
    inProject(async folder => {
      await bundleIn(folder, {}, { inline: true });
      const { main, source } = await load(folder);
      equal(await main(), [2, 6]);
      equal(source, new Uint8Array(host().readBytes(VOWELS)));
      not.ok(filesIn(folder).includes('vowels.wasm'));
    }));

  for (const format of ['cjs', 'iife'] as const) {
    test(`puts the bytes into the code of a bundle in ${format}, which has no URL of its own`, () =>
      inProject(async folder => {
        await bundleIn(folder, { format });
        not.ok(filesIn(folder).includes('vowels.wasm'));
      }));
  }

  test('leaves the plugins as imported modules for workerd', () =>
    inProject(async folder => {
      const { outputFiles } = await bundleIn(folder, {
        platform: 'browser',
        conditions: ['workerd'],
        write: false,
      });
      const code = outputFiles!.find(({ path }) => path.endsWith('app.js'))!.text;
      match(code, /^import \w+ from "\.\/vowels-\w+\.wasm";$/m);
      const wasm = outputFiles!.find(({ path }) => /vowels-\w+\.wasm$/.test(path))!.contents;
      equal(wasm, new Uint8Array(host().readBytes(VOWELS)));
    }));

  for (const format of ['esm', 'iife'] as const) {
    test(`makes the worker of plugboard an output of a bundle in ${format}, and leaves that of the app alone`, () =>
      inProject(async folder => {
        writeWorkerFiles(folder);
        await bundleIn(folder, { entryPoints: ['app.js', 'src/worker-web.js'], outbase: 'src', format });
        const folderOf = (name: string) => join(folder, name.startsWith('app') ? 'out/_.._' : 'out', name);
        const [, name] = /"\.\.\/(worker-web-\w+\.js)"/.exec(readFileSync(folderOf('app.js'), 'utf8'))!;
        is(readFileSync(folderOf(name!), 'utf8'), '// the worker');
        not.match(readFileSync(folderOf('worker-web.js'), 'utf8'), /the worker$/);
      }));
  }

  test('serves the worker of plugboard, and builds without a place for it', () =>
    inProject(async folder => {
      writeWorkerFiles(folder);
      const served = await bundleIn(folder, { write: false });
      ok(served.outputFiles!.some(({ path }) => /\/worker-web-\w+\.js$/.test(path)));
      const { outputFiles } = await bundle({ ...optionsIn(folder), write: false });
      match(outputFiles![0]!.text, /"\.\/worker-web\.js"/);
    }));

  for (const name of ['a b', 'ü', 'a#b', 'a%b', 'a%20b', "a'b"]) {
    test(`finds a file of the name ${name}`, () =>
      inProject(async folder => {
        renameSync(join(folder, 'vowels.wasm'), join(folder, `${name}.wasm`));
        renameSync(join(folder, 'vowels.xtp.yaml'), join(folder, `${name}.xtp.yaml`));
        const app = readFileSync(join(folder, 'app.js'), 'utf8');
        writeFileSync(
          join(folder, 'app.js'),
          app.replace("'./vowels.wasm", `"./${name}.wasm`).replace("plugboard';", 'plugboard";'),
        );
        await bundleIn(folder, { assetNames: `assets#%/[name]-[hash]` });
        equal(await (await load(folder)).main(), [2, 6]);
      }));
  }

  test('leaves publicPath as it is', () =>
    inProject(async folder => {
      await bundleIn(folder, { publicPath: 'https://cdn.test/a%20b/' });
      match(String((await load(folder)).source), /^https:\/\/cdn\.test\/a%20b\/vowels-\w+\.wasm$/);
    }));

  // Other plugins and settings of a build answer with more than paths.
  const answers: readonly [rule: string, options: BuildOptions][] = [
    ['that wasm files are external', { external: ['*.wasm'] }],
    [
      'another namespace',
      {
        plugins: [
          plugboard(),
          {
            name: 'other',
            setup: ({ onResolve }) =>
              onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path, namespace: 'other' })),
          },
        ],
      },
    ],
  ];
  for (const [rule, options] of answers) {
    test(`takes the file beside the importer when the build answers ${rule}`, () =>
      inProject(async folder => {
        await bundleIn(folder, options);
        equal(await (await load(folder)).main(), [2, 6]);
        writeFileSync(join(folder, 'app.js'), "import 'package/vowels.wasm?plugboard';");
        const error = await raises(() => bundleIn(folder, options), {});
        match(error.message, /package\/vowels\.wasm: .*, so import a plugin by a path/);
      }));
  }

  test('gives lock each plugin with its hashes and types, and emits the bytes of transform', () =>
    inProject(async folder => {
      const seen: BuiltPlugin[] = [];
      const own: PlugboardOptions = {
        transform: (bytes, path) => (path.endsWith('vowels.wasm') ? withSection(bytes) : bytes),
        lock: plugin => void seen.push(plugin),
      };
      await bundleIn(folder, {}, own);
      const changed = withSection(host().readBytes(VOWELS));
      const [counter, vowels] = seen.sort((a, b) => (a.path < b.path ? -1 : 1));
      is(vowels!.path, join(folder, 'vowels.wasm'));
      equal(vowels!.bytes, changed);
      is(vowels!.sha256, await sha256(changed));
      is(vowels!.fileSha256, await sha256(host().readBytes(VOWELS)));
      is(counter!.sha256, counter!.fileSha256);
      equal([vowels!.types.from, counter!.types.from], ['xtp', 'metadata']);
      equal(await (await load(folder)).main(), [2, 6]);
    }));

  test('is refused by the loader when the emitted file is another one', () =>
    inProject(async folder => {
      await bundleIn(folder, {});
      const name = readdirSync(join(folder, 'out')).find(name => name.startsWith('vowels'))!;
      writeFileSync(join(folder, 'out', name), withSection(host().readBytes(VOWELS)));
      const { main } = await load(folder);
      await raises(main, { code: 'HASH_MISMATCH' });
    }));

  const failing: readonly [
    rule: string,
    wasm: Uint8Array | undefined,
    own: PlugboardOptions,
    problem: RegExp,
  ][] = [
    ['lock refuses it', undefined, { lock: () => Promise.reject(new Error('not approved')) }, /not approved/],
    [
      'transform returns no bytes',
      undefined,
      { transform: () => 'x' as never },
      /transform: expected the bytes/,
    ],
    ['its schema is missing', undefined, { schema: () => 'lost.yaml' }, /lost\.yaml/],
    ['get_metadata does not end', actorThat(looping), { timeoutMs: 200 }, /get_metadata.*200 ms/],
    ['it starts with too much memory', actorThat([], 2000), {}, /memory/],
    ['get_metadata sets no output', actorThat([]), {}, /metadata/],
    [
      'get_metadata calls a host function',
      answering({ process: '', get_metadata: METADATA }, { get_metadata: ['extra'] }),
      {},
      /there are no host functions while/,
    ],
    ['get_metadata has an output of more than 1 MiB', large, {}, /at most 1048576 bytes, got 1048577/],
    [
      'two of its ports have one name',
      answering({ process: '', get_metadata: TWICE }),
      {},
      /ports of different names/,
    ],
    ['get_metadata traps', actorThat(['unreachable']), {}, /unreachable/i],
  ];
  for (const [rule, wasm, own, problem] of failing) {
    test(`fails the build of a plugin when ${rule}`, () =>
      inProject(async folder => {
        if (wasm) writeFileSync(join(folder, 'counter.wasm'), wasm);
        const error = await raises(() => bundleIn(folder, {}, own), {});
        match(error.message, problem);
        not.ok(existsSync(join(folder, 'out/app.js')));
      }));
  }

  for (const [rule, own, change, watched] of [
    ['is damaged', {}, (file: string) => writeFileSync(file, 'half'), ['vowels.wasm', 'vowels.xtp.yaml']],
    ['is removed', {}, (file: string) => rmSync(file), ['vowels.wasm', 'vowels.xtp.yaml']],
    [
      'has a schema with a mistake',
      {},
      (file: string) => writeFileSync(file.replace(/wasm$/, 'xtp.yaml'), 'version: ['),
      ['vowels.wasm', 'vowels.xtp.yaml'],
    ],
    [
      'is refused by lock',
      { lock: () => Promise.reject(new Error('not approved')) },
      () => {},
      ['vowels.wasm', 'vowels.xtp.yaml'],
    ],
  ] as const) {
    test(`goes on watching a plugin that ${rule}`, () =>
      inProject(async folder => {
        change(join(folder, 'vowels.wasm'));
        const { errors, watchFiles } = await loadAlone(join(folder, 'vowels.wasm'), own);
        is(errors?.length, 1);
        equal(
          watchFiles,
          watched.map(name => join(folder, name)),
        );
      }));
  }

  test('goes on watching for a plugin that cannot be resolved', async () => {
    const errors = [{ text: 'no such file' }];
    equal(await resolveAlone('./x.wasm?plugboard', { path: '', errors, external: false, namespace: '' }), {
      errors,
      watchFiles: [resolve('/app', 'x.wasm')],
    });
  });

  test('warns of types that cannot be written, and goes on', () =>
    inProject(async folder => {
      mkdirSync(join(folder, 'vowels.wasm.plugboard.d.ts'));
      const { warnings } = await bundleIn(folder, { write: false });
      equal(warnings.length, 1);
      match(warnings[0]!.text, /vowels\.wasm\.plugboard\.d\.ts: the types are not written/);
    }));

  test('refuses a file name that TypeScript cannot declare', async () => {
    is(ambientName('/x/a b.wasm'), '*/a b.wasm?plugboard');
    await raises(() => ambientName('/x/a*.wasm'), {
      code: 'INVALID_OPTION',
      message: 'a file name without "*"',
    });
  });

  test('needs no host function to ask an actor for its ports', () =>
    inProject(async folder => {
      writeFileSync(
        join(folder, 'counter.wasm'),
        answering({ process: '', get_metadata: METADATA }, { process: ['extra'] }),
      );
      await bundleIn(folder, { write: false });
    }));

  test('tells the importer of a file that is missing', () =>
    inProject(async folder => {
      rmSync(join(folder, 'vowels.wasm'));
      const error = await raises(() => bundleIn(folder, {}), {});
      match(error.message, /app\.js:2.*vowels\.wasm/s);
    }));

  test('takes a plugin from a folder where plugboard is not installed', () =>
    inProject(async folder => {
      await inFolder(async other => {
        writeFileSync(join(other, 'vowels.wasm'), host().readBytes(VOWELS));
        const app = `import vowels from ${JSON.stringify(join(other, 'vowels.wasm?plugboard'))};
          export const main = async () => (await (await vowels()).exports.count_vowels('hello')).json().count;`;
        writeFileSync(join(folder, 'app.js'), app);
        await bundleIn(folder, {});
        is(await (await load(folder)).main(), 2);
      });
    }));

  test('refuses an unknown option', () =>
    raises(() => plugboard({ dtss: true } as never), {
      code: 'INVALID_OPTION',
      message: /did you mean "dts"/,
    }).then(() => {}));
});

/** The bytes with an empty custom section: another module, which does the same. */
const withSection = (bytes: Uint8Array) => Uint8Array.of(...bytes, 0, 2, 1, 120);
const sha256 = async (bytes: Uint8Array) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');
