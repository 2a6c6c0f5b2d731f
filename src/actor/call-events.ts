import type { PlugboardErrorCode } from '../errors.ts';
import type { EventSource } from './events.ts';
import { byteLength, type Part } from './message/codec.ts';
import type { Packet } from './message/message.ts';
import { changedKeys, type StateMap } from './state/state.ts';
import type { StateKeeper } from './state-keeper.ts';

/** A call that is running. */
export interface RunningCall {
  readonly number: number;
  readonly startMs: number;
  /** Packets that the call has sent so far. */
  readonly packets: Packet[];
  /** The last lines of the plugin's stderr; empty unless the call failed. */
  stderr: readonly string[];
}

/** Reports calls to the listeners of an actor. Measures only while there are listeners. */
export class CallEvents {
  readonly #events: EventSource;
  readonly #keeper: StateKeeper;
  readonly #queueDepth: () => number;

  constructor(events: EventSource, keeper: StateKeeper, queueDepth: () => number) {
    this.#events = events;
    this.#keeper = keeper;
    this.#queueDepth = queueDepth;
  }

  get isHeard(): boolean {
    return this.#events.isHeard;
  }

  begin(number: number, payload: Part): RunningCall {
    const payloadBytes = this.isHeard ? byteLength(payload) : 0;
    const startMs = this.#events.nowMs();
    this.#events.emit({ type: 'started', call: number, payloadBytes, queueDepth: this.#queueDepth() });
    return { number, startMs, packets: [], stderr: [] };
  }

  changes(call: RunningCall, before: StateMap, after: StateMap): void {
    const keys = changedKeys(before, after);
    if (keys.length === 0) return;
    this.#events.emit({ type: 'state-changed', call: call.number, keys, stateBytes: this.#keeper.bytes });
  }

  completed(call: RunningCall, hasResult: boolean, outputBytes: number): void {
    this.#packets(call, hasResult);
    this.#events.emit({ type: 'completed', ...this.#measure(call), outputBytes });
  }

  failed(call: RunningCall, code: PlugboardErrorCode, message: string, failures: number): void {
    this.#packets(call, false);
    this.#events.emit({ type: 'failed', ...this.#measure(call), code, message, failures });
  }

  #packets({ number, packets }: RunningCall, hasResult: boolean): void {
    if (!this.isHeard) return;
    for (const [index, packet] of packets.entries()) {
      const isResult = hasResult && index === packets.length - 1;
      this.#events.emit({ type: 'packet', call: number, ports: Object.keys(packet), isResult });
    }
  }

  #measure({ number, startMs, packets }: RunningCall) {
    const durationMs = this.#events.nowMs() - startMs;
    const stateBytes = this.isHeard ? this.#keeper.bytes : 0;
    return { call: number, durationMs, packets: packets.length, queueDepth: this.#queueDepth(), stateBytes };
  }
}
