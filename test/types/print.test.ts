import type { PluginMetadata } from '../../src/actor/node.ts';
import { describePlugin, type PluginTypes, printDeclaration, printModule } from '../../src/types/index.ts';
import { comment } from '../../src/types/text.ts';
import { equal, is, match, not, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { HOSTILE } from './hostile.ts';

const wasm = (names: readonly string[]) =>
  buildModule({ functions: names.map(name => ({ name, body: [] })) });
const EMPTY = wasm([]);
const port = (name: string) => ({ name, description: name, port_type: name, required: false });
const metadata = (names: readonly string[]): PluginMetadata => ({
  component: names[4] ?? 'X',
  description: names.join(' '),
  inports: names.map(port),
  outports: names.map(port),
  config_schema: {
    description: names.join(' '),
    properties: Object.fromEntries(
      names.map(name => [name, { description: name, enum: [name], $comment: name } as const]),
    ),
    $defs: Object.fromEntries(
      names.map(name => [name, { $ref: `#/$defs/${name}`, description: name }] as const),
    ),
  },
});

const source = { source: 'undefined', gives: 'module', sha256: '00' } as const;
/** Everything that is printed of a description. */
const printed = (types: PluginTypes): string =>
  [
    printDeclaration(types),
    printDeclaration(types, { module: '*/x.wasm?plugboard' }),
    printModule(types, source),
  ].join('\n');

/** The texts without string literals and comments, as a reader of JavaScript or TypeScript sees them. */
const bare = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '·');

