import { equal, is, match, ok, throws } from './helpers/assert.ts';
import { readCaseFile, readIndex, readSourceFile } from './helpers/cases.ts';
import { host, readJson } from './helpers/host.ts';
import { checkSchema, type Schema } from './helpers/json-schema.ts';
import { suite } from './helpers/suite.ts';

interface Fixture {
  wasm: string;
  source: string[];
  tool: string;
  command: string;
  sha256: string;
}
const readSchema = () => readJson('fixtures/cases.schema.json') as Schema;
const checkCases = (file: unknown) => checkSchema(file, readSchema(), 'cases');

const hash = async (bytes: Uint8Array) => {
  const digest = await crypto.subtle.digest('SHA-256', bytes.slice().buffer);
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
};

suite('fixtures', test => {
  test('index.json lists the folders that have a fixture.json', () => {
    const folders = host()
      .list('fixtures')
      .filter(name => name.endsWith('/') && host().list(`fixtures/${name}`).includes('fixture.json'))
      .map(name => name.slice(0, -1));
    equal(readIndex(), folders);
  });

  for (const { name, licence, sha256 } of readJson('fixtures/programs/programs.json') as {
    name: string;
    licence: string;
    sha256: string;
  }[]) {
    test(`programs/${name}: the .wasm has the hash in programs.json and is below 1 MB`, async () => {
      const bytes = host().readBytes(`fixtures/programs/${name}.wasm`);
      is(await hash(bytes), sha256);
      ok(bytes.length < 1_000_000 && licence !== '');
    });
  }

  for (const folder of readIndex()) {
    const fixture = readJson(`fixtures/${folder}/fixture.json`) as Fixture;
    const bytes = () => host().readBytes(`fixtures/${folder}/${fixture.wasm}`);

    test(`${folder}: the .wasm has the hash in fixture.json`, async () => {
      equal(Object.keys(fixture).sort(), ['command', 'sha256', 'source', 'tool', 'wasm']);
      is(await hash(bytes()), fixture.sha256);
      ok(fixture.command.includes('$OUT'), 'the command writes to $OUT');
      match(fixture.tool, /\d+\.\d+\.\d+/);
      for (const path of fixture.source) {
        const [, parent, name] = /^(.*?)([^/]+)$/.exec(`fixtures/${folder}/${path}`)!;
        ok(
          host()
            .list(parent!)
            .some(entry => entry === name || entry === `${name}/`),
          path,
        );
      }
    });

    test(`${folder}: the .wasm is stripped and names no path of the machine that built it`, () => {
      const module = new WebAssembly.Module(bytes().slice());
      for (const section of ['name', '.debug_info', 'sourceMappingURL'])
        equal(WebAssembly.Module.customSections(module, section), []);
      const text = new TextDecoder('latin1').decode(bytes());
      equal(text.match(/(\/(home|root|Users|tmp|work|usr\/lib)\/|[A-Z]:\\)[\w./\\-]*/g), null);
    });

    test(`${folder}: cases.json follows the schema, as written and with shared cases`, () => {
      equal(checkCases(readSourceFile(folder)), []);
      equal(checkCases(readCaseFile(folder)), []);
      is(readCaseFile(folder).wasm, fixture.wasm);
    });
  }

  test('ids of cases start with the name of their folder, and each is used once', () => {
    const ids = readIndex().flatMap(folder =>
      readCaseFile(folder).cases.map(({ id }) => {
        // A folder may be split: `abi-extras` has cases of `abi` too.
        const [first] = id.split('.');
        ok(folder === first || folder.startsWith(`${first}-`), id);
        return id;
      }),
    );
    equal(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
  });

  const sharing = readIndex().flatMap(folder => {
    const { shared, except = {} } = readSourceFile(folder);
    return shared === undefined ? [] : [{ folder, shared, except }];
  });
  for (const shared of new Set(sharing.map(item => item.shared))) {
    test(`${shared}: the shared cases follow the schema, with ids of their folder`, () => {
      const file = readSourceFile(shared);
      equal(checkCases({ ...file, wasm: 'x.wasm' }), []);
      equal(
        file.cases.filter(({ id }) => !id.startsWith(`${shared}.`)),
        [],
      );
    });
  }
  for (const { folder, shared, except } of sharing) {
    test(`${folder}: each exception names a case of ${shared}`, () => {
      const { cases } = readSourceFile(shared);
      const ids = cases.map(({ id }) => id);
      equal(
        Object.keys(except).filter(rest => !ids.includes(`${shared}.${rest}`)),
        [],
      );
    });
  }

  test('the lock file of npm has no download addresses', () => {
    const { packages } = readJson('fixtures/package-lock.json') as {
      packages: Record<string, { resolved?: string; link?: boolean }>;
    };
    // A link has the folder of this repository.
    const named = Object.values(packages).filter(({ resolved, link }) => resolved !== undefined && !link);
    equal(named, []);
  });
});

const call = { function: 'f', output: null };
const given = { id: 'a.b', proves: 'p', level: 'edge', calls: [call] };
const file = { $schema: '../cases.schema.json', version: 2, wasm: 'x.wasm', cases: [given] };
const withCase = (changes: object) => ({ ...file, cases: [{ ...given, ...changes }] });
const withCall = (changes: object) => withCase({ calls: [{ ...call, ...changes }] });

const wrongFiles: [name: string, file: unknown, problem: RegExp][] = [
  ['a list', [], /cases: expected object/],
  ['no cases', { ...file, cases: [] }, /fewer than 1 items/],
  ['an unknown key', { ...file, comment: '' }, /cases: unknown key comment/],
  ['an unknown key of a case', withCase({ skip: true }), /cases\.cases\[0\]: unknown key skip/],
  [
    'a case without a sentence',
    { ...file, cases: [{ id: 'a.b', level: 'edge', calls: [call] }] },
    /no proves/,
  ],
  ['an id without a folder', withCase({ id: 'b' }), /cases\[0\]\.id: not/],
  ['a row of another kind', withCase({ rows: ['error.alloc'] }), /rows\[0\]: not/],
  ['a case that does nothing', withCase({ calls: [] }), /fewer than 1 items/],
  ['calls and packets', withCase({ process: [{ payload: {}, packets: [] }] }), /fits 2 of 4 forms/],
  [
    'a call without output and error',
    withCase({ calls: [{ function: 'f' }] }),
    /fits 0 of 2 forms, expected at least one/,
  ],
  ['bytes in two spellings', withCall({ output: { text: 'a', hex: '61' } }), /output: fits 0 of 2 forms/],
  ['half a byte', withCall({ input: { hex: '6' } }), /input\.hex: not/],
  ['an error of a host', withCall({ error: { code: 'ERR_TRAP' } }), /error\.code: expected one of bad-sig/],
  ['an unknown level', withCall({ logs: [{ level: 'fatal', text: '' }] }), /level: expected one of/],
  [
    'an unknown message type',
    {
      ...file,
      cases: [
        {
          id: 'a.b',
          proves: 'p',
          level: 'edge',
          process: [{ payload: { x: { type: 'Int' } }, packets: [] }],
        },
      ],
    },
    /payload\.x\.type: expected one of/,
  ],
];

suite('schema of cases', test => {
  test('accepts the valid file', () => equal(checkCases(file), []));
  for (const [name, wrong, problem] of wrongFiles)
    test(`refuses ${name}`, () => match(checkCases(wrong).join('\n'), problem));

  test('a keyword that the checker does not know is an error, not ignored', () => {
    throws(() => checkSchema(1, { multipleOf: 2 }, 'x'), /multipleOf/);
  });
});
