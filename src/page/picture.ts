/** The end of an edge. */
export interface End {
  readonly node: string;
  readonly port: string;
}

/** A node of a network, or a port of the network itself. */
export interface DrawnNode {
  readonly id: string;
  readonly kind: 'node' | 'inport' | 'outport';
  readonly component: string;
  readonly inports: readonly string[];
  readonly outports: readonly string[];
}

export interface DrawnEdge {
  readonly id: string;
  readonly from: End;
  readonly to: End;
  /** Whether it has only errors, of a node without an edge from its port `error`. */
  readonly isFallback: boolean;
}

/** A port that a person can send messages to: of the network, or of a node that gets an initial packet there. */
export interface Target {
  readonly node?: string | undefined;
  readonly port: string;
}

/** An initial packet of the graph. */
export interface DrawnPacket extends End {
  /** JSON, such as `{"type":"Integer","data":5}`. Empty if it is too long for a page. */
  readonly text: string;
}

/** The parts of a picture that stay. */
export interface Drawing {
  readonly name: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly initial: readonly DrawnPacket[];
  /** Number of nodes and edges that were left out, because the network is too large to be drawn. */
  readonly left: number;
}

/** A node at one moment. Texts are the beginnings of longer ones. */
export interface NodeView {
  readonly id: string;
  readonly steps: number;
  readonly failures: number;
  readonly isBusy: boolean;
  readonly state: string;
  /** Messages that wait at a join, such as `left: 2`. */
  readonly waiting: string;
  /** The latest packet that it processed, and those that it sent then. */
  readonly input: string;
  readonly output: string;
  /** The error of the latest step. Empty if that step did not fail. */
  readonly error: string;
}

/** An edge at one moment. */
export interface EdgeView {
  readonly id: string;
  /** Packets that it got so far. */
  readonly sent: number;
  /** Packets and bytes that wait. */
  readonly packets: number;
  readonly bytes: number;
}

export interface ErrorView {
  /** ms since 1970. */
  readonly atMs: number;
  readonly node: string;
  readonly text: string;
}

/** A change of a picture. The first one has a drawing, and all that the picture shows. */
export interface Frame {
  readonly drawing?: Drawing;
  readonly phase: string;
  readonly isPaused: boolean;
  readonly nodes: readonly NodeView[];
  readonly edges: readonly EdgeView[];
  readonly errors: readonly ErrorView[];
}

/** All that a page shows. */
export interface Picture {
  readonly drawing: Drawing | undefined;
  readonly phase: string;
  readonly isPaused: boolean;
  /** Whether the network tells its changes. */
  readonly isLive: boolean;
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly edges: ReadonlyMap<string, EdgeView>;
  /** The latest ones, the latest first. */
  readonly errors: readonly ErrorView[];
}

/** The beginning of the id of a port into the network. */
export const INPORT = '> ';

/** Errors that a picture keeps. */
export const MOST_ERRORS = 20;

export const EMPTY: Picture = {
  drawing: undefined,
  phase: 'unknown',
  isPaused: false,
  isLive: false,
  nodes: new Map(),
  edges: new Map(),
  errors: [],
};

/** Returns the picture after a frame, or after the connection to the network is lost. */
export function reduce(before: Picture, change: Frame | 'lost'): Picture {
  if (change === 'lost') return { ...before, isLive: false };
  const { drawing, phase, isPaused, nodes, edges, errors } = change;
  const base = drawing ? EMPTY : before;
  return {
    drawing: drawing ?? base.drawing,
    phase,
    isPaused,
    isLive: true,
    nodes: withAll(base.nodes, nodes),
    edges: withAll(base.edges, edges),
    errors: [...errors, ...base.errors].slice(0, MOST_ERRORS),
  };
}

function withAll<T extends { readonly id: string }>(
  before: ReadonlyMap<string, T>,
  changed: readonly T[],
): ReadonlyMap<string, T> {
  return changed.length === 0
    ? before
    : new Map([...before, ...changed.map(item => [item.id, item] as const)]);
}

/** Returns the names of the ports into the network. */
export const inportsOf = ({ nodes }: Drawing): string[] =>
  nodes.flatMap(({ id, kind }) => (kind === 'inport' ? [id.slice(INPORT.length)] : []));

/** Says in one word whether a node works. */
export const activityOf = ({ isPaused, phase }: Picture, { isBusy, error }: NodeView): string => {
  if (isBusy) return 'runs';
  if (error !== '') return 'failed';
  if (phase === 'stopped') return 'ended';
  return isPaused ? 'paused' : 'idle';
};
