const MOST_MS = 50;

/** A timer takes at least 1 ms in Node, which is 2 % of the time between two turns. */
const later: (run: () => void) => unknown =
  (globalThis as { setImmediate?: typeof later }).setImmediate ?? setTimeout;

/**
 * Returns a function to be called between two steps: now and then it returns a promise, with which timers, signals and input get
 * their turn. The steps of a full network follow each other without one.
 */
export function makeBreath(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  let breath: Promise<void> | undefined;
  return () => {
    if (breath || performance.now() - sinceMs < MOST_MS) return breath;
    breath = new Promise(resolve => {
      later(() => {
        sinceMs = performance.now();
        breath = undefined;
        resolve();
      });
    });
    return breath;
  };
}
