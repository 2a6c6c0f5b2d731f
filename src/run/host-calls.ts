import type { Kernel } from '../../abi/index.ts';
import type { CallError } from '../call-error.ts';
import type { PlugboardError } from '../errors.ts';
import type { Settings } from '../given/settings.ts';
import { CallContext } from '../host/context.ts';
import type { HostCall } from '../host/function.ts';
import type { AsyncContext, Platform } from '../platform/types.ts';
import type { OutputCopier } from '../values/output.ts';
import { Interrupt, waitedTooLong } from './interrupt.ts';
import type { Mode } from './mode.ts';

/** Value in the async context of a host function: the call that it belongs to, and the mark around that call. */
interface Mark {
  running: Running;
  outer: unknown;
}

/** A running call. */
interface Running {
  context: CallContext;
  /** Null for an inline call, which cannot be interrupted. */
  interrupt: Interrupt | null;
  /** The mark in whose context the call was made. */
  outer: unknown;
  isOver: boolean;
}

/** State that the host functions of one plugin share: the running call, if any. */
export class HostCalls implements HostCall {
  readonly kernel: Kernel;
  readonly #outputs: OutputCopier;
  readonly #asyncContext: AsyncContext | undefined;
  readonly #queueTimeoutMs: number;
  /** True in worker mode: host functions run from message handlers, outside the call's async context. */
  readonly #marksEach: boolean;
  /** Used for every inline call: its host functions end before the call does, so one context serves all. */
  readonly #inline: Running;
  /** The context during an inline call. All code that runs then is inside the call, so no marks are needed. */
  inlineContext: CallContext | null = null;
  #hostContext: unknown;
  #running: Running | null = null;
  /** Number of host functions on the call stack. */
  #onStack = 0;
  /** Promise of the host function for which the suspended plugin waits. */
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

  /** Fires when the running call is interrupted. For work that can be cancelled, such as a request. */
  get signal(): AbortSignal | undefined {
    return this.#running?.interrupt?.signal;
  }

  begin(hostContext: unknown): void {
    this.#hostContext = hostContext;
    this.#running = this.#inline;
    this.inlineContext = this.#inline.context;
  }

  /** Like `begin`, for a call that can be interrupted, in suspending or worker mode. */
  beginInterruptible(hostContext: unknown): void {
    const isOver = () => this.#running?.context !== context;
    const context: CallContext = new CallContext(this.kernel, this.#outputs, () => hostContext, isOver);
    const outer = this.#asyncContext?.current();
    this.#running = { context, interrupt: new Interrupt(), outer, isOver: false };
  }

  /**
   * Runs the body of an interruptible call in its async context, so that `isInside` recognises calls made from it, also after
   * a suspension.
   */
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
    // The object for inline calls is used again, and never in a mark.
    if (this.#running !== this.#inline) this.#running!.isOver = true;
    this.#running = null;
    this.#pending = null;
    this.#hostContext = undefined;
  }

  /** Ends the running call, if any: at once while it is suspended, otherwise when it calls an import. */
  interrupt(reason: PlugboardError): void {
    if (!this.#running) return;
    this.kernel.markEnded(reason);
    this.#running.interrupt?.fire(reason);
  }

  /**
   * Whether the current code is known to run inside a host function of the running call. After an `await`, only platforms
   * with async contexts know it.
   */
  isInside(): boolean {
    if (!this.#running) return false;
    if (this.#running.interrupt === null || this.#onStack > 0) return true;
    return this.#isMarked(running => running === this.#running);
  }

  /**
   * Limits the wait of a queued call. Calls `leave` once the same async host function of the running call has been pending for
   * `queueTimeoutMs`, if that host function may wait for the queued call. Returns a function that ends the watch.
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

  /**
   * Whether a pending host function may have made the current call. Without async contexts, any pending one may have made
   * it.
   */
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
