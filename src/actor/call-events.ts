import type { PluginMemory } from '../run/report.ts';
import type { EventSource } from './events.ts';
import { byteLength, type Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import type { ProcessError } from './process-error.ts';
import type { StateKeeper } from './state/state-keeper.ts';
import { changedKeys } from './state/state-store.ts';
import type { ActorState } from './state/written-state.ts';
import { packetsOf, type Step } from './step.ts';

/** A call that is running. */
export interface Call {
  /** Counted from 1. */
  readonly number: number;
  /** Undefined when nobody listened at its begin. */
  readonly startMs: number | undefined;
}

/** Reports calls to the listeners of an actor. Measures only while there are listeners. */
export class CallEvents {
  readonly #events: EventSource;
  readonly #keeper: StateKeeper;
  readonly #queueDepth: () => number;
  readonly #memory: () => PluginMemory;
  #calls = 0;

  constructor(
    events: EventSource,
    keeper: StateKeeper,
    queueDepth: () => number,
    memory: () => PluginMemory,
  ) {
    this.#events = events;
    this.#keeper = keeper;
    this.#queueDepth = queueDepth;
    this.#memory = memory;
  }

  begin(payload: Part): Call {
    const number = ++this.#calls;
    if (!this.#events.isHeard) return { number, startMs: undefined };
    const startMs = this.#events.nowMs();
    const payloadBytes = byteLength(payload);
    this.#events.emit({ type: 'started', call: number, payloadBytes, queueDepth: this.#queueDepth() });
    return { number, startMs };
  }

  changes(call: Call, before: ActorState, after: ActorState): void {
    if (!this.#events.isHeard || before === after) return;
    const keys = changedKeys(before.state, after.state);
    if (keys.length === 0) return;
    this.#events.emit({ type: 'state-changed', call: call.number, keys, stateBytes: this.#keeper.bytes });
  }

  completed(call: Call, step: Step): void {
    if (!this.#events.isHeard) return;
    const measured = this.#report(call, packetsOf(step), step.result);
    this.#events.emit({ type: 'completed', ...measured, outputBytes: step.outputBytes });
  }

  failed(call: Call, { code, message, packets }: ProcessError, failures: number): void {
    if (!this.#events.isHeard) return;
    this.#events.emit({ type: 'failed', ...this.#report(call, packets), code, message, failures });
  }

  /** Reports the packets of a call. Returns the values that are measured at its end. */
  #report({ number, startMs }: Call, packets: readonly Packet[], result?: Packet) {
    for (const packet of packets) {
      const ports = Object.keys(packet);
      this.#events.emit({ type: 'packet', call: number, ports, isResult: packet === result });
    }
    const endMs = this.#events.nowMs();
    const durationMs = endMs - (startMs ?? endMs);
    const stateBytes = this.#keeper.bytes;
    const queueDepth = this.#queueDepth();
    return {
      call: number,
      durationMs,
      packets: packets.length,
      queueDepth,
      stateBytes,
      ...this.#memory(),
    };
  }
}
