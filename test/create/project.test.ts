import { LANGUAGES } from '../../create-plugboard/src/languages.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { readText } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { CHOICES, textsOf } from './plan.ts';

/** Lines of a terminal window, more or less. */
const ONE_SCREEN = 50;

interface Manifest {
  name: string;
  scripts: Record<string, string>;
  devDependencies: Record<string, string>;
}

suite('files of new projects', test => {
  for (const choice of CHOICES) {
    const { kind, language } = choice;
    const title = `${kind} in ${language}`;
    test(`${title}: package.json has the four scripts, and each file that they name is there`, () => {
      const files = textsOf(choice);
      const { name, scripts, devDependencies } = JSON.parse(files.get('package.json') ?? '') as Manifest;
      is(name, choice.name);
      equal(Object.keys(scripts), ['build', 'test', 'dev', 'start']);
      is(devDependencies.plugboard, choice.plugboard);
      const named = Object.values(scripts).flatMap(
        script => script.match(/[\w./]+\.(mjs|ts|txt|jsonl)\b/g) ?? [],
      );
      ok(named.length >= 4, named.join());
      equal(
        named.filter(path => !files.has(path)),
        [],
      );
    });

    test(`${title}: no placeholder is left, and no file is empty`, () => {
      for (const [path, text] of textsOf(choice)) {
        if (path.startsWith('sdk/')) continue;
        ok(!/\{\{[a-z ]+\}\}/.test(text), `${path}: ${text}`);
        ok(text.trim() !== '', path);
      }
    });

    test(`${title}: the README is one screen and names the module that is built`, () => {
      const readme = textsOf(choice).get('README.md') ?? '';
      const lines = readme.split('\n').length;
      ok(lines <= ONE_SCREEN, `${lines} lines`);
      const wasm = LANGUAGES[language].wasm
        .replace('{{name}}', choice.name)
        .replace('{{crate}}', choice.name.replaceAll('-', '_'));
      for (const path of ['README.md', 'scripts/dev.mjs', `test/${kind}.test.mjs`]) {
        ok(textsOf(choice).get(path)?.includes(wasm), path);
      }
    });

    test(`${title}: build output and packages are not committed`, () => {
      const ignored = textsOf(choice).get('.gitignore') ?? '';
      match(ignored, /^\/node_modules\/$/m);
      match(ignored, /^\/(target|build|\*\.wasm)/m);
    });

    test(`${title}: a file is watched if its change changes a call`, () => {
      const files = textsOf(choice);
      const { folders, watched } = LANGUAGES[language];
      const isSource = (path: string) => /\.(rs|go|ts|toml|mod)$/.test(path) && !/^sdk\/|tsconfig/.test(path);
      const inputs = [kind === 'plugin' ? 'input.txt' : 'messages.jsonl'];
      for (const path of [...files.keys()].filter(isSource).concat(inputs)) {
        ok(files.has(path), path);
        const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
        ok((folders as readonly string[]).includes(folder), `${path}: its folder is not watched`);
        ok(new RegExp(watched).test(path), `${path}: not among ${watched}`);
      }
    });
  }

  test('the actors bring the SDK of their language, with its licence', () => {
    for (const choice of CHOICES.filter(({ kind }) => kind === 'actor')) {
      match(textsOf(choice).get('sdk/LICENSE') ?? '', /^MIT License/, choice.language);
    }
  });

  test('the sums of Go modules are those of the SDK', () => {
    is(readText('create-plugboard/templates/go-actor/go.sum'), readText('sdk/go/go.sum'));
  });

  test('both packages have the same version', () => {
    const versionOf = (path: string) => (JSON.parse(readText(path)) as { version: string }).version;
    is(versionOf('create-plugboard/package.json'), versionOf('package.json'));
  });
});
