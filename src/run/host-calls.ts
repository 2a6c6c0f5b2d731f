import type { Kernel } from '../../abi/index.ts';
import type { CallError } from '../call-error.ts';
import { PlugboardError } from '../errors.ts';
import { CallContext } from '../host/context.ts';
import type { HostCall } from '../host/function.ts';
import type { OutputCopier } from '../values/output.ts';

/** The running call of one plugin, if any: the state that its host functions share. */
export interface HostCalls extends HostCall {
  readonly isActive: boolean;
  /** Fires when the running call is interrupted. For work that can be cancelled, such as a request. */
  readonly signal: AbortSignal | undefined;
  begin(hostContext: unknown): void;
  /** Runs the body of the call that has begun, so that `isInside` recognises calls made from it. */
  within<T>(body: () => T): T;
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

export const noCallRuns = (): PlugboardError =>
  new PlugboardError('CALL_OVER', 'no call of the plugin is running; use plugin.call');

/** The calls of an inline plugin. All code that runs during a call is inside it, and one context serves all calls. */
export class InlineCalls implements HostCalls {
  readonly kernel: Kernel;
  readonly signal = undefined;
  readonly #context: CallContext;
  #hostContext: unknown;
  inlineContext: CallContext | null = null;

  constructor(kernel: Kernel, outputs: OutputCopier) {
    this.kernel = kernel;
    this.#context = new CallContext(kernel, outputs, () => this.#hostContext);
  }

  get isActive(): boolean {
    return this.inlineContext !== null;
  }

  begin(hostContext: unknown): void {
    this.#hostContext = hostContext;
    this.inlineContext = this.#context;
  }

  within<T>(body: () => T): T {
    return body();
  }

  leave(): void {
    this.inlineContext = null;
    this.#hostContext = undefined;
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
    if (!this.inlineContext) throw noCallRuns();
    return run(this.inlineContext);
  }

  wait(): never {
    throw new Error('BUG: an inline call cannot wait');
  }

  race(): never {
    return this.wait();
  }
}
