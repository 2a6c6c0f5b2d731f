/** A value, or a promise of it in the modes that wait. */
export type Later<T> = T | Promise<T>;

/**
 * Continues with `value`: at once, or when its promise resolves. The mode decides, never the value: an export may return an
 * object of the caller that has a method `then`.
 */
export const after = <A, B>(waits: boolean, value: Later<A>, next: (value: A) => B): Later<B> =>
  waits ? (Promise.resolve(value).then(next) as Promise<B>) : next(value as A);
