import type { Clock } from '../embedder.ts';
import { refuseOption, WasiError } from '../errors.ts';
import { having, readArgument, refuseExtra } from '../options.ts';

const aClock = having<Clock>('a Clock', 'nowNs', 'resolutionNs');

/**
 * Returns a clock that rounds the times of `clock` down to steps of `stepNs`, so that programs cannot measure short times.
 * Waits are not rounded.
 * @throws {WasiError} WASI_INVALID_LIMIT for a step below 1
 */
export function coarseClock(clock: Clock, stepNs: bigint): Clock;
export function coarseClock(clock: Clock, stepNs: bigint, ...extra: unknown[]): Clock {
  refuseExtra(extra, 'coarseClock', refuseOption);
  readArgument(aClock, clock, 'coarseClock: clock', refuseOption);
  if (typeof stepNs !== 'bigint' || stepNs < 1n)
    throw new WasiError(
      'WASI_INVALID_LIMIT',
      `stepNs: expected a bigint of at least 1, got ${typeof stepNs === 'bigint' ? 'less' : `a ${typeof stepNs}`}`,
    );
  const coarse: Clock = {
    nowNs(id) {
      const now = clock.nowNs(id);
      return now - (now % stepNs);
    },
    resolutionNs(id) {
      const finest = clock.resolutionNs(id);
      return finest > stepNs ? finest : stepNs;
    },
  };
  if (clock.sleepNs) coarse.sleepNs = ns => clock.sleepNs?.(ns);
  return coarse;
}
