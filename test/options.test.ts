import type { ManifestLike, PluginOptions } from '../src/node.ts';
import { createPlugin, hostFunction } from '../src/node.ts';
import { createWasi, LineSink, MemoryFs } from '../wasi/index.ts';
import { nearest, type OptionRow } from '../wasi/options.ts';
import { equal, match, not, ok, raises } from './helpers/assert.ts';
import { buildModule } from './helpers/build-module.ts';
import { suite } from './helpers/suite.ts';
import { actor, grantId, ownRows, plugin, TABLES, TAKERS, type Taker } from './option-tables.ts';

const WASM = buildModule({ functions: [{ name: 'nothing', body: [] }] });
const CODES = /^(INVALID_OPTION|INVALID_MANIFEST|INVALID_CONFIG|INVALID_POLICY|WASI_INVALID_\w+)$/;
const SECRET = 'hunter2';

/** Wrong forms that users write by mistake. */
const misspelt = (key: string, known: readonly string[]): string[] => {
  const middle = key.length >> 1;
  const forms = [
    key.toLowerCase(),
    key.toUpperCase(),
    key.slice(0, middle) + key.slice(middle + 1),
    key + key.at(-1),
    `${key} `,
    key.replace(/[A-Z]/, letter => `_${letter.toLowerCase()}`),
  ];
  return [...new Set(forms)].filter(form => !known.includes(form));
};

const VALUES: readonly unknown[] = [
  SECRET,
  'true',
  [SECRET],
  { 0: SECRET },
  4815162342.5,
  -4815162342,
  1,
  true,
  () => SECRET,
  new Map([[SECRET, SECRET]]),
  Symbol(SECRET),
  10n,
];

/** Whether the row itself takes the value. */
function takes(row: OptionRow, value: unknown): boolean {
  try {
    row.check(value, '', message => {
      throw new Error(message);
    });
    return true;
  } catch {
    return false;
  }
}

/** A valid value for the row, if `VALUES` has one. */
const aFineValue = (row: OptionRow): unknown => VALUES.find(value => takes(row, value));

async function refused({ give }: Taker, options: object, message: string): Promise<string> {
  const error = await raises(() => give(options as never), { message });
  match(error.code ?? '', CODES);
  not.ok(/hunter2|4815162342/.test(error.message), `a value is shown: ${error.message}`);
  return error.message;
}

const at = (key: string) => (/^[\w$]+$/.test(key) ? `.${key}: ` : `[${JSON.stringify(key)}]: `);

type Try = (taker: Taker, key: string, row: OptionRow) => Promise<void>;

const TRIES: Readonly<Record<string, Try>> = {
  'a misspelt key is refused, and the error names the nearest key': async (taker, key, row) => {
    const known = Object.keys(taker.table.rows);
    for (const form of misspelt(key, known)) {
      const told = await refused(taker, { ...taker.base, [form]: aFineValue(row) }, at(form));
      match(told, /: unknown key; (did you mean ".+"\?|.+\.) Accepted: /);
      ok(told.endsWith(known.join(', ')), told);
    }
  },
  'a value of a wrong type is refused, and the error does not show it': async (taker, key, row) => {
    for (const value of VALUES.filter(value => !takes(row, value)))
      await refused(taker, { ...taker.base, [key]: value }, at(key).replace(/: $/, ''));
  },
  'a key in both spellings is refused': async (taker, key, { sameAs, ...row }) => {
    const value = aFineValue(row);
    if (sameAs === undefined || value === undefined) return;
    await refused(taker, { ...taker.base, [sameAs]: value, [key]: value }, 'not both');
  },
  'an inherited or hidden key is refused': async (taker, key, row) => {
    const { base = {} } = taker;
    if (Object.hasOwn(base, key)) return;
    const value = aFineValue(row);
    await refused(taker, Object.assign(Object.create({ [key]: value }), base), `${at(key)}inherited`);
    const hidden = Object.defineProperty({ ...base }, key, { value, enumerable: false });
    await refused(taker, hidden, `${at(key)}inherited or not enumerable`);
  },
};

