import { nearest } from '../../../wasi/options.ts';
import { describe } from '../../actor/errors.ts';
import { getOwn, type JsonObject } from '../../actor/json/value.ts';
import { type Path, refuse } from '../errors.ts';
import { count, quoted } from '../graph/fields.ts';
import { type Connection, type End, type Graph, portOf } from '../graph/graph.ts';
import type { Draft, Ports, Side, Spot } from './draft.ts';
import { AWAIT_ALL, portKey } from './plan.ts';

/** A component, as far as the plan needs it. */
export type PlanComponent = { readonly graph: Graph } | { readonly ports: Ports };

/** A graph whose nodes are in the draft. */
export interface Level {
  readonly graph: Graph;
  /** The ids of its nodes, and of the nodes of its subgraphs. */
  readonly nodes: readonly string[];
  /** Its exposed ports, by the key of their names. */
  readonly inports: ReadonlyMap<string, Exposed>;
  readonly outports: ReadonlyMap<string, Exposed>;
  readonly inner: readonly Level[];
  /** Finds a port of one of its processes. */
  find(id: string, port: string, side: Side, at: Path, end?: End): Spot;
}
export interface Exposed {
  readonly name: string;
  readonly spot: Spot;
}

const aCapacity = count(1, 'packets');

/**
 * Puts the nodes and edges of a graph into the draft, with those of its subgraphs in their place.
 * @param prefix of the ids of its nodes: empty, or the path of the graph with a slash
 * @param inside components of the subgraphs around it
 * @throws {NetworkError} INVALID_GRAPH, GRAPH_TOO_LARGE
 */
export function expand(
  draft: Draft,
  graph: Graph,
  components: ReadonlyMap<string, PlanComponent>,
  prefix = '',
  inside: readonly string[] = [],
): Level {
  const { caseSensitive } = graph;
  const levels = new Map<string, Level>();
  const nodes: string[] = [];
  for (const [id, { component, metadata, id: own, at }] of graph.processes) {
    if (id === '') refuse(at, 'expected a name for the process');
    if (own !== null && own !== id)
      draft.warn([...at, 'id'], `the process is known by its key ${quoted(id)}, not as ${quoted(own)}`);
    const known = components.get(component);
    const isGraph = known && 'graph' in known;
    warnOfMetadata(draft, metadata, isGraph, [...at, 'metadata']);
    if (isGraph) {
      if (inside.includes(component))
        refuse([...at, 'component'], `a graph contains itself: ${[...inside, component].join(' > ')}`);
      // Its path grows with each graph around it. This bounds the depth, too.
      draft.addParts(inside.length + 1, at);
      const level = expand(draft, known.graph, components, `${prefix}${id}/`, [...inside, component]);
      draft.addParts(level.inports.size + level.outports.size, at);
      warnOfExternal(draft, known.graph);
      levels.set(id, level);
      nodes.push(...level.nodes);
    } else {
      const node = `${prefix}${id}`;
      draft.addNode(node, { component, metadata, caseSensitive, ports: known?.ports }, at);
      nodes.push(node);
    }
  }

  const find: Level['find'] = (id, port, side, at, end) => {
    if (!graph.processes.has(id)) refuse(at, noProcess(graph, id));
    const type = end?.portType ?? ({ type: 'any' } as const);
    const level = levels.get(id);
    if (!level) return draft.spot(`${prefix}${id}`, port, side, type, at);
    const exposed = level[side].get(portKey(port, level.graph.caseSensitive));
    if (exposed) return type.type === 'any' ? exposed.spot : { ...exposed.spot, type };
    const names = [...level[side].values()].map(({ name }) => name);
    return refuse(
      at,
      `the subgraph ${quoted(id)} exposes no ${side.slice(0, -1)} ${quoted(port)}; ${has(names)}`,
    );
  };
  const findEnd = (end: End, side: Side) => find(end.nodeId, portOf(end), side, end.at, end);

  for (const connection of graph.connections) connect(draft, connection, findEnd);
  const expose = (side: Side) => {
    const ports = new Map<string, Exposed>();
    for (const [name, end] of graph[side]) {
      if (name === '') refuse(end.at, 'expected a name for the port');
      const key = portKey(name, caseSensitive);
      const other = ports.get(key);
      if (other)
        refuse(end.at, `the port ${quoted(other.name)} has this name too, since case does not count`);
      ports.set(key, { name, spot: findEnd(end, side) });
    }
    return ports;
  };
  const exposed = { inports: expose('inports'), outports: expose('outports') };
  addGroups(draft, graph, prefix, levels);
  checkInterfaces(graph, find);
  return { graph, nodes, ...exposed, inner: [...levels.values()], find };
}

