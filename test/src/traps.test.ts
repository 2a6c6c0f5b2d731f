import { body as bodyOf, encodeModule, exportItem, functionType } from '../../abi/encode.ts';
import { Message, type Packet, ScriptActor } from '../../src/actor/index.ts';
import type { CallError, PluginOptions } from '../../src/node.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { createPlugin, suiteInModes } from '../helpers/modes.ts';
import { suite } from '../helpers/suite.ts';
import { TRAPS, trappingModule } from './trapping.ts';

const traps = trappingModule(TRAPS.map(({ name, body }) => ({ export: name, body })));

/** A function that throws a wasm exception, and nothing catches it. */
const throwing = encodeModule({
  type: [functionType([], [])],
  function: [[0]],
  tag: [[0, 0]],
  export: [exportItem('process', 'function', 0)],
  code: [bodyOf(['throw 0'])],
});

const failure = async (plugin: { call(name: string): Promise<unknown> }, name: string): Promise<CallError> =>
  (await raises(() => plugin.call(name), {})) as CallError;

suiteInModes('traps', test => {
  for (const { name, reason } of TRAPS) {
    test.row(
      'error.TRAP',
      `${name}: the reason is that of the specification, the cause is the engine's`,
      async () => {
        const plugin = await createPlugin({ wasm: [{ data: traps }] });
        const error = await failure(plugin, name);
        equal([error.code, error.message], ['TRAP', `${name}: the plugin trapped: ${reason}`]);
        ok(error.cause instanceof WebAssembly.RuntimeError, String(error.cause));
      },
    );
  }

  test.row(
    'error.STACK_OVERFLOW',
    'endless recursion is told in the same words on every engine',
    async () => {
      const wasm = trappingModule([{ export: 'run', body: ['call run'] }]);
      const { code, message } = await failure(await createPlugin({ wasm: [{ data: wasm }] }), 'run');
      equal(
        [code, message],
        ['STACK_OVERFLOW', 'run: call stack exhausted; endless recursion in the plugin?'],
      );
    },
  );

  test.row('error.TRAP', 'an exception that the plugin does not catch is told in a sentence', async () => {
    const { code, message } = await failure(await createPlugin({ wasm: [{ data: throwing }] }), 'process');
    const text =
      'process: the plugin threw an exception that it did not catch; let it catch all, and set an error text';
    equal([code, message], ['TRAP', text]);
  });
});

const NAMED = trappingModule([
  { export: 'run', body: ['call middle'], name: 'outer_fn' },
  { export: 'middle', body: ['call inner'], name: 'shop::Cart<T>::add (inlined)' },
  { export: 'inner', body: ['call last'] },
  { export: 'last', body: ['unreachable'], name: 'päck@/a b:wasm' },
  { export: 'deep', body: ['call deep'], name: 'deep' },
  { export: 'hostile', body: ['unreachable'], name: 'x'.repeat(100_000) },
  { export: 'lines', body: ['unreachable'], name: 'first\nsecond' },
]);
const STACK = ['päck@/a b:wasm', 'wasm-function', 'shop::Cart<T>::add (inlined)', 'outer_fn'];

const withoutIndex = (names: readonly string[]) =>
  names.map(name => (/^(wasm-function\[\d+\]|<anonymous>)$/.test(name) ? 'wasm-function' : name));

suiteInModes('names of wasm functions', (test, mode) => {
  const ways: [name: string, transforms: string[], options: PluginOptions, manifest: object][] = [
    ['a plugin', [], {}, {}],
    ['a plugin whose memory is limited', ['cap-memory'], {}, { memory: { max_pages: 10 } }],
  ];
  // An object as file system keeps the plugin on this thread, so that checks in its code keep the time limit.
  const metered = { timeoutMs: 60_000, preopens: { '/': new MemoryFs() } };
  if (mode === 'on this thread') ways.push(['a plugin with checks in its code', ['meter'], metered, {}]);
  for (const [name, transforms, options, manifest] of ways) {
    test(`the error of ${name} that traps names the functions, the innermost first`, async () => {
      const plugin = await createPlugin({ wasm: [{ data: NAMED }], ...manifest }, options);
      equal(
        plugin.report.modules[0]?.transforms.map(step => step.name),
        transforms,
      );
      equal(withoutIndex((await failure(plugin, 'run')).wasmStack), STACK);
      await plugin.close();
    });
  }

  test('the error of endless recursion names at most 16 functions', async () => {
    const plugin = await createPlugin({ wasm: [{ data: NAMED }] });
    const { wasmStack } = await failure(plugin, 'deep');
    ok(wasmStack.length > 0 && wasmStack.length <= 16, `${wasmStack.length}`);
    is(
      wasmStack.every(name => name === 'deep'),
      true,
    );
  });

  test('a name is cut after 200 characters', async () => {
    const [name = ''] = (await failure(await createPlugin({ wasm: [{ data: NAMED }] }), 'hostile')).wasmStack;
    match(name, /^x{200}… \(\d+ characters\)$/);
  });

  test('a module with 8 MiB of names and more gives none', async () => {
    const wasm = trappingModule([{ export: 'run', body: ['unreachable'] }]);
    const section = new Uint8Array(8 * 1024 * 1024 + 32);
    // A custom section `name`, of padding.
    section.set([0, ...sizeOf(section.length - 6), 4, 110, 97, 109, 101]);
    const bytes = new Uint8Array(wasm.length + section.length);
    bytes.set(wasm);
    bytes.set(section, wasm.length);
    const { code, wasmStack } = await failure(await createPlugin({ wasm: [{ data: bytes }] }), 'run');
    equal([code, wasmStack], ['TRAP', []]);
  });

  test('a name with a line end does not break the others', async () => {
    const { wasmStack } = await failure(await createPlugin({ wasm: [{ data: NAMED }] }), 'lines');
    ok(wasmStack.length <= 2, wasmStack.join());
  });
});

/** LEB128 of five bytes. */
const sizeOf = (size: number) =>
  [0, 7, 14, 21, 28].map(shift => ((size >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0));

/** The packets of an actor that gets one message. */
async function packetsOf(wasm: Uint8Array<ArrayBuffer>, options: object): Promise<Packet[]> {
  const actor = await ScriptActor.create({ source: wasm }, options);
  actor.start();
  await actor.inports.send({ in: Message.flow() });
  await actor.stop();
  const packets: Packet[] = [];
  for await (const packet of actor.outports) packets.push(packet);
  return packets;
}

suite("error packets of an actor's traps", test => {
  for (const { name, body, reason } of TRAPS) {
    test(`${name}: the packet is the same on every engine`, async () => {
      const wasm = trappingModule([{ export: 'process', body, name: 'process' }]);
      const text = `process: the plugin trapped: ${reason}`;
      equal(await packetsOf(wasm, {}), [{ error: Message.error(text) }]);
    });
  }

  test('an exception that is not caught: the packet is the same on every engine', async () => {
    const [packet] = await packetsOf(throwing, {});
    match(String(packet?.error?.data), /^process: the plugin threw an exception that it did not catch; /);
  });

  test('the packet names the functions only with errorDetails', async () => {
    const wasm = trappingModule([
      { export: 'process', body: ['call inner'], name: 'outer_fn' },
      { export: 'inner', body: ['unreachable'], name: 'inner_fn' },
    ]);
    const text = 'process: the plugin trapped: unreachable';
    equal(await packetsOf(wasm, { errorDetails: false }), [{ error: Message.error(text) }]);
    const functions = '\n  at inner_fn\n  at outer_fn';
    equal(await packetsOf(wasm, { errorDetails: true }), [{ error: Message.error(text + functions) }]);
  });
});
