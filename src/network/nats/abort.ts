const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when a signal fires. Returns a function that ends this. A signal gets one listener, however many wait for it: Node warns
 * of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = callbacksOf.get(signal);
  if (!callbacks) {
    const own = new Set<() => void>();
    signal.addEventListener('abort', () => {
      for (const call of own) call();
    });
    callbacksOf.set(signal, own);
    callbacks = own;
  }
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

/** Resolves after a time, or when the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const forget = onAbort(signal, end);
    if (signal.aborted) end();
  });
