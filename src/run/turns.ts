import type { Platform } from '../platform/types.ts';
import type { Later } from '../values/later.ts';
import { isThenable } from '../values/thenable.ts';

/** A call in the queue, waiting or running. */
interface Turn {
  /**
   * Resolves when the call is over: to null, or to the turn for which it still waited when it left the queue. Made with the call:
   * workerd lets no request resolve a promise of another one.
   */
  readonly over: Promise<Turn | null>;
}

/**
 * Starts to watch a waiting call. `leave` rejects the call and takes it out of the queue. Returns a function that ends the
 * watch.
 */
export type Watch = (leave: (error: Error) => void) => () => void;

/**
 * Runs calls one after the other, in the order in which they were made.
 * RATIONALE: why-does-each-call-wait-for-the-one-before-it
 */
export class Turns {
  readonly #keepAlive: Platform['keepAlive'];
  #last: Turn | null = null;

  constructor(keepAlive: Platform['keepAlive']) {
    this.#keepAlive = keepAlive;
  }

  /** @param watch called only if the call has to wait */
  run<T>(work: () => Later<T>, watch: Watch): Promise<T> {
    const running = this.#run(work, watch);
    this.#keepAlive?.(running);
    return running;
  }

  async #run<T>(work: () => Later<T>, watch: Watch): Promise<T> {
    let ahead = this.#last;
    let pass!: (ahead: Turn | null) => void;
    const over = new Promise<Turn | null>(resolve => {
      pass = resolve;
    });
    const turn: Turn = { over };
    this.#last = turn;
    const allAhead = async () => {
      while (ahead) ahead = await ahead.over;
    };
    try {
      // Always waits a moment: the caller may close the plugin, or abort the call, in the line after the call.
      await (ahead ? unlessLeft(allAhead(), watch) : null);
      const done = work();
      return isThenable(done) ? await done : done;
    } finally {
      pass(ahead);
      if (this.#last === turn) this.#last = ahead;
    }
  }

  get isIdle(): boolean {
    return this.#last === null;
  }

  /** Resolves when no call runs or waits. */
  async whenIdle(): Promise<void> {
    for (let turn = this.#last; turn; turn = this.#last) {
      await turn.over;
      // The turn may have been over already when the turn after it left and put it back as the last.
      if (this.#last === turn) this.#last = null;
    }
  }
}

/** Waits for `work`, which never rejects. Throws the error of `leave` if the call leaves the queue before. */
async function unlessLeft(work: Promise<void>, watch: Watch): Promise<void> {
  let unwatch = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      unwatch = watch(reject);
      void work.then(resolve);
    });
  } finally {
    unwatch();
  }
}
