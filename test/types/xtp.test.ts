import { readXtpSchema, type XtpSchema } from '../../src/types/xtp.ts';
import { equal, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

const read = (type: object) => {
  const schema = {
    version: 'v1-draft',
    exports: { f: { output: { contentType: 'application/json', ...type } } },
    components: { schemas: { Fruit: { enum: ['apple', 'pear'] }, Tree: TREE } },
  };
  return readXtpSchema(JSON.stringify(schema)).exports[0]?.output?.type;
};
/** A type that holds itself, in a list. */
const TREE = { properties: { leaves: { items: { $ref: '#/components/schemas/Tree' } } } };

const types: readonly [type: object, read: unknown][] = [
  [{ type: 'string' }, { kind: 'string' }],
  [{ type: 'string', format: 'date-time' }, { kind: 'date' }],
  [{ type: 'string', format: 'byte' }, { kind: 'bytes' }],
  [{ type: 'buffer' }, { kind: 'bytes' }],
  [{ type: 'boolean' }, { kind: 'boolean' }],
  [{ type: 'integer', format: 'uint64' }, { kind: 'integer' }],
  [{ type: 'number', format: 'float' }, { kind: 'number' }],
  [{ type: 'array' }, { kind: 'array', items: { kind: 'any' } }],
  [
    { type: 'array', items: { type: 'integer' } },
    { kind: 'array', items: { kind: 'integer' } },
  ],
  [{ items: { type: 'boolean' } }, { kind: 'array', items: { kind: 'boolean' } }],
  [{ type: 'object' }, { kind: 'map', values: { kind: 'any' } }],
  [{ additionalProperties: { type: 'number' } }, { kind: 'map', values: { kind: 'number' } }],
  [
    { type: 'string', enum: ['a', 'b'] },
    { kind: 'literals', values: ['a', 'b'] },
  ],
  [{ $ref: '#/components/schemas/Fruit' }, { kind: 'schema', name: 'Fruit' }],
  [
    { type: 'integer', nullable: true },
    { kind: 'union', of: [{ kind: 'integer' }, { kind: 'null' }] },
  ],
  [
    { properties: { a: { type: 'string', description: 'x' }, b: { type: 'boolean' } }, required: ['b'] },
    {
      kind: 'object',
      properties: [
        { name: 'a', description: 'x', required: false, type: { kind: 'string' } },
        { name: 'b', description: '', required: true, type: { kind: 'boolean' } },
      ],
    },
  ],
];

const whole = `# yaml-language-server: $schema=https://xtp.dylibso.com/assets/wasm/schema.json
version: v1-draft
exports:
  count:
    description: |
      Counts.
    codeSamples:
    - lang: typescript
      source: |
        count('a')
    input:
      type: string
      contentType: text/plain; charset=utf-8
    output: { $ref: "#/components/schemas/Report", contentType: application/json }
  ping:
imports:
  eat:
    input: { type: buffer, contentType: application/x-binary }
components:
  schemas:
    Report:
      description: A report
      required: [n]
      properties:
        n: { type: integer, format: int32 }
`;
const parts: XtpSchema = {
  exports: [
    {
      name: 'count',
      description: 'Counts.\n',
      input: { encoding: 'text', description: '', type: { kind: 'string' } },
      output: { encoding: 'json', description: '', type: { kind: 'schema', name: 'Report' } },
    },
    { name: 'ping', description: '', input: null, output: null },
  ],
  imports: [
    {
      name: 'eat',
      description: '',
      input: { encoding: 'bytes', description: '', type: { kind: 'bytes' } },
      output: null,
    },
  ],
  schemas: [
    {
      name: 'Report',
      description: 'A report',
      type: {
        kind: 'object',
        properties: [{ name: 'n', description: '', required: true, type: { kind: 'integer' } }],
      },
    },
  ],
};

const text = (schema: object) => JSON.stringify({ version: 'v1-draft', exports: {}, ...schema });
const typed = (type: object) => text({ components: { schemas: { A: type } } });
const deep = (levels: number): object => (levels === 0 ? { type: 'string' } : { items: deep(levels - 1) });

const refused: readonly [rule: string, text: string, problem: RegExp][] = [
  ['a text that is not JSON', '{"version"', /XTP schema: /],
  ['another version', text({ version: 'v2' }), /#\/version: expected v0 or v1-draft, got "v2"/],
  ['no version', '{}', /#\/version/],
  ['a list', '- a', /#: expected a mapping, got an array of 1/],
  ['nothing', '', /#: expected a mapping, got null/],
  ['no exports', '{"version":"v1-draft"}', /#\/exports/],
  ['an unknown key', text({ export: {} }), /#: expected the keys version, .*, got "export"/],
  [
    'an unknown key of a type',
    typed({ type: 'string', format_: 'x' }),
    /#\/components\/schemas\/A: expected the keys/,
  ],
  ['a name that is not an identifier', text({ exports: { 'a b': {} } }), /#\/exports\/a b: expected a name/],
  ['a name __proto__ in a path', text({ exports: { '*/': {} } }), /expected a name/],
  [
    'a property that is not an identifier',
    typed({ properties: { 'x-y': { type: 'string' } } }),
    /properties\/x-y/,
  ],
  ['an unknown type', typed({ type: 'int' }), /A\/type: expected one of string, integer/],
  ['a type of the prototype', typed({ type: 'constructor' }), /A\/type: expected one of/],
  [
    'a format of another type',
    typed({ type: 'string', format: 'int32' }),
    /A\/format: expected one of date-time, byte/,
  ],
  ['a format of a boolean', typed({ type: 'boolean', format: 'x' }), /A\/format: expected no format/],
  ['an enum of numbers', typed({ enum: [1] }), /A\/enum: expected a list of texts/],
  ['no type', typed({ description: 'x' }), /A: expected one of type, \$ref/],
  [
    'a reference to nothing',
    typed({ $ref: '#/components/schemas/B' }),
    /A\/\$ref: expected .* one of A, got/,
  ],
  ['a reference elsewhere', typed({ $ref: 'https://x/y' }), /A\/\$ref/],
  ['a type that is only itself', typed({ $ref: '#/components/schemas/A' }), /A: expected a type, got/],
  [
    'a required property that is missing',
    typed({ properties: {}, required: ['a'] }),
    /A\/required: expected names of/,
  ],
  ['nullable as a text', typed({ type: 'string', nullable: 'no' }), /A\/nullable: expected true or false/],
  [
    'a description that is not a text',
    typed({ type: 'string', description: 1 }),
    /A\/description: expected a text/,
  ],
  [
    'a payload without a content type',
    text({ exports: { f: { input: { type: 'string' } } } }),
    /input\/contentType/,
  ],
  ['types without end', typed(deep(100)), /at most 64 levels/],
  ['a text without end', `version: ${'x'.repeat(1_048_576)}`, /at most 1048576 characters/],
  ['a name twice in version 0', '{"version":"v0","exports":["a","a"]}', /each name once, got "a"/],
  ['a name of version 0', '{"version":"v0","exports":[1]}', /#\/exports\/0: expected a name/],
];

suite('XTP schemas', test => {
  test('JSON may begin with a byte order mark', () => {
    const { exports } = readXtpSchema('\ufeff{"version":"v0","exports":["run"]}');
    equal(
      exports.map(({ name }) => name),
      ['run'],
    );
  });

  for (const [type, expected] of types) {
    test(`read ${JSON.stringify(type)}`, () => equal(read(type), expected));
  }
  test('read a whole schema as YAML', () => equal(readXtpSchema(whole), parts));
  test('read version 0, which has only names', () => {
    const { exports } = readXtpSchema('version: v0\nexports:\n  - a\n  - b\n');
    equal(
      exports.map(({ name, input }) => `${name} ${input?.encoding}`),
      ['a unknown', 'b unknown'],
    );
  });
  for (const [rule, text, problem] of refused) {
    const limits = { 'types without end': 'limit.typeDepth', 'a text without end': 'limit.schemaCharacters' };
    const limit = Object.entries(limits).flatMap(([name, id]) => (name === rule ? [id] : []));
    test.row(['error.INVALID_SCHEMA', ...limit], `refuse ${rule}`, async () => {
      await raises(() => readXtpSchema(text), { code: 'INVALID_SCHEMA', message: problem });
    });
  }
});
