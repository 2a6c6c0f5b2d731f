import type { Platform } from './platform/types.ts';

/** A call that waits for its turn, or has it. */
interface Turn {
  /** Settles when the call is over: to null, or to the turn that it still waited for when it left the queue. */
  readonly over: Promise<Turn | null>;
}

/**
 * Begins to watch a call that has to wait, which `leave` rejects and takes out of the queue. Returns a function that ends
 * the watch.
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

  /** @param watch for a call that has to wait: one that waits for nothing is not watched */
  run<T>(work: () => Promise<T>, watch: Watch): Promise<T> {
    const running = this.#run(work, watch);
    this.#keepAlive?.(running);
    return running;
  }

  async #run<T>(work: () => Promise<T>, watch: Watch): Promise<T> {
    let ahead = this.#last;
    let end!: (ahead: Turn | null) => void;
    const over = new Promise<Turn | null>(resolve => {
      end = resolve;
    });
    const turn: Turn = { over };
    this.#last = turn;
    const pass = async () => {
      while (ahead) ahead = await ahead.over;
    };
    try {
      // Never at once: a caller may still close the plugin, or abort the call, after the line that made it.
      await (ahead ? unlessLeft(pass(), watch) : null);
      return await work();
    } finally {
      end(ahead);
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
      // It may have been over already when the one behind it left.
      if (this.#last === turn) this.#last = null;
    }
  }
}

/** Waits for `work`, which never rejects, or throws the error that the call leaves with. */
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
