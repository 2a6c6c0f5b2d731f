import { traceImports, wasiFunctions } from '../../wasi/index.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, u32 } from './guest.ts';

suite('wasi/trace', test => {
  const cases = [
    {
      call: ['fd_write', 1, 0x1f00, 1, 0x1efc],
      line: 'fd_write(fd=1, iovs=0x1f00, iovs_len=1, nwritten=0x1efc) -> ESUCCESS',
    },
    {
      call: ['fd_write', -1, -1, 1, 0],
      line: 'fd_write(fd=4294967295, iovs=0xffffffff, iovs_len=1, nwritten=0x0) -> EBADF',
    },
    {
      call: ['clock_time_get', 1, 1000n, 16],
      line: 'clock_time_get(id=1, precision=1000, time=0x10) -> ESUCCESS',
    },
    { call: ['sched_yield'], line: 'sched_yield() -> ESUCCESS' },
    { call: ['fd_sync', 3], line: 'fd_sync(fd=3) -> EBADF' },
  ] as const;
  for (const { call, line } of cases)
    test(line, () => {
      const guest = new Guest().place(0x1f00, [...u32(0), ...u32(0)]);
      const lines: string[] = [];
      const [name, ...args] = call;
      const traced = traceImports(guest.wasi.imports, text => void lines.push(text));
      is(traced[name](...args), guest.call(name, ...args));
      equal(lines, [line]);
    });

  test('a call that throws is traced, and its exception is thrown again', async () => {
    const lines: string[] = [];
    const traced = traceImports(new Guest().wasi.imports, text => void lines.push(text));
    await raises(() => traced.proc_exit(3), { code: 'WASI_EXIT' });
    equal(lines, ['proc_exit(rval=3) -> threw WasiExit: the program called proc_exit(3)']);
  });

  test('all functions are wrapped', () => {
    const traced = traceImports(new Guest().wasi.imports, () => {});
    equal(
      Object.keys(traced),
      wasiFunctions.map(row => row.name),
    );
  });
});