suite('printed types', test => {
  for (const name of HOSTILE) {
    const label = JSON.stringify(name.slice(0, 30));
    test(`keep the name ${label} in quotes and comments`, () => {
      const texts = [describePlugin(wasm([name])), describePlugin(EMPTY, { metadata: metadata([name]) })].map(
        printed,
      );
      for (const text of texts) {
        not.match(bare(text), /evil|sourceMapping|script|<!/);
        not.match(text, /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        not.match(text, /^[\s/*]*@/m);
      }
    });
  }

  test('refuse a file that is not a module, and a module that is cut short', async () => {
    const module = wasm(['run']);
    const rows: [bytes: Uint8Array, message: RegExp][] = [
      [new TextEncoder().encode('hello'), /expected a WebAssembly module: /],
      [new Uint8Array(0), /expected a WebAssembly module: /],
      [module.subarray(0, -3), /the engine does not accept it: /],
    ];
    for (const [bytes, message] of rows)
      for (const facts of [{}, { metadata: metadata([]) }])
        await raises(() => describePlugin(bytes, facts), { code: 'INVALID_WASM', message });
  });

  test('refuse two ports of one name', async () => {
    const twice = { ...metadata([]), inports: [port('a'), port('b'), port('a')] };
    await raises(() => describePlugin(EMPTY, { metadata: twice }), {
      code: 'INVALID_METADATA',
      message: /inports: expected ports of different names, got two of the name "a"/,
    });
  });

  const wrong: readonly [rule: string, types: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['another version', { ...describePlugin(EMPTY), version: 2 }],
    ['a text', 'version: 1'],
  ];
  for (const [rule, types] of wrong) {
    test(`refuse ${rule} in place of a description`, async () => {
      for (const print of [printDeclaration, printModule] as ((types: never, options: never) => string)[]) {
        await raises(() => print(types as never, source as never), { code: 'INVALID_OPTION' });
      }
    });
  }

  test('are the same after a description was JSON', () => {
    const types = describePlugin(EMPTY, { metadata: metadata(HOSTILE) });
    is(printed(JSON.parse(JSON.stringify(types)) as PluginTypes), printed(types));
  });

  test('make a type that leads to itself alone any value', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, at) => [`t${at}`, { $ref: `#/definitions/t${at + 1}` }] as const),
    );
    const definitions = {
      ...chain,
      t20000: { type: 'object' },
      loop: { anyOf: [{ $ref: '#/definitions/loop' }, {}] },
    };
    const types = describePlugin(EMPTY, { metadata: { ...metadata([]), config_schema: { definitions } } });
    const typeOf = (name: string) => types.schemas.find(schema => schema.name === name)?.type.kind;
    equal(['t0', 't20000', 'loop'].map(typeOf), ['schema', 'map', 'any']);
  });

  test('take time that grows with the size of a schema', () => {
    const deep = (levels: number): object =>
      levels === 0 ? {} : { type: Array(50).fill('array'), items: deep(levels - 1) };
    const types = describePlugin(EMPTY, { metadata: { ...metadata([]), config_schema: deep(100) as never } });
    ok(printDeclaration(types).length < 10_000);
  });

  test('of an actor without metadata take every packet, and say so', () => {
    const imports = [{ module: 'extism:host/user', name: '__send_output', params: ['i64'] }] as const;
    const types = describePlugin(buildModule({ imports, functions: [{ name: 'process', body: [] }] }));
    equal([types.kind, types.from], ['actor', 'exports']);
    match(printDeclaration(types), /The actor has no metadata[\s\S]*export type Inports = Packet;/);
  });

  test('of a wrapper that loads from a URL keep the limits of an actor while it loads', () => {
    const types = describePlugin(EMPTY, { metadata: { ...metadata([]), encoding: 'msgpack' } });
    const text = printModule(types, { source: 'new URL("x")', gives: 'url', sha256: '00' });
    match(
      text,
      /const \{ (?!.*timeoutMs)[^}]*, \.\.\.loading \} = options;\n {2}const loader = new ModuleLoader\(loading\);/,
    );
    match(text, /options = \{ codec: msgpack, \.\.\.options \};/);
  });

  const configs: readonly [schema: unknown, type: string][] = [
    [true, 'unknown'],
    [{}, 'unknown'],
    [{ type: 'string' }, 'string'],
    [{ type: 'integer', nullable: true }, 'number | null'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: [] }, 'unknown'],
    [{ type: 'strange' }, 'unknown'],
    [{ const: 'a' }, '"a"'],
    [{ enum: ['a', 1, true, null] }, '"a" | 1 | true | null'],
    [{ enum: [{}] }, 'unknown'],
    [{ type: 'array', items: { type: 'number' } }, 'readonly (number)[]'],
    [{ type: 'object' }, '{ readonly [key: string]: unknown }'],
    [{ type: 'object', additionalProperties: { type: 'boolean' } }, '{ readonly [key: string]: boolean }'],
    [{ properties: {} }, '{ readonly [key: string]: unknown }'],
    [{ properties: { a: true }, required: ['a'] }, '{\n  readonly "a": unknown;\n}'],
    [{ oneOf: [{ type: 'string' }, { type: 'boolean' }] }, 'string | boolean'],
    [{ allOf: [{ type: 'string' }] }, 'string'],
    [{ allOf: [{ type: 'string' }, {}] }, 'unknown'],
    [{ $ref: '#/$defs/A', $defs: { A: { type: 'string' } } }, 'Schemas["A"]'],
    [{ $ref: '#/$defs/B', $defs: { A: 1 } }, 'unknown'],
    [{ $ref: 'https://x/y' }, 'unknown'],
  ];
  for (const [schema, type] of configs) {
    test(`give a config of ${JSON.stringify(schema)} a type`, () => {
      const types = describePlugin(EMPTY, { metadata: { ...metadata([]), config_schema: schema as never } });
      const [, printed] = /export type Config = ([\s\S]*?);\nexport type Options/.exec(
        printDeclaration(types),
      )!;
      is(printed, type);
    });
  }

  test('say that no more than names can be known of exports', () => {
    const types = describePlugin(wasm(['f', '_initialize']));
    equal(
      types.exports.map(({ name }) => name),
      ['f'],
    );
    match(printDeclaration(types), /Only the names of the exports are known/);
    match(printDeclaration(types), /"f"\(input\?: PluginInput, .*Promise<PluginOutput \| null>;/);
  });

  test('of a schema name no export that the plugin lacks', async () => {
    const schema = 'version: v0\nexports: [f, g]';
    equal(describePlugin(wasm(['f', 'g', 'h']), { schema }).exports.length, 2);
    await raises(() => describePlugin(wasm(['f', 'h']), { schema, schemaName: 'x.yaml' }), {
      code: 'INVALID_SCHEMA',
      message: 'x.yaml: the plugin does not export the function g; it exports f, h',
    });
  });
});

suite('printed descriptions', test => {
  test.row('limit.descriptionCharacters', 'one of more than 2000 characters is cut', () => {
    const shown = (length: number) =>
      comment(['x'.repeat(length)])
        .join('')
        .replaceAll(/[^x…]/g, '');
    equal([shown(2000), shown(2001)], ['x'.repeat(2000), `${'x'.repeat(2000)}…`]);
  });
});
