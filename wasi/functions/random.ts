import type { Random } from '../embedder.ts';
import type { GuestMemory } from '../memory.ts';
import { DONE, Fail, type Functions } from '../result.ts';

/** Bytes that are filled before the embedder may end the call: random bytes of a large memory take seconds. */
const CHUNK_BYTES = 2 ** 20;

export function randomFunctions(
  memory: GuestMemory,
  random: Random,
  checkpoint: () => void,
): Functions<'random_get'> {
  return {
    random_get(buf, bufLen) {
      const bytes = memory.bytes(buf, bufLen);
      if (!bytes) return Fail.EFAULT;
      for (let at = 0; at < bufLen; at += CHUNK_BYTES) {
        if (at > 0) checkpoint();
        random.fill(bytes.subarray(at, at + CHUNK_BYTES));
      }
      return DONE;
    },
  };
}
