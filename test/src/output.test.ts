import { createPlugin, PluginOutput } from '../../src/node.ts';
import { equal, is, ok, throws } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const path = 'fixtures/bench/bench.wasm';
const wasm = () => host().module?.(path) ?? host().readBytes(path);

suite('output', test => {
  for (const length of [0, 1, 16, 1024, 1025, 100_000]) {
    test(`an output of ${length} bytes is a view of a whole buffer with no other bytes`, async () => {
      const plugin = await createPlugin(wasm());
      const input = Uint8Array.from({ length }, (_, index) => index);
      const before = await plugin.call('echo', 'before');
      const output = (await plugin.call('echo', input))!;
      const after = await plugin.call('echo', 'after!');
      ok(output instanceof DataView && output instanceof PluginOutput);
      equal([output.byteOffset, output.byteLength, output.buffer.byteLength], [0, length, length]);
      equal(new Uint8Array(output.buffer), input);
      equal(output.bytes(), input);
      equal(new Uint8Array(output.arrayBuffer()), input);
      is(output.buffer, output.buffer);
      if (length > 0) is(output.getUint8(length - 1), input[length - 1]);
      throws(() => output.getUint8(length), /./);
      output.bytes().fill(0xee);
      equal([before?.text(), after?.text()], ['before', 'after!']);
    });
  }

  for (const length of [1, 16, 1024, 1025]) {
    test(`text and json of an output of ${length} bytes have the changes of the array of bytes()`, async () => {
      const plugin = await createPlugin(wasm());
      const output = (await plugin.call('echo', '1'.repeat(length)))!;
      is(output.text(), '1'.repeat(length));
      output.bytes().fill(0x32);
      is(output.bytes()[0], 0x32);
      equal([output.text(), output.string()], ['2'.repeat(length), '2'.repeat(length)]);
      equal(output.json(), JSON.parse('2'.repeat(length)));
    });
  }

  test('an output is accepted by functions that take a view', async () => {
    const plugin = await createPlugin(wasm());
    await plugin.call('echo', 'another');
    const output = (await plugin.call('echo', '"é"'))!;
    is(new TextDecoder().decode(output), '"é"');
    is(await new Response(output).text(), '"é"');
    is(output.json(), 'é');
  });

  test('outputs are unchanged by thousands of calls', async () => {
    const plugin = await createPlugin(wasm());
    const outputs: PluginOutput[] = [];
    for (let index = 0; index < 3000; index++) {
      outputs.push((await plugin.call('echo', `number ${index}`))!);
    }
    for (const [index, output] of outputs.entries()) is(output.text(), `number ${index}`);
  });
});
