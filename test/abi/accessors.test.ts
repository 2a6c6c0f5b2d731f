import { ACCESSORS, accessorBytes, ENV_FUNCTIONS } from '../../abi/index.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

suite('abi/accessors', test => {
  test('the encoded module is valid, small, and imports the kernel memory and two kernel functions', () => {
    const bytes = accessorBytes();
    ok(WebAssembly.validate(bytes));
    ok(bytes.length < 1024, `${bytes.length} bytes`);
    equal(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), [
      { module: 'kernel', name: 'memory', kind: 'memory' },
      { module: 'kernel', name: 'alloc', kind: 'function' },
      { module: 'kernel', name: 'output_set', kind: 'function' },
    ]);
  });

  for (const { name, params, results } of ACCESSORS) {
    test.row(`env.${name}`, 'the accessor has the wasm type of the table', () => {
      const row = ENV_FUNCTIONS.find(item => item.name === name);
      equal(
        params,
        row?.params.map(({ type }) => type),
      );
      equal(
        results,
        row?.results.map(({ type }) => type),
      );
    });
  }

  test('an access after the end of the call is a real trap, which no plugin can catch', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    new DataView(memory.buffer).setUint32(20, 1, true);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(accessorBytes()), {
      kernel: { memory, alloc: () => 0, output_set: () => {} },
    });
    try {
      (exports.load_u8 as (address: bigint) => number)(64n);
    } catch (error) {
      is((error as Error).constructor, WebAssembly.RuntimeError);
      return;
    }
    throw new Error('expected a trap');
  });
});
