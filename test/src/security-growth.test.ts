import { type CallError, createPlugin, type Plugin } from '../../src/node.ts';
import { is, ok } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { ENV, KERNELS, push } from './security-guest.ts';

const countUp = ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'];
/** `dive` calls itself until `count` has risen to 0, and allocates there. */
const wasm = buildModule({
  imports: [
    { module: ENV, name: 'alloc', params: ['i64'], results: ['i64'] },
    { module: ENV, name: 'input_offset', results: ['i64'] },
    { module: ENV, name: 'input_length', results: ['i64'] },
    { module: ENV, name: 'output_set', params: ['i64', 'i64'] },
  ],
  functions: [
    {
      name: 'dive',
      body: [
        ...[...countUp, 'global.get 0', 'i32.eqz', 'if', push('i64', 3_000_000n), 'call 0', 'drop'],
        ...['else', 'call 4', 'end', ...countUp],
      ],
    },
    { name: 'alloc', body: [push('i64', 10n), 'call 0', 'drop'] },
    { name: 'fine', body: ['call 1', 'call 2', 'call 3'] },
  ],
  global: { name: 'count', value: 0 },
});

const BOTTOMLESS = -(2 ** 31);
const countOf = async (plugin: Plugin) => (await plugin.getInstance()).exports.count as WebAssembly.Global;
const ends = (plugin: Plugin) =>
  plugin.call('dive').then(
    () => 'success',
    (error: CallError) => error.code,
  );

for (const kernel of KERNELS) {
  suite(`security: growth at the end of the stack (${kernel})`, test => {
    test.row('security.recursion', 'a stack that ends while memory grows ends only the call', async () => {
      // A growth takes more of the stack than three frames, so that none is missed.
      for (let distance = 0; distance < 100; distance += host().thorough ? 1 : 3) {
        const plugin = await createPlugin(wasm, { kernel });
        // Compiling takes much of the stack, so `alloc` is compiled before the measurement.
        await plugin.call('alloc');
        let depth = 0;
        // At first 30 times: frames are larger until the engine has compiled the code with its better compiler.
        for (let time = distance < 3 ? 30 : 1; time > 0; time--) {
          const count = await countOf(plugin);
          count.value = BOTTOMLESS;
          is(await ends(plugin), 'STACK_OVERFLOW');
          depth = count.value - BOTTOMLESS;
        }
        (await countOf(plugin)).value = distance - depth;
        ok(['success', 'STACK_OVERFLOW'].includes(await ends(plugin)));
        for (const length of [5, 2_000_000, 5]) {
          const output = await plugin.call('fine', new Uint8Array(length).fill(distance));
          is(output?.byteLength, length);
          is(output?.getUint8(length - 1), distance & 255);
        }
      }
    });
  });
}
