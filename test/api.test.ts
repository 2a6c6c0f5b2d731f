import { type ApiLine, findUnnamedChanges, parseApi, printApi } from './helpers/api.ts';
import { equal, is, match, ok } from './helpers/assert.ts';
import { readJson, readText } from './helpers/host.ts';
import { placesOf } from './helpers/signatures.ts';
import { suite } from './helpers/suite.ts';
import { declarationsOf, publicTypes } from './public-types.ts';
import { EXPERIMENTAL, IMPORTS, levelOf, RUNTIMES } from './stability.ts';

const line = (name: string, member: string, text: string): ApiLine => ({ entry: 'x', name, member, text });
const before = [line('Plugin', '', 'class Plugin'), line('Plugin', 'call', 'call(name: string): void')];
const after = [line('Plugin', '', 'class Plugin'), line('Plugin', 'call', 'call(name: Name): void')];

suite('public types', test => {
  test('a changed line that the changelog does not name is reported with both forms', () => {
    equal(findUnnamedChanges(before, after, '- Calls are faster.'), [
      '- x Plugin.call: call(name: string): void',
      '+ x Plugin.call: call(name: Name): void',
    ]);
  });

  test('a changed line is named by its member or its export', () => {
    equal(findUnnamedChanges(before, after, '- `plugin.call` takes a `Name`.'), []);
    equal(findUnnamedChanges(before, after, '- `Plugin` is new.'), []);
  });

  test('the exports of a new import are named by its path', () => {
    const added = [{ ...line('describe', '', 'function describe(): void'), entry: 'plugboard/new' }];
    equal(findUnnamedChanges(before, [...before, ...added], '- `plugboard/new` describes plugins.'), []);
    is(findUnnamedChanges(before, [...before, ...added], '- A new import.').length, 1);
  });

  test('the form of the file is read as it was written', () => equal(parseApi(printApi(before)), before));

  test('each type that differs from the last release is named in the changelog', () => {
    const [unreleased = ''] = /^## Unreleased\n[\s\S]*?(?=^## )/m.exec(readText('CHANGELOG.md')) ?? [];
    const unnamed = findUnnamedChanges(parseApi(readText('test/package/api.txt')), publicTypes(), unreleased);
    is(
      unnamed.join('\n'),
      '',
      'name the export or its member, in backticks, under Unreleased in CHANGELOG.md',
    );
  });

  test('each import of the package has a level', () => {
    const { exports } = readJson('package.json') as { exports: Record<string, unknown> };
    const paths = Object.keys(exports).map(path => `plugboard${path.slice(1)}`.replace(/[?*].*$/, ''));
    const has = (path: string) =>
      IMPORTS.some(row => row.path === path || row.path === path.replace(/[^/]+\.wasm$/, '*.wasm'));
    equal(
      paths.filter(path => !has(path)),
      [],
    );
  });

  test('each experimental export exists, and its docstring says so', () => {
    const lines = publicTypes();
    for (const { path, names } of EXPERIMENTAL) {
      for (const name of names) {
        ok(
          lines.some(line => line.entry === path && line.name === name),
          `${path} does not export ${name}`,
        );
        const { file } = placesOf(declarationsOf(path)).get(name)!;
        match(
          readText(file),
          new RegExp(`@experimental(?:(?!\\*/)[^])*\\*/\\s*export (?:declare )?\\w+ ${name}\\b`),
          `the docstring of ${name} lacks @experimental`,
        );
        is(levelOf({ entry: path, name }), 'experimental');
      }
    }
    is(levelOf({ entry: 'plugboard', name: 'createPlugin' }), 'stable');
  });

  test('the supported versions are those that the suites run on', () => {
    const lock = readText('test/runtime/package.json');
    const versions = RUNTIMES.flatMap(({ runtime, tested }) =>
      /^(Node 26|Deno|Bun|workerd)/.test(runtime) ? [/[\d.]+/.exec(tested)![0]] : [],
    );
    is(versions.length, 4);
    equal(
      versions.filter(version => !lock.includes(`"${version}.`)),
      [],
    );
  });

  test('the types hold nothing that is marked as internal', () => {
    equal(
      publicTypes().filter(({ member }) => ['callLater', 'initialise', 'mayWaitForThis'].includes(member)),
      [],
    );
  });
});
