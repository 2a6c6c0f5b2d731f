import type { JsonObject, JsonValue } from '../../actor/json/value.ts';
import type { PortType } from '../graph/port-type.ts';

/** A port of a node. */
export interface PlanPort {
  readonly node: string;
  readonly port: string;
}

export interface PlanNode {
  /** The id in its graph; in a subgraph `outer/inner`; in a workspace `namespace/node`. */
  readonly id: string;
  readonly component: string;
  readonly metadata: JsonObject;
  /** Whether `Out` and `out` are two ports. */
  readonly caseSensitive: boolean;
  /** Index of the cycle of `cycles` that the node is in; null if it is in none. */
  readonly cycle: number | null;
}

/** The way of packets from a port to a port. */
export interface PlanEdge {
  /** Stays the same while the ends of the edge do. */
  readonly id: string;
  readonly from: PlanPort;
  readonly to: PlanPort;
  /** Packets that the edge holds before its sender waits; null for the default of the network. */
  readonly capacity: number | null;
  /** Whether the edge is inside a cycle. Its sender never waits: it could wait for itself. */
  readonly isInCycle: boolean;
  /** Whether the edge has only errors, of a node that has no edge from its port `error`. */
  readonly isFallback: boolean;
}

/** A packet that the network sends once, before all others. */
export interface InitialPacket {
  readonly to: PlanPort;
  /** Plain JSON, as the file has it. */
  readonly data: JsonValue;
}

/** A port of the network itself. Several rows may have one name. */
export interface ExposedPort extends PlanPort {
  readonly name: string;
  readonly type: PortType;
  readonly isFallback: boolean;
}

export interface PlanGroup {
  readonly id: string;
  readonly nodes: readonly string[];
}

/** A part of a graph that can run, although it may not do as its author wants. */
export interface PlanWarning {
  /** Where it stands, such as `graph.connections[3]`. */
  readonly path: string;
  readonly message: string;
}

/** A graph that was checked, with its subgraphs in place. Plain data, which JSON can hold. */
export interface Plan {
  readonly name: string;
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
  readonly initial: readonly InitialPacket[];
  readonly inports: readonly ExposedPort[];
  readonly outports: readonly ExposedPort[];
  readonly groups: readonly PlanGroup[];
  /** The nodes of each cycle: each can be reached from each other. */
  readonly cycles: readonly (readonly string[])[];
  readonly warnings: readonly PlanWarning[];
}

/** The port at which a node sends its errors. Each node has it. */
export const ERROR_PORT = 'error';

/** The metadata of a node whose calls wait for a message of each connected port. */
export const AWAIT_ALL = ['await_all_inports', 'awaitAllInports'];

/** The ports of nodes that packets come to. */
export const endsOf = ({ edges, initial, inports }: Plan): PlanPort[] => [
  ...edges.map(({ to }) => to),
  ...initial.map(({ to }) => to),
  ...inports,
];

/** Returns the form in which port names are compared. */
export const portKey = (port: string, caseSensitive: boolean): string =>
  caseSensitive ? port : port.toLowerCase();
