import type { Packet } from '../actor/message/message.ts';
import { OUTSIDE, type Trace } from './engine/engine.ts';
import { copyPacket } from './own-packet.ts';

/** Packets on their way, and among them those that wait at a join. */
interface Counts {
  moving: number;
  held: number;
}

/** A call of the network. */
export interface OpenCall {
  /** The packets that it gets; undefined if they go to the readers of the ports only. */
  readonly packets?: Packet[];
  /** The trace of each packet. */
  readonly traceparents?: (string | undefined)[];
  /** Called when nothing that the call caused runs or is queued. */
  end(): void;
}

interface CountedCall extends Counts, OpenCall {
  /** Whether it is among those whose counts changed. */
  isChanged: boolean;
}

/** Counts the packets on their way, all of them and those of each call. */
export class Tally {
  readonly #all: Counts = { moving: 0, held: 0 };
  readonly #calls = new Map<string, CountedCall>();
  /** Calls whose counts changed since `settle`. Not a set, since to clear one takes longer than all else here. */
  readonly #changed: CountedCall[] = [];
  readonly #idle: (() => void)[] = [];

  get isIdle(): boolean {
    return this.#all.moving === this.#all.held;
  }

  /** Packets that wait at joins. */
  get held(): number {
    return this.#all.held;
  }

  open(id: string, call: OpenCall): void {
    this.#calls.set(id, { moving: 0, held: 0, isChanged: false, ...call });
  }

  close(id: string): void {
    this.#calls.delete(id);
  }

  /** Gives a packet that left the network to the calls that it comes from. */
  give(packet: Packet, { causes, traceparent }: Trace): void {
    for (const cause of causes) {
      const call = this.#calls.get(cause);
      call?.packets?.push(copyPacket(packet));
      call?.traceparents?.push(traceparent);
    }
  }

  /** Returns the trace of packets that were made of others. Causes that ended are left out. */
  join(traces: readonly Trace[]): Trace {
    const [only] = traces;
    const isOne = only !== undefined && traces.length === 1;
    const hops = 1 + (isOne ? only.hops : Math.max(0, ...traces.map(trace => trace.hops)));
    const causes = isOne ? only.causes : [...new Set(traces.flatMap(trace => trace.causes))];
    if (isOne && causes.length === 1) return { causes, hops };
    const isOpen = (cause: string) => cause === OUTSIDE || this.#calls.has(cause);
    const open = causes.every(isOpen) ? causes : causes.filter(isOpen);
    return { causes: open.length > 0 ? open : causes, hops };
  }

  move(trace: Trace, packets: number): void {
    this.#change(trace, 'moving', packets);
  }

  hold(trace: Trace, packets: number): void {
    this.#change(trace, 'held', packets);
  }

  /** Ends the calls that have nothing left, and resolves `whenIdle`. Called after a whole change. */
  settle(): void {
    for (const call of this.#changed) {
      call.isChanged = false;
      if (call.moving === call.held) call.end();
    }
    this.#changed.length = 0;
    if (this.isIdle && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async whenIdle(): Promise<void> {
    if (!this.isIdle) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  #change({ causes }: Trace, key: keyof Counts, packets: number): void {
    this.#all[key] += packets;
    for (const cause of causes) {
      const call = this.#calls.get(cause);
      if (!call) continue;
      call[key] += packets;
      if (!call.isChanged) this.#changed.push(call);
      call.isChanged = true;
    }
  }
}
