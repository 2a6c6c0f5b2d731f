import type { CallError } from '../../src/call-error.ts';

/** Repeats a call that timed out: on a busy machine the first calls may be slow. */
export async function onceInTime<T>(call: () => Promise<T>, tries = 50): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await call();
    } catch (error) {
      if ((error as CallError).code !== 'TIMEOUT' || left === 0) throw error;
    }
  }
}
