import { messageOf } from '../errors.ts';
import { isThenable } from '../values/thenable.ts';
import type { Report } from './errors.ts';

/** The listeners of one object. A listener that fails disturbs nobody: the error becomes a diagnostic. */
export class Listeners<Event extends { readonly type: string }> {
  readonly #listeners = new Set<(event: Event) => unknown>();
  readonly #report: Report;
  /** Not the size of the set, which is asked several times for each message. */
  isHeard = false;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Returns a function that ends the subscription. */
  add(listener: (event: Event) => void): () => void {
    // Each subscription gets its own function: a set would hold the same listener only once.
    const own = (event: Event): unknown => listener(event);
    this.#listeners.add(own);
    this.isHeard = true;
    return () => {
      this.#listeners.delete(own);
      this.isHeard = this.#listeners.size > 0;
    };
  }

  call(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        const result = listener(event);
        // An async function is a listener too. Its rejection would end the process.
        if (isThenable(result)) result.then(undefined, error => this.#tell(event, error));
      } catch (error) {
        this.#tell(event, error);
      }
    }
  }

  #tell({ type }: Event, error: unknown): void {
    try {
      const message = `a listener of events failed at ${type}: ${messageOf(error)}`;
      this.#report({ code: 'CALLBACK_FAILED', message });
    } catch {
      // `onDiagnostic` itself threw, so nobody can be told.
    }
  }
}
