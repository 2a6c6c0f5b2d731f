import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import plugboard, { type BuildOptions } from '../../src/build/vite.ts';
import { equal, is, match, not, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inProject, VOWELS, writeWorkerFiles } from './project.ts';

type ViteContext = ThisParameterType<ReturnType<typeof plugboard>['load']>;

interface Emitted {
  type: 'asset';
  name?: string;
  fileName?: string;
  source: Uint8Array;
}

/** Vite's part: a context that keeps the emitted files. `npm run test:vite` runs Vite itself. */
function contextIn(folder: string, conditions: string[] = []) {
  const emitted: Emitted[] = [];
  const watched: string[] = [];
  const context: ViteContext = {
    environment: { config: { resolve: { conditions } } },
    resolve: async source => (source.startsWith('./lost.wasm') ? null : { id: join(folder, source) }),
    addWatchFile: path => void watched.push(path),
    warn: message => {
      throw new Error(message);
    },
    emitFile: file => `ref${emitted.push(file)}`,
    getFileName: reference => `static/${reference} #1.wasm`,
  };
  return { context, emitted, watched };
}

const ES = { format: 'es' };
/** The dev server's text of a wasm file. */
const WASM = '\0asm';

/** Loads `./vowels.wasm?plugboard` as Vite does. */
async function load(
  folder: string,
  command: 'serve' | 'build',
  own?: BuildOptions,
  ssr?: boolean,
  conditions?: string[],
  external?: boolean,
) {
  const plugin = plugboard(own);
  const made = contextIn(folder, conditions);
  plugin.configResolved({ command, cacheDir: join(folder, 'cache'), build: { assetsDir: 'static' } });
  const id = await plugin.resolveId.call(made.context, './vowels.wasm?plugboard', join(folder, 'app.js'));
  is(id, join(folder, 'vowels.wasm?plugboard'));
  if (external) made.context.resolve = async source => ({ id: source, external });
  const loaded = await plugin.load.call(made.context, id as string, ssr === undefined ? undefined : { ssr });
  const code = loaded ?? (await plugin.transform.call(made.context, WASM, id as string))!.code;
  return { ...made, plugin, code };
}

