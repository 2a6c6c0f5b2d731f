import type { Clock } from '../../wasi/index.ts';
import type { Report } from './errors.ts';

/** Where an actor is in its life. Only `active` ones process messages. */
export type ActorPhase = 'loading' | 'validation' | 'initialization' | 'active' | 'cleanup' | 'stopped';

/**
 * What happens in an actor, besides who and when. `call` numbers the calls from 1. `stateBytes` is the size of the state that
 * the next call gets, in the encoding of the plugin.
 */
export type ActorHappening =
  | { type: 'phase'; phase: ActorPhase }
  /** A call begins. `queueDepth` is what waits in the inports. */
  | { type: 'started'; call: number; payloadBytes: number; queueDepth: number }
  /** The call sent a packet; `isResult` tells its result from what it sent before. */
  | { type: 'packet'; call: number; ports: readonly string[]; isResult: boolean }
  | { type: 'state-changed'; call: number; keys: readonly string[]; stateBytes: number }
  | {
      type: 'completed';
      call: number;
      durationMs: number;
      outputBytes: number;
      packets: number;
      queueDepth: number;
      stateBytes: number;
    }
  /** `failures` is how many calls have failed in a row. */
  | {
      type: 'failed';
      call: number;
      durationMs: number;
      code: string;
      message: string;
      packets: number;
      failures: number;
      queueDepth: number;
      stateBytes: number;
    }
  /** The error policy made the plugin anew. */
  | { type: 'restarted'; failures: number }
  /** Another module runs from now on. */
  | { type: 'reloaded'; version: string | null };

/** Plain data, which JSON can hold. */
export type ActorEvent = ActorHappening & {
  /** The `node_id` of its config. */
  readonly actor: string;
  readonly component: string;
  /** ms since 1970. */
  readonly atMs: number;
};

export type ActorListener = (event: ActorEvent) => void;

const NS_PER_MS = 1e6;

/** Tells listeners what happens. One that throws disturbs nobody: it is a diagnostic. */
export class EventSource {
  readonly #listeners = new Set<ActorListener>();
  readonly #clock: Clock;
  readonly #about: { actor: string; component: string };
  readonly #report: Report;

  constructor(clock: Clock, about: { actor: string; component: string }, report: Report) {
    this.#clock = clock;
    this.#about = about;
    this.#report = report;
  }

  /** What costs something to find out should be found out only then. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** On the clock that durations are measured with; 0 where nobody hears of them. */
  nowMs(): number {
    if (!this.isHeard) return 0;
    return Number(this.#clock.nowNs(1)) / NS_PER_MS;
  }

  subscribe(listener: ActorListener): () => void {
    // A function of its own for each, so that one listener can subscribe twice.
    const own: ActorListener = event => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(happening: ActorHappening): void {
    if (!this.isHeard) return;
    const atMs = Math.floor(Number(this.#clock.nowNs(0)) / NS_PER_MS);
    const event: ActorEvent = Object.freeze({ ...happening, ...this.#about, atMs });
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#tell(`a listener of events failed at ${event.type}: ${(error as Error)?.message ?? error}`);
      }
    }
  }

  #tell(message: string): void {
    try {
      this.#report({ code: 'CALLBACK_FAILED', message });
    } catch {
      // Nobody is left to tell.
    }
  }
}
