import {
  bytesSource,
  createWasi,
  Errno,
  Filetype,
  MemoryFs,
  type WasiExit,
  type WasiOptions,
} from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { CollectingSink, FakeClock } from './guest.ts';

const EXIT = { module: 'wasi_snapshot_preview1', name: 'proc_exit', params: ['i32'] } as const;
const RAISE = {
  module: 'wasi_snapshot_preview1',
  name: 'proc_raise',
  params: ['i32'],
  results: ['i32'],
} as const;
const YIELD = { module: 'wasi_snapshot_preview1', name: 'sched_yield', results: ['i32'] } as const;
const STAT = {
  module: 'wasi_snapshot_preview1',
  name: 'fd_fdstat_get',
  params: ['i32', 'i32'],
  results: ['i32'],
} as const;
/** Makes an object like an instance, with a memory and these exports. */
const instanceOf = (exports: object) =>
  ({
    exports: { memory: new WebAssembly.Memory({ initial: 1 }), ...exports },
  }) as unknown as WebAssembly.Instance;
const i32 = (value: number) => [`i32.const ${value}`];

function run(body: readonly string[], options: Partial<WasiOptions> = {}, shape: FunctionShape = {}): number {
  const bytes = buildModule({
    imports: [EXIT, RAISE, YIELD],
    functions: [{ name: '_start', body, ...shape }],
    memoryPages: 1,
  });
  const wasi = createWasi(options);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    wasi_snapshot_preview1: wasi.imports as unknown as WebAssembly.ModuleImports,
  });
  return wasi.start(instance);
}

