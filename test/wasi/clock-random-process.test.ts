import { Errno, WasiExit } from '../../wasi/index.ts';
import { is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { Guest, u64 } from './guest.ts';

suite('wasi/clock, random and process', test => {
  const clocks = [
    { id: 0, name: 'realtime', now: 1_000_000_000_000n, resolution: 1_000_000n },
    { id: 1, name: 'monotonic', now: 5_000_000_000n, resolution: 42n },
  ];
  for (const { id, name, now, resolution } of clocks) {
    test.row('wasi.clock_time_get', name, () => {
      const guest = new Guest();
      is(guest.call('clock_time_get', id, 1_000n, 16), Errno.ESUCCESS);
      guest.wrote([16, u64(now)]);
    });
    test.row('wasi.clock_res_get', name, () => {
      const guest = new Guest();
      is(guest.call('clock_res_get', id, 16), Errno.ESUCCESS);
      guest.wrote([16, u64(resolution)]);
    });
  }

  for (const id of [2, 3, 4, -1])
    test.row(['wasi.clock_time_get', 'wasi.clock_res_get'], `clock ${id} is EINVAL`, () => {
      const guest = new Guest();
      is(guest.call('clock_time_get', id, 0n, 16), Errno.EINVAL);
      is(guest.call('clock_res_get', id, 16), Errno.EINVAL);
      guest.wrote();
    });

  test.row('wasi.random_get', 'fills exactly the range', () => {
    const guest = new Guest();
    is(guest.call('random_get', 100, 5), Errno.ESUCCESS);
    guest.wrote([100, [0xaa, 0xaa, 0xaa, 0xaa, 0xaa]]);
  });

  test.row('wasi.sched_yield', 'succeeds and does nothing', () => {
    const guest = new Guest();
    is(guest.call('sched_yield'), Errno.ESUCCESS);
    guest.wrote();
  });

  /** Signals without effect, and signals that would stop the program. */
  const [IGNORED, STOPPING] = [
    [0, 16, 17, 22, 27],
    [18, 19, 20, 21],
  ];
  for (let signal = 0; signal < 33; signal++)
    test.row('wasi.proc_raise', `signal ${signal}`, async () => {
      const guest = new Guest();
      if (IGNORED.includes(signal)) return is(guest.call('proc_raise', signal), Errno.ESUCCESS);
      if (STOPPING.includes(signal)) return is(guest.call('proc_raise', signal), Errno.ENOTSUP);
      if (signal > 30) return is(guest.call('proc_raise', signal), Errno.EINVAL);
      const error = await raises(() => guest.call('proc_raise', signal), { code: 'WASI_EXIT' });
      ok(error instanceof WasiExit);
      is(error.exitCode, 128 + signal);
    });

  for (const [code, exitCode] of [
    [0, 0],
    [3, 3],
    [-1, 0xffff_ffff],
  ] as const)
    test.row('wasi.proc_exit', `throws WasiExit with the u32 code ${exitCode}`, async () => {
      const guest = new Guest();
      const error = await raises(() => guest.call('proc_exit', code), { code: 'WASI_EXIT' });
      ok(error instanceof WasiExit);
      is(error.exitCode, exitCode);
      is(guest.diagnostics.length, 0);
    });
});
