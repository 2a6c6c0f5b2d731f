import { isThenable } from './thenable.ts';

/** A value, or a promise of it in the modes that wait. */
export type Later<T> = T | Promise<T>;

/**
 * Continues with `value`: at once, or when its promise resolves. The mode decides, never the value: an export may return an
 * object of the caller that has a method `then`.
 */
export const after = <A, B>(waits: boolean, value: Later<A>, next: (value: A) => B): Later<B> =>
  waits ? (Promise.resolve(value).then(next) as Promise<B>) : next(value as A);

/**
 * As `after`, for values of the host alone, so that a promise is known by its looks. Not by its class: programs put other classes
 * in the place of `Promise`.
 */
export const chain = <A, B>(value: Later<A>, next: (value: A) => Later<B>): Later<B> =>
  isThenable(value) ? (value as Promise<A>).then(next) : next(value);

/**
 * `try` around `work` and `next`, with `failed` as `catch`: all at once, unless `work` returns a promise. With `await` instead,
 * each step would wait in the queue of microtasks. Where a thousand actors wait there, the data of each has left the caches of
 * the processor when its turn comes: their messages took a fifth longer (Node 20, measured).
 */
export function attemptLater<A, B>(
  work: () => Later<A>,
  next: (value: A) => B,
  failed: (error: unknown) => Later<B>,
): Later<B> {
  try {
    const value = work();
    return isThenable(value) ? (value as Promise<A>).then(next).catch(failed) : next(value);
  } catch (error) {
    return failed(error);
  }
}
