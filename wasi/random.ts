import { Errno } from './constants.ts';
import type { Random } from './host.ts';
import type { GuestMemory } from './memory.ts';
import type { Functions } from './signatures.ts';

export function randomFunctions(memory: GuestMemory, random: Random): Functions<'random_get'> {
  return {
    random_get(buf, bufLen) {
      const bytes = memory.bytes(buf, bufLen);
      if (!bytes) return Errno.EFAULT;
      if (bufLen > 0) random.fill(bytes);
      return Errno.ESUCCESS;
    },
  };
}
