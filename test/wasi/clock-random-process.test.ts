import { createWasi, Errno, type FsStat, MemoryFs, WasiExit } from '../../wasi/index.ts';
import { equal, is, ok, raises, throws } from '../helpers/assert.ts';
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

  for (const [flags, reads, atimNs, mtimNs] of [
    [0, 0, 5n, 5n],
    [1, 0, 7n, 5n],
    [5, 0, 7n, 8n],
    [2, 1, 9n, 5n],
    [6, 1, 9n, 8n],
    [10, 1, 9n, 9n],
    [3, 0, 5n, 5n],
    [16, 0, 5n, 5n],
  ] as const)
    test.row('wasi.fd_filestat_set_times', `flags ${flags} read the clock ${reads} times`, () => {
      const read: number[] = [];
      const nowNs = (id: number) => {
        read.push(id);
        return 9n;
      };
      const fs = new MemoryFs({}, { nowNs: () => 5n });
      const guest = new Guest({ clock: { nowNs, resolutionNs: () => 1n }, preopens: { '/': fs } });
      is(
        guest.call('fd_filestat_set_times', 3, 7n, 8n, flags),
        flags === 3 || flags === 16 ? Errno.EINVAL : 0,
      );
      equal(read, new Array<number>(reads).fill(0));
      const { atimNs: atim, mtimNs: mtim } = fs.root.stat() as FsStat;
      equal([atim, mtim], [atimNs, mtimNs]);
    });

  test.row('wasi.random_get', 'fills exactly the range', () => {
    const guest = new Guest();
    is(guest.call('random_get', 100, 5), Errno.ESUCCESS);
    guest.wrote([100, [0xaa, 0xaa, 0xaa, 0xaa, 0xaa]]);
  });

  test('a long random_get is filled in parts, and asks between them', () => {
    const seen: (number | string)[] = [];
    const stop = new Error('stop');
    const checkpoint = () => {
      seen.push('asks');
      if (seen.length > 4) throw stop;
    };
    const wasi = createWasi({ random: { fill: into => void seen.push(into.length) }, checkpoint });
    wasi.bind(new WebAssembly.Memory({ initial: 48 }));
    is(wasi.imports.random_get(8, 2 ** 20 + 5), Errno.ESUCCESS);
    equal(seen.splice(0), ['asks', 2 ** 20, 'asks', 5]);
    throws(
      () => wasi.imports.random_get(0, 3 * 2 ** 20),
      (error: unknown) => error === stop,
    );
    equal(seen, ['asks', 2 ** 20, 'asks', 2 ** 20, 'asks']);
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
