import type { JsonObject } from '../actor/json/value.ts';
import type { Packet } from '../actor/message/message.ts';
import { snapshotOf } from '../actor/state/state-store.ts';
import type { Depth } from './engine/network-engine.ts';
import type { NetworkPhase } from './events.ts';
import type { NodeRunner } from './node-runner.ts';

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

/** The nodes and edges of one moment, which may change. */
export interface Look {
  readonly nodes: readonly ReturnType<NodeRunner['look']>[];
  readonly edges: readonly Depth[];
}

/** Returns a copy. */
export function snapshotNetwork(phase: NetworkPhase, { nodes, edges }: Look): NetworkSnapshot {
  const depths = edges.map(({ source, packets, bytes }) => [source, { packets, bytes }] as const);
  const copies = nodes.map(({ id, state, ...node }) => [id, { ...node, state: snapshotOf(state) }] as const);
  return { phase, nodes: Object.fromEntries(copies), edges: Object.fromEntries(depths) };
}