suite('wasi/start', test => {
  for (const { title, body, code } of [
    { title: 'a program that returns', body: [], code: 0 },
    { title: 'proc_exit(0)', body: [...i32(0), 'call 0'], code: 0 },
    { title: 'proc_exit(7)', body: [...i32(7), 'call 0'], code: 7 },
    { title: 'proc_exit(-1)', body: [...i32(-1), 'call 0'], code: 0xffff_ffff },
    { title: 'proc_raise(6), as abort does', body: [...i32(6), 'call 1', 'drop'], code: 134 },
    { title: 'proc_raise(16), which is ignored', body: [...i32(16), 'call 1', 'drop'], code: 0 },
    {
      title: 'a program that catches its exit and returns',
      body: ['try', ...i32(5), 'call 0', 'catch_all', 'end'],
      code: 5,
    },
    {
      title: 'a program that catches its exit and goes on',
      body: ['try', ...i32(5), 'call 0', 'catch_all', 'end', ...i32(6), 'call 0'],
      code: 5,
    },
    {
      title: 'a program that catches its exit, and traps',
      body: ['try', ...i32(5), 'call 0', 'catch_all', 'end', 'unreachable'],
      code: 5,
    },
  ])
    test.row(['wasi.proc_exit', 'wasi.proc_raise'], `${title} gives ${code}`, () => is(run(body), code));

  test('a trap is thrown unchanged', async () => {
    const error = await raises(() => run(['unreachable']), {});
    is(error instanceof WebAssembly.RuntimeError, true);
  });

  test('an exception of onExit is thrown unchanged', async () => {
    const stop = new Error('stop');
    const onExit = () => {
      throw stop;
    };
    is(await raises(() => run([...i32(5), 'call 0'], { onExit }), {}), stop);
  });

  test('a program runs once for each WASI, and needs _start and a memory', async () => {
    const wasi = createWasi({});
    const start = (exports: object) => wasi.start({ exports } as WebAssembly.Instance);
    await raises(() => start({ memory: new WebAssembly.Memory({ initial: 1 }) }), { code: 'WASI_NO_START' });
    await raises(() => start({ _start: () => {} }), { code: 'WASI_INVALID_MEMORY' });
    const exports = { _start: () => {}, memory: new WebAssembly.Memory({ initial: 1 }) };
    is(start(exports), 0);
    await raises(() => start(exports), { code: 'WASI_STARTED' });
  });

  for (const [first, second] of [
    ['start', 'initialize'],
    ['initialize', 'start'],
    ['initialize', 'initialize'],
  ] as const)
    test(`${second} after ${first} is refused`, async () => {
      const wasi = createWasi({});
      const instance = instanceOf({ _start: () => {}, _initialize: () => {} });
      wasi[first](instance);
      await raises(() => wasi[second](instance), { code: 'WASI_STARTED', message: `${second}: this WASI` });
    });

  for (const [method, exports, code, message] of [
    [
      'start',
      { _initialize: () => {} },
      'WASI_NO_START',
      'a reactor, which exports _initialize; use initialize',
    ],
    ['start', {}, 'WASI_NO_START', 'a module without _start; use initialize'],
    ['start', { _start: 5 }, 'WASI_NO_START', 'a module without _start'],
    ['initialize', { _start: () => {} }, 'WASI_IS_COMMAND', 'use start'],
    ['initialize', { memory: undefined }, 'WASI_INVALID_MEMORY', 'a WebAssembly.Memory'],
    ['start', { _start: () => {}, memory: undefined }, 'WASI_INVALID_MEMORY', 'a WebAssembly.Memory'],
  ] as const)
    test(`${method} of a module with ${Object.keys(exports).join(' and ') || 'nothing'} is ${code}, and a later call may succeed`, async () => {
      const wasi = createWasi({});
      await raises(() => wasi[method](instanceOf(exports)), { code, message });
      wasi.initialize(instanceOf({}));
    });

  for (const [title, instance] of [
    ['nothing', undefined],
    ['null', null],
    ['the result of instantiating bytes', { instance: instanceOf({}), module: {} }],
    ['an object', {}],
  ] as const)
    for (const method of ['start', 'initialize'] as const)
      test(`${method} of ${title} is refused`, async () => {
        const given = instance as unknown as WebAssembly.Instance;
        await raises(() => createWasi({})[method](given), {
          code: 'WASI_INVALID_INSTANCE',
          message: '.instance',
        });
      });

  test('a reactor is initialised with its memory, and its descriptors stay open for later calls', () => {
    const module = new WebAssembly.Module(
      buildModule({
        imports: [YIELD, STAT],
        functions: [
          // Writes the fdstat of descriptor 3, which needs a bound memory.
          { name: '_initialize', body: [...i32(3), ...i32(0), 'call 1', 'drop'] },
          { name: 'run', results: ['i32'], body: [...i32(3), ...i32(32), 'call 1'] },
        ],
        memoryPages: 1,
      }),
    );
    const wasi = createWasi({ preopens: { '/': new MemoryFs() } });
    const instance = new WebAssembly.Instance(module, wasi.getImportObject(module));
    wasi.initialize(instance);
    const { memory, run } = instance.exports as { memory: WebAssembly.Memory; run(): number };
    is(new Uint8Array(memory.buffer)[0], Filetype.DIRECTORY);
    is(run(), Errno.ESUCCESS);
    wasi.close();
    is(run(), Errno.EBADF);
  });

  for (const [title, body, options] of [
    ['traps', ['unreachable'], {}],
    ['exits', [...i32(5), 'call 0'], {}],
    ['catches its exit', ['try', ...i32(5), 'call 0', 'catch_all', 'end'], {}],
    [
      'exits, which the embedder answers by an error of its own',
      [...i32(5), 'call 0'],
      {
        onExit: () => {
          throw new RangeError('stop');
        },
      },
    ],
  ] as const)
    test(`a reactor that ${title} while it is initialised is closed, and the error thrown`, async () => {
      const module = new WebAssembly.Module(
        buildModule({ imports: [EXIT], functions: [{ name: '_initialize', body }], memoryPages: 1 }),
      );
      const wasi = createWasi(options);
      const error = await raises(
        () => wasi.initialize(new WebAssembly.Instance(module, wasi.getImportObject())),
        {},
      );
      if (title === 'traps') is(error instanceof WebAssembly.RuntimeError, true);
      else if ('onExit' in options) is(error instanceof RangeError, true);
      else is((error as WasiExit).exitCode, 5);
      if (title !== 'exits' && title !== 'catches its exit')
        is(wasi.imports.fd_fdstat_get(1, 0), Errno.EBADF);
    });

  for (const [namespace, name, message] of [
    ['wasi_unstable', 'fd_write', 'snapshot 0 of WASI'],
    ['wasi_snapshot_preview2', 'x', '0.2 or later'],
    ['wasi:cli/environment@0.2.0', 'get-environment', '0.2 or later'],
    ['cm32p2|wasi:io/poll@0.2', 'poll', '0.2 or later'],
    ['wasi', 'thread-spawn', 'threads'],
    ['wasix_32v1', 'proc_fork', 'WASIX'],
    ['wasi_ephemeral_nn', 'load', 'a proposal'],
  ] as const)
    test(`the error for a module that imports ${namespace}.${name} names its WASI version`, async () => {
      const bytes = buildModule({ imports: [{ module: namespace, name }] });
      const module = new WebAssembly.Module(bytes);
      const expected = { code: 'WASI_OTHER_VERSION', message: `${namespace}.${name}` };
      const error = await raises(() => createWasi({}).getImportObject(module), expected);
      is((error as Error).message.includes(message), true);
    });

  test('a module of preview 1 with imports of the embedder gets an import object', () => {
    const module = new WebAssembly.Module(
      buildModule({ imports: [YIELD, { module: 'env', name: 'wasi_x' }] }),
    );
    const wasi = createWasi({});
    is(wasi.getImportObject(module).wasi_snapshot_preview1, wasi.imports);
  });

  test('all descriptors are closed when the program ends', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const wasi = createWasi({ preopens: { '/': new MemoryFs() } });
    let inside = -1;
    const _start = () => {
      inside = wasi.imports.fd_fdstat_get(3, 0);
    };
    wasi.start({ exports: { _start, memory } } as unknown as WebAssembly.Instance);
    equal([inside, wasi.imports.fd_fdstat_get(3, 0)], [0, 8]);
  });

  test('all options work together', () => {
    const stdout = new CollectingSink();
    const code = run(['call 2', 'call 0'], {
      args: ['program', 'argument'],
      env: { NAME: 'value' },
      stdin: bytesSource(Uint8Array.of(1)),
      stdout,
      clock: new FakeClock(),
      preopens: { '/a': new MemoryFs(), '/b': { fs: new MemoryFs(), readOnly: true } },
    });
    is(code, 0);
    is(stdout.writes.length, 0);
  });

  for (const [path, preopen] of [
    ['', new MemoryFs()],
    ['/a\0', new MemoryFs()],
    ['/', {}],
    ['/', null],
    ['/', '/tmp'],
    ['/', { fs: '/tmp' }],
    ['/', { fs: {}, readOnly: true }],
  ] as const)
    test(`preopens ${JSON.stringify({ [path]: preopen })} are refused`, async () => {
      const preopens = { [path]: preopen } as unknown as WasiOptions['preopens'];
      const expected = { code: 'WASI_INVALID_PREOPEN', message: JSON.stringify(path) };
      await raises(() => createWasi({ preopens }), expected);
    });
});
