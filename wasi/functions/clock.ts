import type { Clock, SupportedClockId } from '../embedder.ts';
import type { GuestMemory } from '../memory.ts';
import { DONE, Fail, type Functions, type Result } from '../result.ts';
import { ClockId } from '../spec/constants.ts';

/** The CPU-time clocks are not supported: they would reveal facts about the host, and no portable API measures CPU time. */
export const isSupportedClock = (id: number): id is SupportedClockId =>
  id === ClockId.REALTIME || id === ClockId.MONOTONIC;

export function clockFunctions(
  memory: GuestMemory,
  clock: Clock,
): Functions<'clock_res_get' | 'clock_time_get'> {
  const write = (id: number, pointer: number, readNs: (id: SupportedClockId) => bigint): Result<void> => {
    if (!isSupportedClock(id)) return Fail.EINVAL;
    if (!memory.holds(pointer, 8)) return Fail.EFAULT;
    memory.setU64(pointer, readNs(id));
    return DONE;
  };
  return {
    clock_res_get: (id, resolution) => write(id, resolution, supported => clock.resolutionNs(supported)),
    clock_time_get: (id, _precision, time) => write(id, time, supported => clock.nowNs(supported)),
  };
}
