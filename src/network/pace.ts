/** Holds the steps of a network. A step that runs is not interrupted: each node waits before its next one. */
export class Pace {
  #isPaused = false;
  #isOver = false;
  readonly #waiting: (() => void)[] = [];

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = !this.#isOver;
  }

  resume(): void {
    this.#isPaused = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Lets the node that waits longest make one step. Without a node that waits, it has no effect. */
  step(): void {
    this.#waiting.shift()?.();
  }

  /** Resumes, and never pauses again. */
  end(): void {
    this.#isOver = true;
    this.resume();
  }

  /** Called before each step. Returns a promise while the network is paused. */
  wait(): Promise<void> | undefined {
    return this.#isPaused ? new Promise(resolve => this.#waiting.push(resolve)) : undefined;
  }
}
