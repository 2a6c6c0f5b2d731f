/** Runs tasks one after the other, in the order in which they were given. */
export class Sequence {
  /** Settles with the latest task. Never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const running = this.#last.then(task);
    this.#last = running.catch(() => {});
    return running;
  }
}
