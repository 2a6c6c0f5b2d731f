import { webClock, webRandom } from '../../wasi/index.ts';
import { is, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

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
  if (!sleepNs) test.skip('sleeps at least as long as asked', 'this thread may not block');
  else
    test('sleeps at least as long as asked', () => {
      const clock = webClock();
      const start = clock.nowNs(1);
      sleepNs(20_500_000n);
      const slept = clock.nowNs(1) - start;
      ok(slept >= 20_500_000n, `${slept} ns`);
    });

  test('random fills all, beyond 64 KiB and in shared memory', () => {
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
});
