import { bytesSource, createWasi, MemoryFs, type WasiOptions } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule, type FunctionShape, op } from '../helpers/build-module.ts';
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
const i32 = (value: number) => [op.i32Const, value];

function run(body: readonly number[], options: Partial<WasiOptions> = {}, shape: FunctionShape = {}): number {
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
    { title: 'proc_exit(0)', body: [...i32(0), op.call, 0], code: 0 },
    { title: 'proc_exit(7)', body: [...i32(7), op.call, 0], code: 7 },
    { title: 'proc_exit(-1)', body: [...i32(0x7f), op.call, 0], code: 0xffff_ffff },
    { title: 'proc_raise(6), as abort does', body: [...i32(6), op.call, 1, op.drop], code: 134 },
    { title: 'proc_raise(16), which is ignored', body: [...i32(16), op.call, 1, op.drop], code: 0 },
    {
      title: 'a program that catches its exit and returns',
      body: [...op.try, ...i32(5), op.call, 0, op.catchAll, op.end],
      code: 5,
    },
    {
      title: 'a program that catches its exit and goes on',
      body: [...op.try, ...i32(5), op.call, 0, op.catchAll, op.end, ...i32(6), op.call, 0],
      code: 5,
    },
    {
      title: 'a program that catches its exit, and traps',
      body: [...op.try, ...i32(5), op.call, 0, op.catchAll, op.end, op.unreachable],
      code: 5,
    },
  ])
    test.row(['wasi.proc_exit', 'wasi.proc_raise'], `${title} gives ${code}`, () => is(run(body), code));

  test('a trap is thrown as it is', async () => {
    const error = await raises(() => run([op.unreachable]), {});
    is(error instanceof WebAssembly.RuntimeError, true);
  });

  test('what onExit throws is thrown as it is', async () => {
    const stop = new Error('stop');
    const onExit = () => {
      throw stop;
    };
    is(await raises(() => run([...i32(5), op.call, 0], { onExit }), {}), stop);
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

  test('all is closed when it ends', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const wasi = createWasi({ preopens: { '/': new MemoryFs() } });
    let inside = -1;
    const _start = () => {
      inside = wasi.imports.fd_fdstat_get(3, 0);
    };
    wasi.start({ exports: { _start, memory } } as unknown as WebAssembly.Instance);
    equal([inside, wasi.imports.fd_fdstat_get(3, 0)], [0, 8]);
  });

  test('all options at once', () => {
    const stdout = new CollectingSink();
    const code = run([op.call, 2, op.call, 0], {
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
