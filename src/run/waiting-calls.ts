import type { Kernel } from '../../abi/index.ts';
import type { CallError } from '../call-error.ts';
import type { PlugboardError } from '../errors.ts';
import { CallContext } from '../host/context.ts';
import type { AsyncContext } from '../platform/types.ts';
import type { OutputCopier } from '../values/output.ts';
import { type HostCalls, noCallRuns } from './host-calls.ts';
import { Interrupt, waitedTooLong } from './interrupt.ts';

/** Value in the async context of a host function: the call that it belongs to, and the mark around that call. */
interface Mark {
  call: WaitingCall;
  outer: Mark | undefined;
}

/** A running call. */
class WaitingCall {
  readonly context: CallContext;
  readonly interrupt = new Interrupt();
  /** The mark in whose context the call was made. */
  readonly outer: Mark | undefined;
  isOver = false;
  /** Number of its host functions on the call stack. */
  onStack = 0;
  /** Promise of the host function for which the suspended plugin waits. */
  pending: object | null = null;

  constructor(kernel: Kernel, outputs: OutputCopier, hostContext: unknown, outer: Mark | undefined) {
    const isOver = () => this.isOver;
    this.context = new CallContext(kernel, outputs, () => hostContext, isOver);
    this.outer = outer;
  }
}

export interface WaitingOptions {
  /** Undefined where the platform has no async contexts. */
  asyncContext: AsyncContext | undefined;
  queueTimeoutMs: number;
  /** True in worker mode: host functions run from message handlers, outside the call's async context. */
  marksEach: boolean;
}

const NO_CONTEXT: AsyncContext = { run: (_, fn) => fn(), current: () => undefined };

/** The calls of a plugin that is suspended, or waits in its worker, while a host function is pending. */
export class WaitingCalls implements HostCalls {
  readonly kernel: Kernel;
  /** Calls made while one is suspended may come from elsewhere, so no context is inside for certain. */
  readonly inlineContext = null;
  readonly #outputs: OutputCopier;
  readonly #options: WaitingOptions;
  readonly #asyncContext: AsyncContext;
  #running: WaitingCall | null = null;

  constructor(kernel: Kernel, outputs: OutputCopier, options: WaitingOptions) {
    this.kernel = kernel;
    this.#outputs = outputs;
    this.#options = options;
    this.#asyncContext = options.asyncContext ?? NO_CONTEXT;
  }

  get isActive(): boolean {
    return this.#running !== null;
  }

  get signal(): AbortSignal | undefined {
    return this.#running?.interrupt.signal;
  }

  begin(hostContext: unknown): void {
    this.#running = new WaitingCall(this.kernel, this.#outputs, hostContext, this.#mark);
  }

  within<T>(body: () => T): T {
    return this.#options.marksEach ? body() : this.#marked(this.#running!, body);
  }

  leave(): void {
    this.#running!.isOver = true;
    this.#running = null;
  }

  interrupt(reason: PlugboardError): void {
    if (!this.#running) return;
    this.kernel.markEnded(reason);
    this.#running.interrupt.fire(reason);
  }

  isInside(): boolean {
    const running = this.#running;
    return running !== null && (running.onStack > 0 || this.#isMarked(call => call === running));
  }

  boundWait(what: string, leave: (error: CallError) => void): () => void {
    const running = this.#running;
    if (!running || !this.mayWaitForThis()) return () => {};
    const timeoutMs = this.#options.queueTimeoutMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = () => {
      const { pending } = running;
      timer = setTimeout(() => {
        if (running.isOver) return;
        if (pending !== null && running.pending === pending) leave(waitedTooLong(what, timeoutMs));
        else watch();
      }, timeoutMs);
    };
    watch();
    return () => clearTimeout(timer);
  }

  mayWaitForThis(): boolean {
    if (!this.#running?.pending) return false;
    // Without async contexts, any pending host function may have made the current call.
    return this.#options.asyncContext === undefined || this.#isMarked(({ isOver }) => !isOver);
  }

  enter(run: (context: CallContext) => unknown): unknown {
    const running = this.#running;
    if (!running) throw noCallRuns();
    const { context } = running;
    running.onStack++;
    try {
      return this.#options.marksEach ? this.#marked(running, () => run(context)) : run(context);
    } finally {
      running.onStack--;
    }
  }

  wait<T, R>(work: PromiseLike<T>, settled: (value: T) => R, failed: (error: unknown) => R): Promise<R> {
    const running = this.#running!;
    running.pending = work;
    return running.interrupt.wait(
      work,
      value => {
        running.pending = null;
        return settled(value);
      },
      error => {
        running.pending = null;
        return failed(error);
      },
    );
  }

  race<T>(work: PromiseLike<T>): Promise<T> {
    return this.#running!.interrupt.wait(work, pass, raise);
  }

  /** The mark around the current code. */
  get #mark(): Mark | undefined {
    return this.#asyncContext.current() as Mark | undefined;
  }

  /** Runs `body` in an async context with the mark of the call, which also holds after a suspension. */
  #marked<T>(call: WaitingCall, body: () => T): T {
    return this.#asyncContext.run({ call, outer: call.outer } satisfies Mark, body);
  }

  #isMarked(matches: (call: WaitingCall) => boolean): boolean {
    let mark = this.#mark;
    while (mark && !matches(mark.call)) mark = mark.outer;
    return mark !== undefined;
  }
}

export const pass = <T>(value: T): T => value;
export const raise = (error: unknown): never => {
  throw error;
};
