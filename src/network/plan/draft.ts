import { nearest } from '../../../wasi/options.ts';
import type { PluginMetadata, PortDefinition } from '../../actor/engine/metadata.ts';
import { formatPath, type JsonObject } from '../../actor/json/value.ts';
import { withCommas } from '../../units.ts';
import { NetworkError, type Path, refuse } from '../errors.ts';
import { quoted } from '../graph/fields.ts';
import { fits, formatType, type PortType, typeNamed } from '../graph/port-type.ts';
import { NETWORK_LIMITS } from '../limits.ts';
import { findCycles, Links } from './cycles.ts';
import {
  ERROR_PORT,
  type ExposedPort,
  type InitialPacket,
  type Plan,
  type PlanEdge,
  type PlanGroup,
  type PlanNode,
  type PlanPort,
  type PlanWarning,
  portKey,
} from './plan.ts';

/** The ports of a component, as its metadata has them. An empty list: the ports are not known. */
export type Ports = Pick<PluginMetadata, 'inports' | 'outports'>;

export type Side = 'inports' | 'outports';

type DraftNode = Omit<PlanNode, 'cycle'> & { readonly ports: Ports | undefined; readonly at: Path };
type DraftEdge = Omit<PlanEdge, 'isInCycle'> & { readonly at: Path };

/** An end of an edge, found in its graph. */
export interface Spot extends PlanPort {
  readonly type: PortType;
}

/** Collects the parts of a plan from graphs and their subgraphs. Counts them, and refuses doubles and unknown ports. */
export class Draft {
  readonly nodes = new Map<string, DraftNode>();
  readonly #edges = new Map<string, DraftEdge>();
  /** Node → the edges that begin there. */
  readonly #edgesFrom = new Map<string, DraftEdge[]>();
  readonly #initial: InitialPacket[] = [];
  readonly groups: PlanGroup[] = [];
  readonly #warnings: PlanWarning[] = [];
  /** The spelling of each port that was named first. */
  readonly #spellings = new Map<string, string>();
  readonly #portsOf: (node: string) => Ports | undefined;
  #count = 0;
  /** Number of subgraphs and the like, which make neither nodes nor edges. */
  #parts = 0;

  /** @param portsOf returns the ports of a node whose component has no metadata */
  constructor(portsOf: (node: string) => Ports | undefined = () => undefined) {
    this.#portsOf = portsOf;
  }

