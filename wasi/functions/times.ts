import type { Clock, FsTimes } from '../embedder.ts';
import { Fail, type Result } from '../result.ts';
import { ClockId, Fstflags } from '../spec/constants.ts';

const KNOWN = Fstflags.ATIM | Fstflags.ATIM_NOW | Fstflags.MTIM | Fstflags.MTIM_NOW;

/**
 * Returns the times that `fstflags` ask to set, each as given (ns) or now. EINVAL for an unknown bit, or both bits for one
 * time.
 */
export function readTimes(clock: Clock, atimNs: bigint, mtimNs: bigint, flags: number): Result<FsTimes> {
  const both = (one: number, other: number) => (flags & one) !== 0 && (flags & other) !== 0;
  if (flags & ~KNOWN) return Fail.EINVAL;
  if (both(Fstflags.ATIM, Fstflags.ATIM_NOW) || both(Fstflags.MTIM, Fstflags.MTIM_NOW)) return Fail.EINVAL;
  // Read once, so that both times are equal.
  const nowNs = flags & (Fstflags.ATIM_NOW | Fstflags.MTIM_NOW) ? clock.nowNs(ClockId.REALTIME) : 0n;
  const choose = (given: number, now: number, ns: bigint) =>
    flags & given ? ns : flags & now ? nowNs : undefined;
  return {
    atimNs: choose(Fstflags.ATIM, Fstflags.ATIM_NOW, atimNs),
    mtimNs: choose(Fstflags.MTIM, Fstflags.MTIM_NOW, mtimNs),
  };
}
