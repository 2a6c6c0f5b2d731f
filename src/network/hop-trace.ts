import type { LoaderOptions } from '../actor/module-loader.ts';

type Trace = NonNullable<LoaderOptions['trace']>;

/** The trace of the plugin of a node. Its calls have the hop of the network in which they are made. */
export class HopTrace implements Trace {
  readonly #trace: Trace;
  /** The header of the hop of now. */
  traceparent: string | undefined;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  get events(): number {
    return this.#trace.events;
  }

  get dropped(): number {
    return this.#trace.dropped;
  }

  get failures(): number {
    return this.#trace.failures;
  }

  /** @internal */
  attach(plugin: Parameters<Trace['attach']>[0]): ReturnType<Trace['attach']> {
    const hooks = this.#trace.attach(plugin);
    return { ...hooks, begin: (name, input) => hooks.begin(name, input, this.traceparent) };
  }
}
