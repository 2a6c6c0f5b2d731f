import type { Random } from '../embedder.ts';
import type { GuestMemory } from '../memory.ts';
import { DONE, Fail, type Functions } from '../result.ts';

export function randomFunctions(memory: GuestMemory, random: Random): Functions<'random_get'> {
  return {
    random_get(buf, bufLen) {
      const bytes = memory.bytes(buf, bufLen);
      if (!bytes) return Fail.EFAULT;
      if (bufLen > 0) random.fill(bytes);
      return DONE;
    },
  };
}
