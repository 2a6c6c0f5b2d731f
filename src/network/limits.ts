/** A limit of networks, and the reason for its value. */
export interface NetworkLimit {
  readonly name: string;
  readonly default: number;
  readonly unit: 'nodes' | 'connections' | 'packets' | 'bytes';
  /** The option that changes it, if any. */
  readonly option: string | null;
  readonly why: string;
}

/** Limits of networks. docs/LIMITS.md is printed from these rows. */
export const NETWORK_LIMITS = {
  nodes: {
    name: 'nodes of a network, those of its subgraphs included',
    default: 10_000,
    unit: 'nodes',
    option: null,
    why: 'Ten levels of subgraphs with ten nodes each would be 10^10 nodes.',
  },
  edges: {
    name: 'connections and initial packets of a network, those of its subgraphs included',
    default: 100_000,
    unit: 'connections',
    option: null,
    why: 'As for nodes: a small file could ask for more than the memory holds.',
  },
} as const satisfies Record<string, NetworkLimit>;
