import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginOutput } from '../../src/node.ts';
import { describePlugin, type PluginFacts, printModule } from '../../src/types/index.ts';
import { toBase64 } from '../../src/values/base64.ts';
import { equal, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { HOSTILE } from '../types/hostile.ts';
import { inFolder } from './project.ts';

interface Wrapper {
  create(options?: object): Promise<{
    exports: Record<string, (input?: unknown) => Promise<unknown>>;
    process(payload: object): Promise<unknown[]>;
    close(): Promise<void>;
    stop(): Promise<void>;
  }>;
  source: unknown;
}

/** Runs the printed module, with the suites' own build of plugboard. */
async function load(bytes: Uint8Array, facts: PluginFacts): Promise<Wrapper> {
  const source = `Uint8Array.from(atob('${toBase64(bytes)}'), byte => byte.charCodeAt(0))`;
  const text = printModule(describePlugin(bytes, facts), { source, gives: 'bytes', sha256: '00' });
  const entries: Record<string, string> = {
    plugboard: 'node',
    'plugboard/actor': 'actor/node',
    'plugboard/msgpack': 'msgpack/index',
  };
  const linked = text.replace(
    /from '(plugboard[\w/]*)'/g,
    (_, name: string) => `from '${pathToFileURL(host().path(`dist/src/${entries[name]}.js`)).href}'`,
  );
  return inFolder(async folder => {
    const file = join(folder, 'wrapper.mjs');
    writeFileSync(file, linked);
    return (await import(pathToFileURL(file).href)) as Wrapper;
  });
}

const fixture = (path: string) => host().readBytes(`fixtures/${path}`);
const VOWELS = `
version: v1-draft
exports:
  count_vowels:
    input: { type: string, contentType: text/plain; charset=utf-8 }
    output: { $ref: "#/components/schemas/Report", contentType: application/json }
components:
  schemas:
    Report: { properties: { count: { type: integer } } }
`;
const echo = (type: string) => `
version: v1-draft
exports:
  echo:
    input: { type: buffer, contentType: application/x-binary }
    output: { type: string, contentType: ${type} }
`;
const TEXT = '{ type: string, contentType: text/plain; charset=utf-8 }';
const HOST = `
version: v1-draft
exports:
  echo: { input: { type: array, contentType: application/json }, output: ${TEXT} }
  call_host: { input: ${TEXT}, output: ${TEXT} }
imports:
  shout: { input: ${TEXT}, output: ${TEXT} }
  notify: { input: ${TEXT} }
`;
const heard: unknown[] = [];
const imports = {
  shout: (_: unknown, text: string) => text.toUpperCase(),
  notify: (_: unknown, text: string) => void heard.push(text),
};

interface Call {
  name: string;
  wasm: string;
  schema?: string;
  call: string;
  input?: unknown;
  options?: object;
  output: unknown;
}
const calls: readonly Call[] = [
  {
    name: 'text in, JSON out',
    wasm: 'vowels/vowels.wasm',
    schema: VOWELS,
    call: 'count_vowels',
    input: 'hello',
    output: { count: 2, total: 2, vowels: 'aeiouAEIOU' },
  },
  {
    name: 'Zig, bytes in, text out',
    wasm: 'zig/zig.wasm',
    schema: echo('text/plain; charset=utf-8'),
    call: 'echo',
    input: Uint8Array.of(104, 105),
    output: 'hi',
  },
  {
    name: 'Go, bytes in, bytes out',
    wasm: 'go-pdk/go_pdk.wasm',
    schema: echo('application/x-binary'),
    call: 'echo',
    input: Uint8Array.of(255, 0),
    output: Uint8Array.of(255, 0),
  },
  {
    name: 'Rust, with typed host functions',
    wasm: 'rust-pdk/rust_pdk.wasm',
    schema: HOST,
    call: 'call_host',
    input: 'a text',
    options: { imports },
    output: 'A TEXT',
  },
  {
    name: 'Rust, JSON in, text out',
    wasm: 'rust-pdk/rust_pdk.wasm',
    schema: HOST,
    call: 'echo',
    input: [1, 'x'],
    options: { imports },
    output: '[1,"x"]',
  },
  { name: 'C, of which only names are known', wasm: 'c-pdk/c_pdk.wasm', call: 'count', output: '1' },
  {
    name: 'AssemblyScript, of which only names are known',
    wasm: 'assemblyscript-start/assemblyscript_start.wasm',
    call: 'started',
    options: { config: { key: 'v', ключ: 'w' } },
    output: '3 4 v',
  },
];

const any = [{ name: 'in', description: '', port_type: 'Any', required: false }];
const keeper = { component: 'Keeper', description: '', inports: any, outports: any, config_schema: null };
const message = { in: { type: 'String', data: 'x' } };
const actors = [
  { name: 'Rust', wasm: 'rust-keeper/rust_keeper.wasm', metadata: keeper },
  { name: 'Go', wasm: 'go-keeper/go_keeper.wasm', metadata: keeper },
  {
    name: 'Go with MessagePack',
    wasm: 'go-msgpack/go_msgpack.wasm',
    metadata: { ...keeper, encoding: 'msgpack' },
  },
];

suite('printed wrappers', test => {
  for (const { name, wasm, schema, call, input, options, output } of calls) {
    test(`call a plugin: ${name}`, async () => {
      const { create } = await load(fixture(wasm), { schema });
      const { exports, close } = await create(options);
      const answer = await exports[call]!(input);
      equal(schema === undefined ? (answer as PluginOutput).text() : answer, output);
      await close();
    });
  }

  for (const { name, wasm, metadata } of actors) {
    test(`make an actor: ${name}`, async () => {
      const { create } = await load(fixture(wasm), { metadata });
      const actor = await create({ capacity: 4 });
      equal(await actor.process(message), [message]);
      await actor.stop();
    });
  }

  test('have an own key for each name, which calls the export of this name', async () => {
    const names = HOSTILE.filter(name => name.length < 100);
    const { create } = await load(buildModule({ functions: names.map(name => ({ name, body: [] })) }), {});
    const { exports } = await create();
    equal(Object.keys(exports).sort(), [...names].sort());
    for (const name of names) equal(await exports[name]!(), null);
    equal('evil' in globalThis, false);
  });

  test('refuse a plugin that sets no output where the schema has JSON', async () => {
    const schema =
      'version: v1-draft\nexports: { f: { output: { type: string, contentType: application/json } } }';
    const { create } = await load(buildModule({ functions: [{ name: 'f', body: [] }] }), { schema });
    const { exports } = await create();
    await raises(() => exports.f!(), { message: 'f: expected JSON, but the plugin set no output' });
  });

  test('of a plugin with host functions hand them the context', () => equal(heard, ['a text']));
});
