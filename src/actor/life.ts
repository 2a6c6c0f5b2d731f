import type { ActorError } from './errors.ts';
import type { ActorPhase, EventSource } from './events.ts';
import { stopped } from './mailbox.ts';

/** `failure` is the error that ended the life; undefined when the user ended it. */
type Stage =
  | { readonly phase: 'active' }
  | {
      readonly phase: 'cleanup' | 'stopped';
      readonly ended: Promise<void>;
      readonly failure: unknown;
    };

/** The life of an actor once it is loaded: `active`, then `cleanup`, then `stopped`. It ends once. */
export class Life {
  #stage: Stage = { phase: 'active' };
  readonly #events: EventSource;
  readonly #waits: () => boolean;
  #calls: AbortController | undefined;
  #abortedBy: ActorError | undefined;

  /** @param waits whether something is waited for between the begin of a call and the plugin's code, or while that runs */
  constructor(events: EventSource, waits: () => boolean) {
    this.#events = events;
    this.#waits = waits;
    events.emit({ type: 'phase', phase: 'active' });
  }

  get phase(): ActorPhase {
    return this.#stage.phase;
  }

  get isActive(): boolean {
    return this.#stage.phase === 'active';
  }

  /** The signal of one call. Most calls need none: where nothing waits, they end before anybody can abort them. */
  signalOf(given?: AbortSignal): AbortSignal | undefined {
    if (!this.#waits() && !this.#abortedBy) return given;
    return given ? AbortSignal.any([this.#signal(), given]) : this.#signal();
  }

  #signal(): AbortSignal {
    this.#calls ??= new AbortController();
    if (this.#abortedBy) this.#calls.abort(this.#abortedBy);
    return this.#calls.signal;
  }

  /** @throws {ActorError} ACTOR_STOPPED unless the actor is active */
  checkActive(what: string): void {
    if (!this.isActive) throw this.refusal(what);
  }

  /** Calls in the queue still run when the user stops the actor. @throws {ActorError} ACTOR_STOPPED after a failure */
  checkNotFailed(what: string): void {
    if (this.#failure !== undefined) throw this.refusal(what);
  }

  /** Returns the error for users of an actor that has ended. */
  refusal(what: string): ActorError {
    return stopped(what, this.#failure);
  }

  /**
   * Ends the life, if it has not ended yet. Resolves when it is over.
   * @param cleanUp runs in phase `cleanup`
   * @param failure the error that ends the life, if one does
   */
  end(cleanUp: () => Promise<void>, failure?: unknown): Promise<void> {
    const stage = this.#stage;
    if (stage.phase !== 'active') {
      if (failure !== undefined) this.#stage = { ...stage, failure };
      return stage.ended;
    }
    let finish!: (work: Promise<void>) => void;
    const ended = new Promise<void>(resolve => {
      finish = resolve;
    });
    // Before the event: a listener may call `stop` too.
    this.#stage = { phase: 'cleanup', ended, failure };
    this.#events.emit({ type: 'phase', phase: 'cleanup' });
    finish(this.#finish(cleanUp));
    return ended;
  }

  /** Aborts the running call, if it can be aborted, and those after it. */
  abortCalls(): void {
    this.#abortedBy ??= this.refusal('the actor');
    this.#calls?.abort(this.#abortedBy);
  }

  get #failure(): unknown {
    return this.#stage.phase === 'active' ? undefined : this.#stage.failure;
  }

  async #finish(cleanUp: () => Promise<void>): Promise<void> {
    await cleanUp();
    this.#stage = { ...(this.#stage as Exclude<Stage, { phase: 'active' }>), phase: 'stopped' };
    this.#events.emit({ type: 'phase', phase: 'stopped' });
  }
}
