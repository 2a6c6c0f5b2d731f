import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import plugboard, { type BuildOptions } from '../../src/build/vite.ts';
import { equal, is, match, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inProject, VOWELS } from './project.ts';

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
    resolve: async source => (source === './lost.wasm' ? null : { id: join(folder, source) }),
    addWatchFile: path => void watched.push(path),
    warn: message => {
      throw new Error(message);
    },
    emitFile: file => `ref${emitted.push(file)}`,
  };
  return { context, emitted, watched };
}

/** Loads `./vowels.wasm?plugboard` as Vite does. */
async function load(
  folder: string,
  command: 'serve' | 'build',
  own?: BuildOptions,
  ssr?: boolean,
  conditions?: string[],
) {
  const plugin = plugboard(own);
  const made = contextIn(folder, conditions);
  plugin.configResolved({ command, build: { assetsDir: 'static' } });
  const id = await plugin.resolveId.call(made.context, './vowels.wasm?plugboard', join(folder, 'app.js'));
  is(id, join(folder, 'vowels.wasm?plugboard'));
  const code = (await plugin.load.call(made.context, id as string, ssr === undefined ? undefined : { ssr }))!;
  return { ...made, plugin, code };
}

suite('plugboard/vite', test => {
  test('emits a plugin as an asset of a build', () =>
    inProject(async folder => {
      const { code, emitted, watched } = await load(folder, 'build');
      match(code, /export const source = new URL\(import\.meta\.ROLLUP_FILE_URL_ref1\);/);
      equal(emitted, [
        { type: 'asset', name: 'vowels.wasm', source: new Uint8Array(host().readBytes(VOWELS)) },
      ]);
      equal(watched, [join(folder, 'vowels.wasm'), join(folder, 'vowels.xtp.yaml')]);
      match(
        readFileSync(join(folder, 'vowels.wasm.plugboard.d.ts'), 'utf8'),
        /"count_vowels"\(input: string/,
      );
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

  test('leaves a plugin as an imported module for workerd', () =>
    inProject(async folder => {
      const { plugin, context, code, emitted } = await load(folder, 'build', undefined, true, ['workerd']);
      const [, specifier] = /^import module from "(plugboard-module:vowels-\w{8}\.wasm)";$/m.exec(code)!;
      equal(await plugin.resolveId.call(context, specifier!, undefined), { id: specifier, external: true });
      const rendered = (fileName: string) =>
        plugin.renderChunk(`import m from "${specifier}"`, { fileName })?.code;
      match(rendered('app.js')!, /^import m from "\.\/static\/vowels-\w{8}\.wasm"$/);
      match(rendered('js/app.js')!, /^import m from "\.\.\/static\/vowels-\w{8}\.wasm"$/);
      is(plugin.renderChunk('other', { fileName: 'app.js' }), null);
      plugin.generateBundle.handler.call(context, {}, {});
      match(emitted[0]!.fileName!, /^static\/vowels-\w{8}\.wasm$/);
    }));

  test('puts the file of a worker beside the chunk that starts it', () =>
    inProject(async folder => {
      mkdirSync(join(folder, 'lib'));
      writeFileSync(join(folder, 'lib/worker-web.js'), '// the worker');
      const { context, emitted } = contextIn(folder);
      const moduleIds = [join(folder, 'lib/start.js')];
      plugboard().generateBundle.handler.call(
        context,
        {},
        {
          'js/a.js': { fileName: 'js/a.js', code: "new URL('./worker-web.js', import.meta.url)", moduleIds },
          'js/b.js': { fileName: 'js/b.js', code: '', moduleIds },
          'c.css': { fileName: 'c.css' },
        },
      );
      equal(
        emitted.map(({ fileName, source }) => [fileName, new TextDecoder().decode(source)]),
        [['js/worker-web.js', '// the worker']],
      );
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
