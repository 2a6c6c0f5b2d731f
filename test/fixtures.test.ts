import { equal, is, match, ok, throws } from './helpers/assert.ts';
import { readCaseFile, readIndex } from './helpers/cases.ts';
import { host, readJson } from './helpers/host.ts';
import { suite } from './helpers/suite.ts';

interface Fixture {
  wasm: string;
  source: string[];
  tool: string;
  command: string;
  sha256: string;
}
type Schema = { [keyword: string]: unknown };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const sizeOf = (value: unknown) => (isObject(value) ? Object.keys(value).length : 0);

const TYPES: Record<string, (value: unknown) => boolean> = {
  object: isObject,
  array: Array.isArray,
  string: value => typeof value === 'string',
  integer: Number.isInteger,
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
};

/** The keywords of JSON Schema that the schema uses. Each returns the faults of `value` at `path`. */
const KEYWORDS: Record<string, (value: unknown, argument: never, path: string, schema: Schema) => string[]> =
  {
    type: (value, type: string, path) => (TYPES[type]!(value) ? [] : [`${path}: expected ${type}`]),
    const: (value, only: string, path) => (value === only ? [] : [`${path}: expected ${only}`]),
    enum: (value, names: unknown[], path) =>
      names.includes(value) ? [] : [`${path}: expected one of ${names.join(', ')}`],
    pattern: (value, pattern: string, path) =>
      typeof value !== 'string' || new RegExp(pattern, 'u').test(value) ? [] : [`${path}: not ${pattern}`],
    required: (value, names: string[], path) =>
      isObject(value)
        ? names.filter(name => !Object.hasOwn(value, name)).map(name => `${path}: no ${name}`)
        : [],
    properties: (value, schemas: Record<string, Schema>, path) =>
      Object.entries(isObject(value) ? value : {}).flatMap(([name, item]) =>
        Object.hasOwn(schemas, name) ? check(item, schemas[name]!, `${path}.${name}`) : [],
      ),
    additionalProperties: (value, other: Schema | false, path, { properties }) =>
      Object.entries(isObject(value) ? value : {})
        .filter(([name]) => !Object.hasOwn((properties as Schema) ?? {}, name))
        .flatMap(([name, item]) =>
          other ? check(item, other, `${path}.${name}`) : [`${path}: unknown key ${name}`],
        ),
    items: (value, schema: Schema, path) =>
      (Array.isArray(value) ? value : []).flatMap((item, index) => check(item, schema, `${path}[${index}]`)),
    minItems: (value, least: number, path) =>
      !Array.isArray(value) || value.length >= least ? [] : [`${path}: fewer than ${least} items`],
    minProperties: (value, least: number, path) =>
      sizeOf(value) >= least ? [] : [`${path}: fewer than ${least} keys`],
    maxProperties: (value, most: number, path) =>
      sizeOf(value) <= most ? [] : [`${path}: more than ${most} keys`],
    oneOf: (value, schemas: Schema[], path) => {
      const fitting = schemas.filter(schema => check(value, schema, path).length === 0).length;
      return fitting === 1 ? [] : [`${path}: fits ${fitting} of ${schemas.length} forms, not one`];
    },
    anyOf: (value, schemas: Schema[], path) =>
      schemas.some(schema => check(value, schema, path).length === 0)
        ? []
        : [`${path}: fits 0 of ${schemas.length} forms, expected at least one`],
    $ref: (value, reference: string, path) => check(value, definition(reference), path),
  };
const ANNOTATIONS = ['$schema', '$defs', 'title', 'description'];

function check(value: unknown, schema: Schema, path: string): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (ANNOTATIONS.includes(keyword)) return [];
    const test = KEYWORDS[keyword];
    if (!test) throw new Error(`the schema uses "${keyword}", which this checker does not know`);
    return test(value, argument as never, path, schema);
  });
}

const readSchema = () => readJson('fixtures/cases.schema.json') as Schema;

function definition(reference: string): Schema {
  const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1];
  const found = (readSchema().$defs as Record<string, Schema>)[name ?? ''];
  if (!found) throw new Error(`the schema refers to ${reference}, which it does not have`);
  return found;
}

const checkCases = (file: unknown) => check(file, readSchema(), 'cases');

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

    test(`${folder}: cases.json follows the schema`, () => {
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

  test('the lock file of npm has no download addresses', () => {
    const { packages } = readJson('fixtures/package-lock.json') as {
      packages: Record<string, { resolved?: string }>;
    };
    const named = Object.keys(packages).filter(name => packages[name]!.resolved !== undefined);
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
    throws(() => check(1, { maximum: 0 }, 'x'), /maximum/);
  });
});
