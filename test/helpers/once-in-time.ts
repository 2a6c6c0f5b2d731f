import type { CallError } from '../../src/call.ts';

/** On a busy machine anything may take too long at first. */
export async function onceInTime<T>(call: () => Promise<T>, tries = 50): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await call();
    } catch (error) {
      if ((error as CallError).code !== 'TIMEOUT' || left === 0) throw error;
    }
  }
}
