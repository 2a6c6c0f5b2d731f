import type { Kernel } from '../abi/index.ts';
import { CallContext } from './call-context.ts';
import type { PlugboardError } from './errors.ts';
import type { HostCall } from './host-function.ts';
import { Interrupt } from './interrupt.ts';
import type { Mode } from './mode.ts';
import type { OutputCopier } from './output.ts';
import type { AsyncContext } from './platform/types.ts';

/** Marks what host functions do as part of a call, and of those calls that they in turn were part of. */
interface Mark {
  running: object;
  outer: unknown;
}

/** A call while it runs. */
interface Running {
  context: CallContext;
  /** Null where it cannot be interrupted. */
  interrupt: Interrupt | null;
  /** The mark around whoever made it. */
  outer: unknown;
}

/** What the host functions of one plugin share: the call that is running, if one is. */
export class HostCalls implements HostCall {
  readonly kernel: Kernel;
  readonly #outputs: OutputCopier;
  readonly #asyncContext: AsyncContext | undefined;
  /** Whether host functions are called by what is none of their call's flow: by messages of a worker. */
  readonly #marksEach: boolean;
  /** Serves every call that runs inline, whose host functions end before the call does. */
  readonly #inline: Running;
  /** While it runs: whatever happens during an inline call is inside of it, and nothing is to be marked. */
  inlineContext: CallContext | null = null;
  #hostContext: unknown;
  #running: Running | null = null;
  /** Host functions on the stack, and those that are waited for. */
  #onStack = 0;
  #waitedFor = 0;

  constructor(kernel: Kernel, outputs: OutputCopier, mode: Mode, asyncContext: AsyncContext | undefined) {
    this.kernel = kernel;
    this.#outputs = outputs;
    this.#marksEach = mode === 'worker';
    this.#asyncContext = asyncContext;
    this.#inline = {
      context: new CallContext(kernel, outputs, () => this.#hostContext),
      interrupt: null,
      outer: null,
    };
  }

  get isActive(): boolean {
    return this.#running !== null;
  }

  /** For what a suspended call waits for and can be told to stop. */
  get signal(): AbortSignal | undefined {
    return this.#running?.interrupt?.signal;
  }

  begin(hostContext: unknown): void {
    this.#hostContext = hostContext;
    this.#running = this.#inline;
    this.inlineContext = this.#inline.context;
  }

  /** The same for a call that may be interrupted, suspended or in a worker. */
  beginInterruptible(hostContext: unknown): void {
    const isOver = () => this.#running?.context !== context;
    const context: CallContext = new CallContext(this.kernel, this.#outputs, () => hostContext, isOver);
    this.#running = { context, interrupt: new Interrupt(), outer: this.#asyncContext?.current() };
  }

  /** Runs the body of a call that may be interrupted. What it calls, now and after it was suspended, is known for its part. */
  within<T>(body: () => T): T {
    if (this.#marksEach) return body();
    return this.#mark(body);
  }

  #mark<T>(body: () => T): T {
    const running = this.#running!;
    return this.#asyncContext
      ? this.#asyncContext.run({ running, outer: running.outer } satisfies Mark, body)
      : body();
  }

  end(): void {
    this.inlineContext = null;
    this.#running = null;
    this.#hostContext = undefined;
  }

  /** Ends the running call, if one is: at once where it is suspended, else as soon as it calls an import. */
  interrupt(reason: PlugboardError): void {
    if (!this.#running) return;
    this.kernel.markEnded(reason);
    this.#running.interrupt?.fire(reason);
  }

  /**
   * Whether the code that asks runs inside a host function of the running call. Where the platform cannot tell across
   * `await`, everything counts as inside while an async host function is waited for.
   */
  isInside(): boolean {
    if (!this.#running) return false;
    if (this.#running.interrupt === null || this.#onStack > 0) return true;
    if (!this.#asyncContext) return this.#waitedFor > 0;
    let mark = this.#asyncContext.current() as Mark | undefined;
    while (mark && mark.running !== this.#running) mark = mark.outer as Mark | undefined;
    return mark !== undefined;
  }

  enter(run: (context: CallContext) => unknown): unknown {
    const { context } = this.#running!;
    this.#onStack++;
    try {
      return this.#marksEach ? this.#mark(() => run(context)) : run(context);
    } finally {
      this.#onStack--;
    }
  }

  wait<T, R>(work: PromiseLike<T>, settled: (value: T) => R, failed: (error: unknown) => R): Promise<R> {
    this.#waitedFor++;
    return this.#running!.interrupt!.wait(
      work,
      value => {
        this.#waitedFor--;
        return settled(value);
      },
      error => {
        this.#waitedFor--;
        return failed(error);
      },
    );
  }

  race<T>(work: PromiseLike<T>): Promise<T> {
    return this.#running!.interrupt!.wait(work, pass, raise);
  }
}

const pass = <T>(value: T): T => value;
const raise = (error: unknown): never => {
  throw error;
};
