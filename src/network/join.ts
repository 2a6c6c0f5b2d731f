import { Fifo } from '../values/fifo.ts';
import type { Delivery } from './engine/engine.ts';

/** Puts the packets of a node together for its calls. */
export interface Gate {
  /** Takes a packet. Returns the packets of the next call once they are complete. */
  add(delivery: Delivery): readonly Delivery[] | undefined;
  /** Returns the number of packets that wait for others, by port; if a cause is given, of those that come from it. */
  waiting(cause?: string): { readonly [port: string]: number };
}

/** Makes a call of each packet. */
export const single: Gate = { add: delivery => [delivery], waiting: () => ({}) };

/** Waits for a packet of each port, and makes a call of the first of each. */
export class Join implements Gate {
  readonly #ports: ReadonlyMap<string, Fifo<Delivery>>;
  /** Messages of a dead letter that have come again, until they are all there. */
  readonly #letter: Delivery[] = [];

  constructor(ports: Iterable<string>) {
    this.#ports = new Map([...ports].map(port => [port, new Fifo<Delivery>()]));
  }

  waiting(cause?: string): { [port: string]: number } {
    const counts = [...this.#ports].map(([port, queue]) => {
      const own = [...queue].filter(({ trace }) => cause === undefined || trace.causes.includes(cause));
      return [port, own.length] as const;
    });
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  add(delivery: Delivery): Delivery[] | undefined {
    const { together } = delivery.trace;
    if (together !== undefined) {
      this.#letter.push(delivery);
      return this.#letter.length < together ? undefined : this.#letter.splice(0);
    }
    this.#ports.get(delivery.port)!.push(delivery);
    const queues = [...this.#ports.values()];
    return queues.every(({ size }) => size > 0) ? queues.map(queue => queue.shift()) : undefined;
  }
}
