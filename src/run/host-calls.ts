import type { Kernel } from '../../abi/index.ts';
import type { CallError } from '../call-error.ts';
import { PlugboardError } from '../errors.ts';
import { CallContext, type ContextOwner } from '../host/context.ts';
import type { HostCall, WaitingHostCall } from '../host/function.ts';
import type { AsyncContext } from '../platform/types.ts';
import type { OutputCopier } from '../values/output.ts';
import { Interrupt, startTimer, waitedTooLong } from './interrupt.ts';
import { stack } from './stack.ts';

/** The running call of one plugin, if any: the state that its host functions share. */
interface RunningCall extends HostCall, ContextOwner {
  /** Whether calls return promises: the mode is not inline. */
  readonly waits: boolean;
  readonly isActive: boolean;
  /** Fires when the running call is interrupted. For work that can be cancelled, such as a request. */
  readonly signal: AbortSignal | undefined;
  begin(hostContext: unknown): void;
  leave(): void;
  /** Stops the running call, if any: at once while it is suspended, otherwise when it calls an import. */
  interrupt(reason: PlugboardError): void;
  /**
   * Whether the current code is known to run inside a host function of the running call. After an `await`, only platforms
   * with async contexts know it.
   */
  isInside(): boolean;
  /**
   * Limits the wait of a queued call. Calls `leave` once the same async host function of the running call has been pending for
   * `queueTimeoutMs`, if that host function may wait for the queued call. Returns a function that ends the watch.
   * RATIONALE: how-does-a-plugin-know-that-a-call-comes-from-inside-its-own-host-function
   */
  boundWait(what: string, leave: (error: CallError) => void): () => void;
  /** Whether a pending host function may have made the current call. */
  mayWaitForThis(): boolean;
}

export type HostCalls = InlineCalls | WaitingCalls;

const noCallRuns = (): PlugboardError =>
  new PlugboardError('CALL_OVER', 'no call of the plugin is running; use plugin.call');

/** The calls of an inline plugin. All code that runs during a call is inside it. */
export class InlineCalls implements RunningCall {
  readonly waits = false;
  readonly kernel: Kernel;
  readonly signal = undefined;
  readonly #outputs: OutputCopier;
  isActive = false;
  #hostContext: unknown;
  /** Made with the first host function of a call. Made with each call, it takes a fifth longer (16 bytes, V8 11 and 14). */
  context: CallContext | null = null;

  constructor(kernel: Kernel, outputs: OutputCopier) {
    this.kernel = kernel;
    this.#outputs = outputs;
  }

  get inlineContext(): CallContext | null {
    if (!this.isActive) return null;
    this.context ??= new CallContext(this.kernel, this.#outputs, this.#hostContext, this);
    return this.context;
  }

  begin(hostContext: unknown): void {
    this.#hostContext = hostContext;
    this.isActive = true;
    stack.depth++;
  }

  leave(): void {
    stack.depth--;
    this.isActive = false;
    this.#hostContext = undefined;
    this.context = null;
  }

  interrupt(reason: PlugboardError): void {
    if (this.isActive) this.kernel.markEnded(reason);
  }

  isInside(): boolean {
    return this.isActive;
  }

  boundWait(): () => void {
    return () => {};
  }

  mayWaitForThis(): boolean {
    return false;
  }

  enter(run: (context: CallContext) => unknown): unknown {
    const context = this.inlineContext;
    if (!context) throw noCallRuns();
    return run(context);
  }
}

/** Value in the async context of a host function: the call that it belongs to, and the mark around that call. */
interface Mark {
  call: WaitingCall;
  outer: Mark | undefined;
}

/** A running call. */
class WaitingCall {
  readonly interrupt = new Interrupt();
  /** The mark in whose context the call was made. */
  readonly outer: Mark | undefined;
  isOver = false;
  /** Number of its host functions on the call stack. */
  onStack = 0;
  /** Promise of the host function for which the suspended plugin waits. */
  pending: object | null = null;

  constructor(outer: Mark | undefined) {
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
export class WaitingCalls implements RunningCall, WaitingHostCall {
  readonly waits = true;
  readonly kernel: Kernel;
  /** Calls made while one is suspended may come from elsewhere, so no context is inside for certain. */
  readonly inlineContext = null;
  readonly #outputs: OutputCopier;
  readonly #options: WaitingOptions;
  readonly #asyncContext: AsyncContext;
  #running: WaitingCall | null = null;
  context: CallContext | null = null;

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
    this.context = new CallContext(this.kernel, this.#outputs, hostContext, this);
    this.#running = new WaitingCall(this.#mark);
  }

  /** Runs the body of the call that has begun, so that `isInside` recognises calls made from it. */
  within<T>(body: () => T): T {
    return this.#options.marksEach ? body() : this.#marked(this.#running!, body);
  }

  leave(): void {
    this.#running!.isOver = true;
    this.#running = this.context = null;
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
    let stopTimer = () => {};
    const watch = () => {
      const { pending } = running;
      stopTimer = startTimer(timeoutMs, () => {
        if (running.isOver) return;
        if (pending !== null && running.pending === pending) leave(waitedTooLong(what, timeoutMs));
        else watch();
      });
    };
    watch();
    return () => stopTimer();
  }

  mayWaitForThis(): boolean {
    const running = this.#running;
    if (!running) return false;
    if (running.onStack > 0) return true;
    if (!running.pending) return false;
    // Without async contexts, any pending host function may have made the current call.
    return this.#options.asyncContext === undefined || this.#isMarked(({ isOver }) => !isOver);
  }

  enter(run: (context: CallContext) => unknown): unknown {
    const running = this.#running;
    if (!running) throw noCallRuns();
    const context = this.context!;
    running.onStack++;
    stack.depth++;
    try {
      return this.#options.marksEach ? this.#marked(running, () => run(context)) : run(context);
    } finally {
      stack.depth--;
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
