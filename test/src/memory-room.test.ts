import { instantiate } from '../../src/link/instance.ts';
import { createPlugin } from '../../src/node.ts';
import { equal, is, raises, throws } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { embed } from '../helpers/embedding.ts';
import { suite } from '../helpers/suite.ts';

const WASM = buildModule({
  memoryPages: 1,
  global: { name: 'started', value: 0 },
  functions: [
    { name: 'begin', body: ['global.get 0', 'i32.const 1', 'i32.add', 'global.set 0'] },
    { name: 'fine', body: [] },
  ],
  start: 0,
});
const NO_ROOM = 'WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance';

/** Runs `make` on an engine that finds no room for the memories of the first `times` instances. */
async function withoutRoom<T>(times: number, make: () => T): Promise<T> {
  const { Instance } = WebAssembly;
  let left = times;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
      if (left-- > 0) throw new RangeError(NO_ROOM);
      return new target(module, imports);
    },
  });
  try {
    return make();
  } finally {
    WebAssembly.Instance = Instance;
  }
}

suite('room for memories', test => {
  test('a worker without room asks the other thread once, and makes its instance then', async () => {
    const { execution, embedding } = await embed(WASM);
    let asked = 0;
    const makeRoom = () => void asked++;
    const { main } = await withoutRoom(1, () => instantiate(execution, { ...embedding, makeRoom }, () => {}));
    is(asked, 1);
    equal((main.exports.started as WebAssembly.Global).value, 1);
  });

  test('where there is no room after that either, the error is that of the engine', async () => {
    const { execution, embedding } = await embed(WASM);
    let asked = 0;
    const makeRoom = () => void asked++;
    await withoutRoom(2, () =>
      throws(() => instantiate(execution, { ...embedding, makeRoom }, () => {}), /Cannot allocate/),
    );
    is(asked, 1);
  });

  test('without room for the memory of the kernel, the plugin is not created, with a code', async () => {
    const { Memory } = WebAssembly;
    WebAssembly.Memory = new Proxy(Memory, {
      construct() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      },
    });
    try {
      await raises(() => createPlugin(WASM), {
        code: 'MEMORY_LIMIT',
        message: /no room .*: WebAssembly.Memory/,
      });
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  test('the thread of the caller does not ask, since its engine has collected its memories', async () => {
    const { execution, embedding } = await embed(WASM);
    await withoutRoom(1, () => throws(() => instantiate(execution, embedding, () => {}), /Cannot allocate/));
  });
});
