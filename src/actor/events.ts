import type { Clock } from '../../wasi/index.ts';
import type { PlugboardErrorCode } from '../errors.ts';
import type { PluginMemory } from '../run/report.ts';
import { NS_PER_MS } from '../units.ts';
import type { Report } from './errors.ts';
import { Listeners } from './listeners.ts';

/** Phases of an actor's life. It processes messages only while `active`. */
export type ActorPhase = 'loading' | 'validation' | 'initialization' | 'active' | 'cleanup' | 'stopped';

/** Measured when a call has ended; with the memory that the plugin takes then, in pages of 64 KiB. */
export interface CallEnd extends PluginMemory {
  call: number;
  durationMs: number;
  packets: number;
  queueDepth: number;
  stateBytes: number;
}

/**
 * The part of an event that depends on its type. `call` numbers the calls from 1. `stateBytes` is the size of the state that
 * the next call gets, in the encoding of the plugin.
 */
export type ActorHappening =
  | { type: 'phase'; phase: ActorPhase }
  /** A call begins. `queueDepth` is the number of calls that wait in the inports. */
  | { type: 'started'; call: number; payloadBytes: number; queueDepth: number }
  /** The call sent a packet; `isResult` is true for its result, false for packets that it sent while it ran. */
  | { type: 'packet'; call: number; ports: readonly string[]; isResult: boolean }
  | { type: 'state-changed'; call: number; keys: readonly string[]; stateBytes: number }
  | (CallEnd & { type: 'completed'; outputBytes: number })
  /** `failures` is the number of calls that have failed in a row. */
  | (CallEnd & { type: 'failed'; code: PlugboardErrorCode; message: string; failures: number })
  /** The plugin was replaced by a new instance, as the error policy `restart` says. */
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

/** Makes the events of an actor, and calls its listeners. */
export class EventSource {
  readonly #listeners: Listeners<ActorEvent>;
  readonly #clock: Clock;
  readonly #source: { actor: string; component: string };

  constructor(clock: Clock, source: { actor: string; component: string }, report: Report) {
    this.#clock = clock;
    this.#source = source;
    this.#listeners = new Listeners(report);
  }

  /** Whether there are listeners. Values that take time to measure are measured only then. */
  get isHeard(): boolean {
    return this.#listeners.isHeard;
  }

  /** Returns the time of the monotonic clock in ms; 0 when there are no listeners. */
  nowMs(): number {
    if (!this.isHeard) return 0;
    return Number(this.#clock.nowNs(1)) / NS_PER_MS;
  }

  subscribe(listener: ActorListener): () => void {
    return this.#listeners.add(listener);
  }

  emit(happening: ActorHappening): void {
    if (!this.isHeard) return;
    const atMs = Math.floor(Number(this.#clock.nowNs(0)) / NS_PER_MS);
    this.#listeners.call(Object.freeze({ ...happening, ...this.#source, atMs }));
  }
}
