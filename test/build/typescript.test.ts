import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describePlugin, type PluginFacts, printDeclaration } from '../../src/types/index.ts';
import { is } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { HOSTILE } from '../types/hostile.ts';

const SCHEMA = `
version: v1-draft
exports:
  all: { input: { $ref: "#/components/schemas/string", contentType: application/json }, output: { $ref: "#/components/schemas/Promise", contentType: application/json } }
  text: { input: { $ref: "#/components/schemas/class", contentType: text/plain; charset=utf-8 } }
  none:
imports:
  host: { input: { type: buffer, contentType: application/x-binary }, output: { type: boolean, contentType: application/json } }
components:
  schemas:
    class: { type: string, enum: [red, green] }
    string:
      required: [id]
      properties:
        id: { type: integer }
        at: { type: string, format: date-time, nullable: true }
        tags: { type: array, items: { $ref: "#/components/schemas/class" } }
        map: { additionalProperties: { type: number } }
        any: { type: object }
    Promise:
      properties:
        children: { items: { $ref: "#/components/schemas/Promise" } }
    List: { type: array, items: { $ref: "#/components/schemas/List" } }
    Nested: { nullable: true, type: array, items: { type: array, items: { $ref: "#/components/schemas/Other", nullable: true } } }
    Other: { $ref: "#/components/schemas/Nested" }
`;
const port = (name: string, port_type: string, required = false) => ({
  name,
  description: '',
  port_type,
  required,
});
const hostile = HOSTILE.map(name => ({ ...port(name, name), description: name }));

const described: Readonly<Record<string, { names: readonly string[]; facts: PluginFacts }>> = {
  schema: { names: ['all', 'text', 'none'], facts: { schema: SCHEMA } },
  exports: { names: ['f', ...HOSTILE], facts: {} },
  actor: {
    names: ['process'],
    facts: {
      metadata: {
        component: 'X',
        description: '',
        inports: [port('n', 'Integer', true), port('s', 'string'), port('x', 'Strange')],
        outports: [port('out', 'Float')],
        config_schema: {
          type: 'object',
          required: ['a'],
          properties: {
            a: { type: ['integer', 'null'] },
            b: { enum: ['x', 1, null] },
            c: { $ref: '#/$defs/T' },
            m: { $ref: '#/$defs/M' },
            d: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'boolean' } }] },
          },
          $defs: {
            T: { properties: { next: { $ref: '#/$defs/T' } } },
            L: { $ref: '#/$defs/L' },
            M: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/M' }, { type: 'string' }] } },
          },
        },
      },
    },
  },
  hostile: {
    names: ['process'],
    facts: {
      metadata: {
        component: '*/ evil() /*',
        description: HOSTILE.join(' '),
        inports: hostile,
        outports: hostile,
        config_schema: {
          properties: Object.fromEntries(HOSTILE.map(name => [name, { const: name }] as const)),
        },
      },
    },
  },
};

/** Lines that must compile; after `wrong:`, lines that must not. */
const uses: Readonly<Record<string, string>> = {
  schema: `
const { exports } = await create({ imports: { host: (context, input: Uint8Array) => input.length > 0 } });
const tree: Schemas['Promise'] = await exports.all({ id: 1, at: null, tags: ['red'], map: { a: 1.5 }, any: { b: [] } });
const deeper: readonly Schemas['Promise'][] | undefined = tree.children?.[0]?.children;
const nothing: void = await exports.none();
const list: Schemas['List'] = [[], [[]]];
const inner: Schemas['List'] | undefined = list.map(item => item)[0]?.[0];
const nested: Schemas['Nested'] = [[null, [[null]]]];
await exports.text('green');
wrong: await exports.all({});
wrong: await exports.all({ id: 'x' });
wrong: await exports.all({ id: 1, tags: ['blue'] });
wrong: await exports.text('blue');
wrong: await exports.missing();
wrong: const names: Schemas['List'] = ['x'];
wrong: const numbers: Schemas['Nested'] = [1];
wrong: await create();
wrong: await create({ imports: { host: () => 'x' } });`,
  exports: `
const { exports, plugin, close } = await create({ timeoutMs: 100 });
const text: string | undefined = (await exports.f('a'))?.text();
await exports['*/ evil() /*']();
await close();
wrong: await exports.g();
wrong: await create({ timeoutMs: 'x' });`,
  actor: `
const actor = await create({ config: { a: null, b: 'x', c: { next: { next: {} } }, d: [true], m: ['x', ['y', []]] }, capacity: 4 });
const packets = await actor.process({ n: { type: 'Integer', data: 5n }, x: { type: 'Any', data: null } });
const out: number | undefined = packets[0]?.out?.data;
await actor.inports.send({ s: { type: 'String', data: 'x' } });
for await (const packet of actor.outports) console.log(packet.out?.type);
await actor.stop();
wrong: await actor.process({});
wrong: await actor.process({ n: { type: 'String', data: 'x' } });
wrong: await actor.process({ n: { type: 'Integer', data: 1 }, y: { type: 'Any', data: null } });
wrong: packets[0]?.other;
wrong: await create({ config: { a: 'x' } });
wrong: await create({ config: { a: 1, b: 2 } });
wrong: await create({ config: { a: 1, m: [1] } });`,
  hostile: `
const actor = await create();
const any = { type: 'Any', data: null } as const;
const all = await actor.process({ '*/ evil() /*': any, constructor: any, toString: any });
console.log(all[0]?.['__proto__'], all[0]?.['"']);
wrong: evil();`,
};

suite('declarations', test => {
  test('compile as a module and as a declared one, and refuse wrong uses', () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plugboard-types-')));
    try {
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(host().path('.'), join(folder, 'node_modules/plugboard'), 'junction');
      for (const [name, { names, facts }] of Object.entries(described)) {
        const types = describePlugin(
          buildModule({ functions: names.map(name => ({ name, body: [] })) }),
          facts,
        );
        const body = uses[name]!.trim().replace(/^wrong: /gm, '// @ts-expect-error\n');
        writeFileSync(join(folder, `${name}.wasm.d.ts`), printDeclaration(types));
        writeFileSync(
          join(folder, `${name}.wasm.plugboard.d.ts`),
          printDeclaration(types, { module: `*/${name}.wasm?plugboard` }),
        );
        const schemas = name === 'schema' ? ', type Schemas' : '';
        for (const from of [`./${name}.wasm.js`, `./${name}.wasm?plugboard`]) {
          const file = `${name}-${from.endsWith('.js') ? 'module' : 'query'}.mts`;
          writeFileSync(
            join(folder, file),
            `import create, { source, sha256${schemas} } from '${from}';\n${body}\nconsole.log(source, sha256.length);\n`,
          );
        }
      }
      const config = {
        compilerOptions: {
          ...{
            strict: true,
            noEmit: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: false,
            skipDefaultLibCheck: true,
          },
          ...{
            target: 'es2022',
            lib: ['esnext', 'dom'],
            module: 'preserve',
            moduleResolution: 'bundler',
            types: [],
          },
        },
        include: ['*'],
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const compiler = host().path('node_modules/typescript/bin/tsc');
      const { stdout, stderr, status } = spawnSync(process.execPath, [compiler], {
        cwd: folder,
        encoding: 'utf8',
      });
      is(stdout + stderr, '');
      is(status, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
