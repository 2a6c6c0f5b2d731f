import type { Platform } from '../platform/types.ts';
import type { Later } from '../values/later.ts';
import { isThenable } from '../values/thenable.ts';
import { stack } from './stack.ts';

/** A call in the queue, waiting or running. */
class Turn {
  #over: Promise<Turn | null> | undefined;
  #pass: ((ahead: Turn | null) => void) | undefined;

  /**
   * Resolves when the call is over: to null, or to the turn for which it still waited when it left the queue. Made before the call
   * waits for anything: workerd lets no request resolve a promise of another one.
   */
  get over(): Promise<Turn | null> {
    this.#over ??= new Promise(resolve => {
      this.#pass = resolve;
    });
    return this.#over;
  }

  end(ahead: Turn | null): void {
    this.#pass?.(ahead);
  }
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

  /** Whether a call begins at once: no other one runs or waits, and none is on the stack. */
  get isFree(): boolean {
    return this.isIdle && stack.depth === 0;
  }

  /** Runs a call, at once if the queue is free. @param watch called only if the call has to wait for others */
  run<T>(work: () => Later<T>, watch: Watch): Later<T> {
    return this.isFree ? this.begin(work) : this.#keep(this.#wait(work, watch));
  }

  /** Runs a call at once. The queue must be free. A call that does not wait costs no promise. */
  begin<T>(work: () => Later<T>): Later<T> {
    const turn = new Turn();
    this.#last = turn;
    let waits = false;
    try {
      const done = onStack(work);
      waits = isThenable(done);
      return waits ? this.#keep(this.#finish(turn, done as Promise<T>)) : done;
    } finally {
      if (!waits) this.#end(turn, null);
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

  #keep<T>(running: Promise<T>): Promise<T> {
    this.#keepAlive?.(running);
    return running;
  }

  async #finish<T>(turn: Turn, work: Promise<T>): Promise<T> {
    void turn.over;
    try {
      return await work;
    } finally {
      this.#end(turn, null);
    }
  }

  async #wait<T>(work: () => Later<T>, watch: Watch): Promise<T> {
    let ahead = this.#last;
    const turn = new Turn();
    void turn.over;
    this.#last = turn;
    const allAhead = async () => {
      while (ahead) ahead = await ahead.over;
    };
    try {
      await (ahead ? unlessLeft(allAhead(), watch) : null);
      const done = onStack(work);
      return isThenable(done) ? await done : done;
    } finally {
      this.#end(turn, ahead);
    }
  }

  #end(turn: Turn, ahead: Turn | null): void {
    turn.end(ahead);
    if (this.#last === turn) this.#last = ahead;
  }
}

function onStack<T>(work: () => T): T {
  stack.depth++;
  try {
    return work();
  } finally {
    stack.depth--;
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
