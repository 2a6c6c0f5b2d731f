import type { Random } from '../embedder.ts';
import type { GuestMemory } from '../memory.ts';
import { Errno } from '../spec/constants.ts';
import type { Functions } from '../spec/signatures.ts';

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