/** Metadata with an effect on nodes, which subgraphs do not pass on. */
const OF_NODES = [...AWAIT_ALL, 'timeout_ms', 'memory_limit_mb'];

function warnOfMetadata(draft: Draft, metadata: JsonObject, isGraph: boolean | undefined, at: Path): void {
  for (const key of isGraph ? OF_NODES : AWAIT_ALL) {
    const value = getOwn(metadata, key) ?? null;
    if (value === null) continue;
    if (isGraph) draft.warn([...at, key], 'not read for a subgraph; give it to the nodes of the subgraph');
    else if (typeof value !== 'boolean')
      draft.warn([...at, key], `not read: expected true or false, got ${describe(value)}`);
  }
}

/** Connections to other graphs are read in a workspace only. */
export function warnOfExternal(draft: Draft, { externalConnections }: Graph): void {
  for (const { targetGraph, at } of externalConnections)
    draft.warn(at, `not connected: the graph ${targetGraph} is not given`);
}

function connect(
  draft: Draft,
  { from, to, data, metadata, at }: Connection,
  find: (end: End, side: Side) => Spot,
): void {
  const target = find(to, 'inports');
  // The `from` of an initial packet is empty, and upstream does not read it.
  if (data !== null) {
    draft.addInitial(target, data, at);
    return;
  }
  if (!from) refuse(at, 'expected from, or for an initial packet data other than null');
  for (const end of [from, to])
    if (end.data !== null)
      draft.warn([...end.at, 'data'], 'not read; the data of an initial packet stands in the connection');
  const capacity = Object.hasOwn(metadata, 'capacity')
    ? aCapacity(metadata.capacity!, [...at, 'metadata', 'capacity'])
    : null;
  draft.addEdge(find(from, 'outports'), target, at, capacity);
}

function addGroups(draft: Draft, graph: Graph, prefix: string, levels: ReadonlyMap<string, Level>): void {
  const ids = new Set<string>();
  for (const { id, nodes, at } of graph.groups) {
    if (ids.has(id)) refuse(at, `there is another group ${quoted(id)}`);
    ids.add(id);
    const unknown = nodes.find(node => !graph.processes.has(node));
    if (unknown !== undefined) refuse([...at, 'nodes'], noProcess(graph, unknown));
    for (const node of nodes) draft.addParts(levels.get(node)?.nodes.length ?? 1, at);
    const members = nodes.flatMap(node => levels.get(node)?.nodes ?? [`${prefix}${node}`]);
    draft.groups.push({ id: `${prefix}${id}`, nodes: members });
  }
}

function checkInterfaces(graph: Graph, find: Level['find']): void {
  const sides = [
    [graph.providedInterfaces, 'outports'],
    [graph.requiredInterfaces, 'inports'],
  ] as const;
  for (const [interfaces, side] of sides) {
    for (const { processName, portName, at } of interfaces.values()) find(processName, portName, side, at);
  }
}

export function noProcess(graph: Graph, id: string): string {
  const names = [...graph.processes.keys()];
  const meant = nearest(id, names);
  const help = meant ? `did you mean ${quoted(meant)}?` : has(names);
  return `there is no process ${quoted(id)} in the graph ${quoted(graph.name)}; ${help}`;
}

const MOST_NAMES = 20;
const has = (names: readonly string[]) =>
  names.length === 0
    ? 'there are none'
    : `there are ${names.slice(0, MOST_NAMES).map(quoted).join(', ')}${names.length > MOST_NAMES ? ' and more' : ''}`;
