import type { Kernel } from '../abi/index.ts';
import type { CallError } from './call.ts';
import { CallContext } from './call-context.ts';
import type { PlugboardError } from './errors.ts';
import type { HostCall } from './host-function.ts';
import { Interrupt, waitedTooLong } from './interrupt.ts';
import type { Mode } from './mode.ts';
import type { OutputCopier } from './output.ts';
import type { AsyncContext, Platform } from './platform/types.ts';
import type { Settings } from './settings.ts';

/** Marks what host functions do as part of a call, and of those calls that they in turn were part of. */
interface Mark {
  running: Running;
  outer: unknown;
}

/** A call while it runs. */
interface Running {
  context: CallContext;
  /** Null where it cannot be interrupted. */
  interrupt: Interrupt | null;
  /** The mark around whoever made it. */
  outer: unknown;
  isOver: boolean;
}

/** What the host functions of one plugin share: the call that is running, if one is. */
export class HostCalls implements HostCall {
  readonly kernel: Kernel;
  readonly #outputs: OutputCopier;
  readonly #asyncContext: AsyncContext | undefined;
  readonly #queueTimeoutMs: number;
  /** Whether host functions are called by what is none of their call's flow: by messages of a worker. */
  readonly #marksEach: boolean;
  /** Serves every call that runs inline, whose host functions end before the call does. */
  readonly #inline: Running;
  /** While it runs: whatever happens during an inline call is inside of it, and nothing is to be marked. */
  inlineContext: CallContext | null = null;
  #hostContext: unknown;
  #running: Running | null = null;
  /** Host functions on the stack. */
  #onStack = 0;
  /** The host function that the suspended plugin waits for, as the promise of it. */
  #pending: object | null = null;

  constructor(
    kernel: Kernel,
    outputs: OutputCopier,
    mode: Mode,
    { asyncContext }: Platform,
    { queueTimeoutMs }: Settings,
  ) {
    this.#queueTimeoutMs = queueTimeoutMs;
    this.kernel = kernel;
    this.#outputs = outputs;
    this.#marksEach = mode === 'worker';
    this.#asyncContext = asyncContext;
    this.#inline = {
      context: new CallContext(kernel, outputs, () => this.#hostContext),
      interrupt: null,
      outer: null,
      isOver: false,
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
    const outer = this.#asyncContext?.current();
    this.#running = { context, interrupt: new Interrupt(), outer, isOver: false };
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
    // The one for inline calls is used again, and never in a mark.
    if (this.#running !== this.#inline) this.#running!.isOver = true;
    this.#running = null;
    this.#pending = null;
    this.#hostContext = undefined;
  }

  /** Ends the running call, if one is: at once where it is suspended, else as soon as it calls an import. */
  interrupt(reason: PlugboardError): void {
    if (!this.#running) return;
    this.kernel.markEnded(reason);
    this.#running.interrupt?.fire(reason);
  }

  /**
   * Whether the code that asks is known to run inside a host function of the running call. After an `await` only a
   * platform with async contexts knows.
   */
  isInside(): boolean {
    if (!this.#running) return false;
    if (this.#running.interrupt === null || this.#onStack > 0) return true;
    return this.#isMarked(running => running === this.#running);
  }

  /**
   * For a call that has to wait: calls `leave` once an async host function of the running call was pending for
   * `queueTimeoutMs` without a break, if that host function may wait for the call. Returns a function that ends this.
   * RATIONALE: how-does-a-plugin-know-that-a-call-comes-from-inside-its-own-host-function
   */
  boundWait(what: string, leave: (error: CallError) => void): () => void {
    if (!this.mayWaitForThis()) return () => {};
    const running = this.#running;
    const timeoutMs = this.#queueTimeoutMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      const pending = this.#pending;
      timer = setTimeout(() => {
        if (this.#running !== running) return;
        if (pending !== null && this.#pending === pending) leave(waitedTooLong(what, timeoutMs));
        else watch();
      }, timeoutMs);
    };
    watch();
    return () => clearTimeout(timer);
  }

  /** Whether a host function is pending that may have made the call that asks. Async contexts show where one has not. */
  mayWaitForThis(): boolean {
    if (this.#pending === null) return false;
    return this.#asyncContext === undefined || this.#isMarked(({ isOver }) => !isOver);
  }

  #isMarked(matches: (running: Running) => boolean): boolean {
    let mark = this.#asyncContext?.current() as Mark | undefined;
    while (mark && !matches(mark.running)) mark = mark.outer as Mark | undefined;
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
    this.#pending = work;
    return this.#running!.interrupt!.wait(
      work,
      value => {
        this.#pending = null;
        return settled(value);
      },
      error => {
        this.#pending = null;
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