suite('options', test => {
  for (const taker of TAKERS) {
    const { table, by } = taker;
    const title = by ? `${table.of}, by ${by}` : table.of;
    for (const [what, tries] of Object.entries(TRIES)) {
      test(`${title}: ${what}`, async () => {
        for (const [key, row] of Object.entries(table.rows)) await tries(taker, key, row);
      });
    }
  }

  for (const table of TABLES) {
    for (const [key, row] of ownRows(table)) {
      if (row.grants === undefined) continue;
      test.row(
        `grant.${grantId(table, key)}`,
        'a misspelt, mistyped or doubled form grants nothing',
        async () => {
          for (const taker of TAKERS.filter(taker => taker.table === table)) {
            for (const tries of Object.values(TRIES)) await tries(taker, key, row);
          }
        },
      );
    }
  }

  test('an object is read if keys are left out, it has symbol keys, or a class made it', async () => {
    const mark: unique symbol = Symbol('mark');
    class Options {
      useWasi = true;
      memory = undefined;
      [mark] = 1;
      withWasi() {}
    }
    const nothing = Object.assign(Object.create(null), { timeoutMs: undefined, allowedHosts: null });
    for (const options of [new Options(), nothing, undefined, {}])
      await createPlugin(WASM, options as PluginOptions);
  });

  test('an object of a built-in class, such as a Map, is refused', async () => {
    const given: readonly unknown[] = [
      new Map(),
      Promise.resolve({}),
      new AbortController().signal,
      new Date(),
    ];
    for (const options of given) {
      await raises(() => createPlugin(WASM, options as PluginOptions), {
        code: 'INVALID_OPTION',
        message: 'expected a plain object, got an object of class',
      });
    }
  });

  const hints: [what: string, give: () => unknown, message: string][] = [
    [
      'fsAccess',
      () => createPlugin(WASM, { fsAccess: true } as never),
      'whose SDK ignores it; name the folders in allowedPaths',
    ],
    ['runtime', () => createPlugin(WASM, { runtime: {} } as never), 'an older option of Extism'],
    ['offMainThread', () => createPlugin(WASM, { offMainThread: true } as never), 'give runInWorker'],
    [
      'readonly',
      () => createWasi({ preopens: { '/': { fs: new MemoryFs(), readonly: true } as never } }),
      'createWasi.preopens["/"].readonly: unknown key; did you mean "readOnly"? Accepted: fs, readOnly',
    ],
    ['argv', () => createWasi({ argv: [] } as never), 'did you mean "args"?'],
    ['online', () => new LineSink({ online: () => {} } as never), 'did you mean "onLine"?'],
    ['args', () => hostFunction({ args: [] } as never, () => {}), 'did you mean "params"?'],
    ['returns', () => hostFunction({ returns: 1 } as never, () => {}), 'did you mean "result"?'],
    [
      'timeoutMs of a call',
      async () => (await plugin()).call('nothing', '', null, { timeoutMs: 1 } as never),
      'call.timeoutMs: unknown key; it is an option of createPlugin.',
    ],
    [
      'timeoutMs of process',
      async () => (await actor()).process({}, { timeoutMs: 1 } as never),
      'process.timeoutMs: unknown key; it is an option of ScriptActor.create.',
    ],
    [
      'signal',
      async () => (await plugin()).call('nothing', '', null, { signal: {} as never }),
      'call.signal: expected an AbortSignal, got an object',
    ],
    [
      'a module beside wasm',
      () => createPlugin({ path: 'x.wasm' } as never),
      'it belongs into a module: { wasm: [{ … }] }',
    ],
    [
      'a function first',
      () => hostFunction(((context: never) => context) as never, undefined as never),
      'got a function first',
    ],
    [
      'no function',
      () => hostFunction({}, {} as never),
      'expected a function as second argument, got an object',
    ],
  ];
  for (const [what, give, message] of hints)
    test(`${what}: the message names the correct form`, () => raises(give, { message }).then(() => {}));

  test('readOnly among the keys of a file system is refused', async () => {
    const copy = { ...new MemoryFs(), readOnly: true };
    const expected = { message: 'give { fs, readOnly: true }' };
    await raises(() => createWasi({ preopens: { '/': copy } }), {
      ...expected,
      code: 'WASI_INVALID_PREOPEN',
    });
    await raises(() => createPlugin(WASM, { preopens: { '/': copy } }), {
      ...expected,
      code: 'INVALID_OPTION',
    });
  });

  test('ro: before the path of the plugin is refused', async () => {
    const expected = { message: '"ro:" stands before the path of the plugin' };
    await raises(() => createPlugin(WASM, { allowedPaths: { 'ro:data': '/x' } }), expected);
    await raises(() => createPlugin(WASM, { allowed_paths: { data: 'RO:/x' } }), expected);
  });

  test('an empty path is refused: on the host it would be the current folder', async () => {
    for (const paths of [{ '/x': '' }, { '/x': 'ro:' }, { '': '/x' }]) {
      const expected = { code: 'INVALID_OPTION', message: 'got an empty path' };
      await raises(() => createPlugin(WASM, { allowedPaths: paths }), expected);
      const turned = Object.fromEntries(Object.entries(paths).map(([guest, path]) => [path, guest]));
      await raises(() => createPlugin(WASM, { allowed_paths: turned }), expected);
    }
  });

  test('strange keys are cut and escaped', async () => {
    const keys = { 'a\n\u202e': 1 };
    await raises(() => createPlugin(WASM, keys as never), { message: 'option["a\\n\\u202e"]: unknown key.' });
    const long = { ['x'.repeat(1e5)]: 1 };
    const { message } = await raises(() => createPlugin(WASM, long as never), { message: 'xxx..."]' });
    ok(message.length < 1000);
  });

  test('the nearest name differs in two letters at most, and not in all', () => {
    const names = ['readOnly', 'fs', 'env', 'allowedHosts'];
    const near = (word: string) => nearest(word, names);
    equal(['READONLY', 'readOlny', 'read_only', 'redony', 'FS', 'x', 'foo', 'hosts'].map(near), [
      ...['readOnly', 'readOnly', 'readOnly', 'readOnly', 'fs'],
      ...[undefined, undefined, undefined],
    ]);
  });

  const noHosts = [
    ...[
      'https://x/',
      'HTTP://x',
      'x/',
      'x\\y',
      '*/path',
      'x:80',
      '*:8080',
      'x:',
      'user@x',
      '',
      ' x',
      'x\n',
      'a b',
    ],
    ...['münchen.example', '127.1', '0x7f.1', 'x#y', '%41', '1.2.3', 'http:'],
    ...[
      '{a.com,b.com}',
      '{a,b}.*',
      '!x',
      '!(x)',
      '+(x)',
      '*,x',
      'x;y',
      '^x$',
      '(x)',
      'x|y',
      '~x',
      '"x"',
      'x=*',
    ],
  ];
  for (const host of noHosts) {
    test(`allowedHosts: ${JSON.stringify(host)} can match no host, and is refused`, async () => {
      await raises(() => createPlugin(WASM, { allowedHosts: [host] }), {
        code: 'INVALID_OPTION',
        message:
          /^option\.allowedHosts\[0\]: .* can match no host; give the name alone, such as example\.com$/,
      });
      const manifest = { wasm: [{ data: WASM }], allowed_hosts: [host] } as ManifestLike;
      await raises(() => createPlugin(manifest), { code: 'INVALID_MANIFEST' });
    });
  }

  test('allowedHosts: names, globs and addresses are accepted', async () => {
    const allowedHosts = [
      ...[
        'x',
        'X.Example',
        'a_b.example',
        'x.',
        '*',
        '*.example',
        '?.example',
        '[ab].example',
        '[!a]b',
        '[/]x',
      ],
      ...['10.0.0.1', '::1', '[::1]', 'fe80::*', '*:*', 'xn--mnchen-3ya.example', '[x'],
    ];
    await createPlugin(WASM, { allowedHosts });
  });
});