suite('plugboard/vite', test => {
  test('emits a plugin as an asset of a build, and finds it beside the chunk', () =>
    inProject(async folder => {
      const { code, plugin, context, emitted, watched } = await load(folder, 'build');
      match(code, /new URL\(\/\* @vite-ignore \*\/ "plugboard-file:\w{64}", import\.meta\.url\)/);
      equal(emitted, [
        { type: 'asset', name: 'vowels.wasm', source: new Uint8Array(host().readBytes(VOWELS)) },
      ]);
      const rendered = plugin.renderChunk.call(context, code, { fileName: 'js/app.js' }, ES);
      match(rendered!.code, /new URL\("\.\.\/static\/ref1%20%231\.wasm", import\.meta\.url\)/);
      const inlined = plugin.renderChunk.call(context, code, { fileName: 'app.js' }, { format: 'cjs' });
      match(inlined!.code, /new URL\("data:application\/wasm;base64,AGFzbQ/);
      equal(watched, [join(folder, 'vowels.wasm'), join(folder, 'vowels.xtp.yaml')]);
      match(
        readFileSync(join(folder, 'vowels.wasm.plugboard.d.ts'), 'utf8'),
        /"count_vowels"\(input: string/,
      );
    }));

  test('puts the file into a build for a server after Vite, where asked to', () =>
    inProject(async folder => {
      const { code, plugin, context, emitted } = await load(folder, 'build', { inline: false }, true);
      match(code, /new URL\(\/\* @vite-ignore \*\/ "plugboard-file:/);
      equal(emitted, []);
      plugin.generateBundle.handler.call(context, {}, {});
      match(emitted[0]!.fileName!, /^static\/vowels-\w{64}\.wasm$/);
    }));

  const inlined: readonly [
    rule: string,
    command: 'serve' | 'build',
    own: BuildOptions | undefined,
    ssr: boolean,
  ][] = [
    ['for the dev server', 'serve', undefined, false],
    ['for the dev server, as a server runs it', 'serve', undefined, true],
    ['for a server', 'build', undefined, true],
    ['for the dev server, also where asked for a file', 'serve', { inline: false }, true],
    ['where asked to', 'build', { inline: true }, false],
  ];
  for (const [rule, command, own, ssr] of inlined) {
    test(`puts the bytes into the code ${rule}`, () =>
      inProject(async folder => {
        const { code, emitted } = await load(folder, command, own, ssr);
        match(code, /export const source = Uint8Array\.from\(atob\("AGFzbQ/);
        equal(emitted, []);
      }));
  }

  test('leaves a plugin as an imported module for workerd, in a file with the whole hash', () =>
    inProject(async folder => {
      const { plugin, context, code, emitted } = await load(folder, 'build', undefined, true, ['workerd']);
      const [, specifier] = /^import module from "(plugboard-file:\w{64})";$/m.exec(code)!;
      equal(await plugin.resolveId.call(context, specifier!, undefined), { id: specifier, external: true });
      const rendered = (fileName: string) =>
        plugin.renderChunk.call(context, `import m from "${specifier}"`, { fileName }, ES)?.code;
      match(rendered('app.js')!, /^import m from "\.\/static\/vowels-\w{64}\.wasm"$/);
      match(rendered('js/app.js')!, /^import m from "\.\.\/static\/vowels-\w{64}\.wasm"$/);
      match(rendered('static/app.js')!, /^import m from "\.\/vowels-\w{64}\.wasm"$/);
      is(plugin.renderChunk.call(context, 'other', { fileName: 'app.js' }, ES), null);
      plugin.generateBundle.handler.call(context, {}, {});
      match(emitted[0]!.fileName!, /^static\/vowels-\w{64}\.wasm$/);
    }));

  test('keeps the files of an environment out of the others', () =>
    inProject(async folder => {
      const { plugin } = await load(folder, 'build', undefined, true, ['workerd']);
      const { context, emitted } = contextIn(folder);
      plugin.generateBundle.handler.call(context, {}, {});
      equal(emitted, []);
    }));

  test('gives the dev server of workerd a module, and one that runs in Node the bytes', () =>
    inProject(async folder => {
      const { plugin, context, code } = await load(folder, 'serve', undefined, true, ['workerd'], true);
      const [, path] = /^import module from "([^"]*cache[^"]*vowels-\w{64}\.wasm)";$/m.exec(code)!;
      equal(readFileSync(path!), Buffer.from(host().readBytes(VOWELS)));
      context.resolve = async source => ({ id: source });
      const other = await plugin.transform.call(context, WASM, join(folder, 'vowels.wasm?plugboard'));
      match(other!.code, /AGFzb/);
    }));

  test('leaves it to the dev server whether a file may be read', () =>
    inProject(async folder => {
      const { plugin, context } = await load(folder, 'serve');
      const id = join(folder, 'counter.wasm?plugboard');
      is(await plugin.load.call(context, id), null);
      await raises(() => plugin.transform.call(context, 'export default "/counter.wasm"', id), {
        code: 'UNSUPPORTED',
        message: /counter\.wasm: expected a wasm module from the dev server/,
      });
      not.ok(existsSync(join(folder, 'counter.wasm.plugboard.d.ts')));
    }));

  // Other plugins and settings of a build answer with more than paths.
  const answers: readonly [rule: string, found: { id: string; external?: boolean }][] = [
    ['a relative path that is external', { id: './vowels.wasm', external: true }],
    ['an absolute path that is external', { id: '/other/vowels.wasm', external: true }],
    ['the id of a virtual module', { id: '\0wasm:./vowels.wasm' }],
    ['a module of Cloudflare', { id: '__CLOUDFLARE_MODULE__CompiledWasm__/x.wasm__CLOUDFLARE_MODULE__' }],
  ];
  for (const [rule, found] of answers) {
    test(`takes the file beside the importer when the build answers with ${rule}`, () =>
      inProject(async folder => {
        const plugin = plugboard();
        const { context } = contextIn(folder);
        context.resolve = async () => found;
        const resolveFrom = (source: string, importer: string) =>
          plugin.resolveId.call(context, source, importer);
        const id = await resolveFrom('./vowels.wasm?plugboard', join(folder, 'src/app.vue?vue&lang=ts'));
        is(id, join(folder, 'src/vowels.wasm?plugboard'));
        const refused = { code: 'UNSUPPORTED', message: /import a plugin by a path such as/ };
        await raises(() => resolveFrom('package/vowels.wasm?plugboard', join(folder, 'app.js')), refused);
        await raises(() => resolveFrom('./vowels.wasm?plugboard', '\0virtual'), refused);
      }));
  }

  test('puts the file of the worker of plugboard beside the chunk that starts it', () =>
    inProject(async folder => {
      const { lib, names } = writeWorkerFiles(folder);
      const { context, emitted } = contextIn(folder);
      const code = "new URL('./worker-web.js', import.meta.url)";
      const bundleOf = (moduleIds: string[], more = {}) => ({
        'js/a.js': { fileName: 'js/a.js', code, moduleIds },
        'js/b.js': { fileName: 'js/b.js', code: '', moduleIds },
        'c.css': { fileName: 'c.css' },
        ...more,
      });
      const generate = (bundle: object) =>
        plugboard().generateBundle.handler.call(context, {}, bundle as never);
      generate(bundleOf(names));
      equal(
        emitted.map(({ fileName, source }) => [fileName, new TextDecoder().decode(source)]),
        [['js/worker-web.js', '// the worker']],
      );
      const own = { 'js/worker-web.js': { fileName: 'js/worker-web.js', code: '', moduleIds: [] } };
      await raises(async () => generate(bundleOf(names, own)), {
        code: 'UNSUPPORTED',
        message: `js/worker-web.js: a file of this name is for ${join(lib, 'worker-web.js')}`,
      });
    }));

  test('lets a wrapper import plugboard as its importer does', () =>
    inProject(async folder => {
      const { plugin, context } = await load(folder, 'build');
      const importers: (string | undefined)[] = [];
      context.resolve = async (source, importer) => {
        importers.push(importer);
        return { id: source };
      };
      await plugin.resolveId.call(context, 'plugboard', join(folder, 'vowels.wasm?plugboard'));
      equal(importers, [join(folder, 'app.js')]);
    }));

  test('leaves other imports to Vite', () =>
    inProject(async folder => {
      const plugin = plugboard();
      const { context } = contextIn(folder);
      for (const source of ['./vowels.wasm', './vowels.wasm?init', './app.js', './a.wasm?plugboard&url']) {
        is(await plugin.resolveId.call(context, source, undefined), null);
        is(await plugin.load.call(context, join(folder, source)), null);
      }
      is(await plugin.resolveId.call(context, './lost.wasm?plugboard', undefined), null);
    }));

  test('keeps plugboard beside the file of its worker in the dev server', () =>
    equal(plugboard().config(), { optimizeDeps: { exclude: ['plugboard'] } }));

  test('refuses an unknown option', async () => {
    await raises(() => plugboard({ inlined: true } as never), {
      code: 'INVALID_OPTION',
      message: /did you mean "inline"/,
    });
  });
});