  /** @throws {NetworkError} INVALID_GRAPH, GRAPH_TOO_LARGE */
  addNode(
    id: string,
    node: { component: string; metadata: JsonObject; caseSensitive: boolean; ports: Ports | undefined },
    at: Path,
  ): void {
    if (this.nodes.has(id)) refuse(at, `there is another node ${quoted(id)}`);
    checkRoom('nodes', this.nodes.size + 1, at);
    this.nodes.set(id, { id, ...node, ports: node.ports ?? this.#portsOf(id), at });
    this.#edgesFrom.set(id, []);
  }

  /**
   * Returns a port of a node in the spelling of its component, else in the one that was met first.
   * @throws {NetworkError} INVALID_GRAPH for a port that the component does not have
   */
  spot(node: string, port: string, side: Side, type: PortType, at: Path): Spot {
    const { ports, caseSensitive, component } = this.nodes.get(node)!;
    const key = portKey(port, caseSensitive);
    const known = ports?.[side] ?? [];
    if (known.length > 0) {
      // A port of an array port, such as `in[2]`, has the name and type of `in`.
      const [, base = key, index = ''] = /^(.*?)(\[\d+\])?$/s.exec(key)!;
      const definition = known.find(({ name }) => portKey(name, caseSensitive) === base);
      if (definition) {
        const own = type.type === 'any' ? typeNamed(definition.port_type) : type;
        this.#checkType(own, definition, side, at);
        return { node, port: definition.name + index, type: own };
      }
      if (side === 'inports' || key !== ERROR_PORT) refuseUnknownPort(port, component, side, known, at);
    }
    const place = JSON.stringify([node, side, key]);
    const spelled = this.#spellings.get(place) ?? port;
    this.#spellings.set(place, spelled);
    return { node, port: spelled, type };
  }

  /** @throws {NetworkError} INVALID_GRAPH, GRAPH_TOO_LARGE */
  addEdge(from: Spot, to: Spot, at: Path, capacity: number | null, isFallback = false): void {
    checkRoom('edges', ++this.#count, at);
    const id = idOf(from, to);
    if (this.#edges.has(id)) {
      if (isFallback) return;
      refuse(at, `there is another connection ${quoted(id)}, so each packet would come twice`);
    }
    if (!fits(from.type, to.type)) {
      const [sent, taken] = [from, to].map(({ type }) => formatType(type));
      this.warn(at, `${id}: messages of type ${sent} go to a port for ${taken}`);
    }
    const edge = { id, from: portOf(from), to: portOf(to), capacity, isFallback, at };
    this.#edges.set(id, edge);
    this.#edgesFrom.get(from.node)!.push(edge);
  }

  hasEdge(from: Spot, to: Spot): boolean {
    return this.#edges.has(idOf(from, to));
  }

  hasEdgeTo({ node, port }: PlanPort): boolean {
    return [...this.#edges.values()].some(({ to }) => to.node === node && to.port === port);
  }

  /** Whether a port is the one at which its node sends errors. */
  isErrorPort({ node, port }: PlanPort): boolean {
    return portKey(port, this.nodes.get(node)!.caseSensitive) === ERROR_PORT;
  }

  addInitial(to: Spot, data: InitialPacket['data'], at: Path): void {
    checkRoom('edges', ++this.#count, at);
    this.#initial.push({ to: portOf(to), data });
  }

  /** Counts subgraphs, exposed ports and members of groups: a small file may name one subgraph often. @throws {NetworkError} GRAPH_TOO_LARGE */
  addParts(count: number, at: Path): void {
    this.#parts += count;
    checkRoom('edges', this.#parts, at, 'subgraphs, ports that they expose and members of groups');
  }

  warn(at: Path, message: string): void {
    this.#warnings.push({ path: formatPath(at), message });
  }

  /** Returns the nodes and their successors. */
  links(): Links {
    const links = new Links(this.nodes.keys());
    for (const { from, to } of this.#edges.values()) links.add(from.node, to.node);
    return links;
  }

  edgesFrom(node: string): readonly DraftEdge[] {
    return this.#edgesFrom.get(node)!;
  }

  finish(name: string, inports: readonly ExposedPort[], outports: readonly ExposedPort[]): Plan {
    this.#warnOfIdleNodes(inports);
    const cycles = findCycles(this.links().graph);
    const cycleOf = new Map(cycles.flatMap((nodes, cycle) => nodes.map(node => [node, cycle] as const)));
    const cycle = (node: string) => cycleOf.get(node) ?? null;
    return {
      name,
      nodes: [...this.nodes.values()].map(({ ports: _ports, at: _at, ...node }) => ({
        ...node,
        cycle: cycle(node.id),
      })),
      edges: [...this.#edges.values()].map(({ at, ...edge }) => {
        const isInCycle = cycle(edge.from.node) !== null && cycle(edge.from.node) === cycle(edge.to.node);
        if (isInCycle && edge.capacity !== null)
          this.warn([...at, 'metadata', 'capacity'], 'not read inside a cycle, where no sender waits');
        return { ...edge, isInCycle };
      }),
      initial: this.#initial,
      inports,
      outports,
      groups: this.groups,
      cycles,
      warnings: this.#warnings,
    };
  }

  /** A node runs when it gets a packet, also one that makes packets by itself. A graph without entrances is a part of another. */
  #warnOfIdleNodes(inports: readonly ExposedPort[]): void {
    const reached = new Set([...inports.map(({ node }) => node), ...this.#initial.map(({ to }) => to.node)]);
    if (reached.size === 0) return;
    // A set gives also the values that are added while it is read.
    for (const node of reached) for (const { to } of this.#edgesFrom.get(node)!) reached.add(to.node);
    for (const { id, at } of this.nodes.values())
      if (!reached.has(id))
        this.warn(
          at,
          'no packet can reach it, so it never runs; give it an initial packet or an exposed port',
        );
  }

  #checkType(type: PortType, { name, port_type }: PortDefinition, side: Side, at: Path): void {
    const declared = typeNamed(port_type);
    const isRight = side === 'inports' ? fits(type, declared) : fits(declared, type);
    if (isRight) return;
    this.warn(
      at,
      `port ${quoted(name)} is ${formatType(type)} here, and ${formatType(declared)} by its plugin`,
    );
  }
}

const portOf = ({ node, port }: PlanPort): PlanPort => ({ node, port });

/** Returns the id of an edge. A dot in the id of a node is escaped, so that no two edges have one id. */
const idOf = (from: PlanPort, to: PlanPort): string =>
  [from, to].map(({ node, port }) => `${escaped(node)}.${escaped(port)}`).join(' -> ');

const escaped = (name: string) => name.replace(/[%. ]/g, char => `%${char.charCodeAt(0).toString(16)}`);

function checkRoom(limit: 'nodes' | 'edges', count: number, at: Path, things?: string): void {
  const { default: most, unit } = NETWORK_LIMITS[limit];
  if (count <= most) return;
  const problem = `expected at most ${withCommas(most)} ${things ?? unit}, got more`;
  throw new NetworkError('GRAPH_TOO_LARGE', `${formatPath(at)}: ${problem}`);
}

function refuseUnknownPort(
  port: string,
  component: string,
  side: Side,
  known: readonly PortDefinition[],
  at: Path,
): never {
  const names = known.map(({ name }) => name);
  const meant = nearest(port, names);
  const help = meant ? `did you mean ${quoted(meant)}?` : `it has ${names.map(quoted).join(', ')}`;
  return refuse(at, `component ${quoted(component)} has no ${side.slice(0, -1)} ${quoted(port)}; ${help}`);
}
