/** A limit of networks, and the reason for its value. */
export interface NetworkLimit {
  readonly name: string;
  readonly default: number;
  readonly unit: 'nodes' | 'connections' | 'packets' | 'bytes' | 'attempts';
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
    name: 'connections and initial packets of a network; also subgraphs, ports that they expose and members of groups',
    default: 100_000,
    unit: 'connections',
    option: null,
    why: 'As for nodes: a small file could fill the memory.',
  },
  edgePackets: {
    name: 'packets that an edge holds before its sender waits',
    default: 1024,
    unit: 'packets',
    option: 'capacity',
    why: 'As for the inports of one actor. `metadata.capacity` of a connection has priority.',
  },
  edgeBytes: {
    name: 'bytes of packets that an edge holds before its sender waits',
    default: 4_194_304,
    unit: 'bytes',
    option: 'capacityBytes',
    why: 'A thousand packets may have 64 MiB each. An edge that has room takes all packets of a step, so that it may hold one step more.',
  },
  cyclePackets: {
    name: 'packets that an edge holds whose sender may not wait, since it could wait for itself',
    default: 10_000,
    unit: 'packets',
    option: 'cycleCapacity',
    why: 'A cycle in which each packet makes two would fill the memory.',
  },
  cycleBytes: {
    name: 'bytes of packets that such an edge holds',
    default: 16_777_216,
    unit: 'bytes',
    option: 'cycleCapacityBytes',
    why: 'As for packets.',
  },
  attempts: {
    name: 'times that a step is begun again after a process has died during it, with a `NatsEngine` or in a Durable Object',
    default: 5,
    unit: 'attempts',
    option: null,
    why: 'A packet that ends the process would stop the network for ever. A machine that dies for other reasons seldom does so five times at one step.',
  },
  outboxPackets: {
    name: 'packets that wait in a Durable Object for one target before the network waits',
    default: 100_000,
    unit: 'packets',
    option: null,
    why: 'Another object may be away for long. About 256 MiB are a bound too.',
  },
  leavingBytes: {
    name: 'bytes of JSON of a message that leaves a Durable Object',
    default: 2_000_000,
    unit: 'bytes',
    option: null,
    why: 'Cloudflare keeps 2 MB in one value. More is STEP_TOO_LARGE.',
  },
  rememberedIds: {
    name: 'ids of packets that a port of a network remembers, to drop a packet that is sent again',
    default: 10_000,
    unit: 'packets',
    option: null,
    why: 'A sender that starts again sends at most the packets again that were not acknowledged.',
  },
  deadLetters: {
    name: 'dead letters that a network keeps, the latest ones',
    default: 1000,
    unit: 'packets',
    option: null,
    why: 'Each holds its packet.',
  },
  deadRecordings: {
    name: 'bytes of the recordings of dead letters; older letters lose theirs',
    default: 67_108_864,
    unit: 'bytes',
    option: null,
    why: 'Each has a module in it, unless the recorder has `modules: false`.',
  },
} as const satisfies Record<string, NetworkLimit>;
