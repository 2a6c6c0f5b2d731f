import type { Delivery } from './engine/engine.ts';
import type { Hop } from './events.ts';
import type { Outcome } from './node-worker.ts';
import { nextTraceparent } from './traceparent.ts';

/** The hop of a packet through a node, while it lasts. */
export class Tracing {
  /** Names the hop. */
  readonly traceparent: string;
  readonly #parents: readonly string[];
  readonly #startMs = Date.now();
  readonly #begin = performance.now();

  private constructor(parents: readonly string[]) {
    this.#parents = parents;
    this.traceparent = nextTraceparent(parents[0]);
  }

  /** Returns undefined for a packet without a trace, when nobody listens. */
  static begin(read: readonly Delivery[], isHeard: boolean): Tracing | undefined {
    if (!isHeard && read.every(({ trace }) => trace.traceparent === undefined)) return undefined;
    return new Tracing([...new Set(read.flatMap(({ trace }) => trace.traceparent ?? []))]);
  }

  end(read: Hop['read'], { packets, error }: Outcome): Hop {
    return {
      read,
      packets: packets.length,
      code: error?.code ?? null,
      traceparent: this.traceparent,
      parents: this.#parents,
      startMs: this.#startMs,
      durationMs: performance.now() - this.#begin,
    };
  }
}
