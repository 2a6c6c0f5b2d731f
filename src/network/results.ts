import type { JsonObject } from '../actor/json/value.ts';
import type { Packet } from '../actor/message/message.ts';
import type { NetworkPhase } from './events.ts';

/** The outcome of `call`. */
export interface CallResult {
  /** The packets that came out, each with one message under the name of its port, in order. */
  readonly packets: readonly Packet[];
  /** The W3C headers of the hops that sent the packets, in the same order. */
  readonly traceparents: readonly (string | undefined)[];
  /** Messages that the call caused, and that wait at joins for messages of other ports: node → port → number. */
  readonly waiting: { readonly [node: string]: { readonly [port: string]: number } };
}

/** The network at one moment. */
export interface NetworkSnapshot {
  readonly phase: NetworkPhase;
  readonly nodes: {
    readonly [node: string]: {
      readonly steps: number;
      readonly failures: number;
      readonly isBusy: boolean;
      readonly state: JsonObject;
      readonly waiting: { readonly [port: string]: number };
    };
  };
  readonly edges: { readonly [edge: string]: { readonly packets: number; readonly bytes: number } };
}
