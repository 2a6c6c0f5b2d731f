import { coarseClock, webClock, webRandom } from '../../wasi/index.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { FakeClock, Guest, sleepless, u64 } from './guest.ts';

suite('wasi/web', test => {
  test('realtime is the time of day in ns', () => {
    const before = Date.now();
    const nowMs = Number(webClock().nowNs(0) / 1_000_000n);
    ok(nowMs >= before && nowMs <= Date.now() + 1, `${before} ${nowMs}`);
  });

  test('monotonic never goes backwards, and resolutions are not 0', () => {
    const clock = webClock();
    let last = clock.nowNs(1);
    for (let round = 0; round < 1000; round++) {
      const now = clock.nowNs(1);
      ok(now >= last);
      last = now;
    }
    ok(clock.resolutionNs(0) > 0n && clock.resolutionNs(1) > 0n);
  });

  const { sleepNs } = webClock();
  test('sleeps on every thread that may wait', () => {
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    let mayWait = true;
    try {
      wait();
    } catch {
      mayWait = false;
    }
    is(sleepNs !== undefined, mayWait);
  });

  if (!sleepNs) test.skip('sleeps at least as long as asked', 'this thread may not block');
  else
    test('sleeps at least as long as asked', () => {
      const clock = webClock();
      const start = clock.nowNs(1);
      sleepNs(20_500_000n);
      const slept = clock.nowNs(1) - start;
      ok(slept >= 20_500_000n, `${slept} ns`);
    });

  test('random fills all bytes, also more than 64 KiB and in shared memory', () => {
    for (const bytes of [
      new Uint8Array(200_000),
      new Uint8Array(new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true }).buffer),
    ]) {
      webRandom().fill(bytes);
      // 256 zero bytes in a row come by chance once in 2^2048.
      for (let at = 0; at + 256 <= bytes.length; at += 256)
        ok(
          bytes.subarray(at, at + 256).some(byte => byte !== 0),
          `zeros at ${at}`,
        );
      is(
        bytes.subarray(-64).some(byte => byte !== 0),
        true,
      );
    }
  });

  test('a coarse clock rounds times to steps, sleeps unchanged, and reports the coarser of both resolutions', () => {
    const fine = new FakeClock();
    const coarse = coarseClock(fine, 1_000n);
    coarse.sleepNs?.(1_999n);
    equal([coarse.nowNs(1), coarse.nowNs(0)], [5_000_001_000n, 1_000_000_001_000n]);
    equal([coarse.resolutionNs(1), coarse.resolutionNs(0)], [1_000n, 1_000_000n]);
    equal(fine.slept, [1_999n]);
    is(coarseClock(sleepless(fine), 1n).sleepNs, undefined);
    const guest = new Guest({ clock: coarse });
    is(guest.call('clock_time_get', 1, 0n, 16), 0);
    guest.wrote([16, u64(5_000_001_000n)]);
  });

  for (const [step, got] of [
    [0n, 'less'],
    [-1n, 'less'],
    [5 as unknown as bigint, 'a number'],
  ] as const)
    test(`a clock in steps of ${typeof step} ${step} is refused`, async () => {
      const expected = { code: 'WASI_INVALID_LIMIT', message: `at least 1, got ${got}` };
      await raises(() => coarseClock(new FakeClock(), step), expected);
    });
});
