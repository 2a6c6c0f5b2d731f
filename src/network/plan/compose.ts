import { type Path, refuse } from '../errors.ts';
import { quoted } from '../graph/fields.ts';
import type { External, Graph, Interface } from '../graph/graph.ts';
import type { Draft, Spot } from './draft.ts';
import { type Level, noProcess } from './expand.ts';

/**
 * Returns the path of each graph of a workspace, which its nodes and ports have before their names: its namespace, and its name
 * too where several graphs share the namespace. Does not depend on the order of the graphs, unlike upstream.
 * @throws {NetworkError} INVALID_GRAPH for two graphs of one path
 */
export function pathsOf(graphs: readonly Graph[]): string[] {
  const namespaces = graphs.map(({ namespace, name }) => namespace ?? name);
  const isShared = (namespace: string) => namespaces.filter(other => other === namespace).length > 1;
  const paths = graphs.map(({ name }, index) => {
    const namespace = namespaces[index]!;
    return isShared(namespace) ? `${namespace}/${name}` : namespace;
  });
  for (const [index, path] of paths.entries()) {
    if (paths.indexOf(path) !== index) refuse(graphs[index]!.at, `there is another graph ${quoted(path)}`);
  }
  return paths;
}

/**
 * Adds the connections between the graphs of a workspace, and checks the needs of each graph.
 * @throws {NetworkError} INVALID_GRAPH
 */
export function connectLevels(draft: Draft, levels: readonly Level[]): void {
  for (const level of levels) {
    for (const { graphName, namespace, required, at } of level.graph.graphDependencies) {
      if (required && !levels.some(({ graph }) => isNamed(graph, graphName, namespace)))
        refuse(at, `the graph needs ${quoted(graphName)}, which is not given`);
    }
    for (const external of level.graph.externalConnections) connect(draft, level, external, levels);
  }
  for (const { graph, find } of levels) {
    for (const [, { required, processName, portName, at }] of graph.requiredInterfaces) {
      if (!required) continue;
      const { node, port } = find(processName, portName, 'inports', at);
      if (!draft.hasEdgeTo({ node, port })) draft.warn(at, 'required, but no connection leads there');
    }
  }
}

/** A file may describe a connection from its own graph, or one to it: `fromProcess` tells in which graph it begins. */
function connect(draft: Draft, level: Level, external: External, levels: readonly Level[]): void {
  const { targetGraph, targetNamespace, fromProcess, fromPort, toProcess, toPort, at } = external;
  const target = levels.find(({ graph }) => isNamed(graph, targetGraph, targetNamespace));
  if (!target) refuse(at, `the graph ${quoted(targetGraph)} is not given`);
  const has = ({ graph }: Level, id: string) => graph.processes.has(id);
  const isIncoming = !has(level, fromProcess) && has(target, fromProcess) && has(level, toProcess);
  const [source, sink] = isIncoming ? [target, level] : [level, target];
  const ends = [
    [source, fromProcess, 'fromProcess'],
    [sink, toProcess, 'toProcess'],
  ] as const;
  for (const [end, id, key] of ends) if (!has(end, id)) refuse([...at, key], noProcess(end.graph, id));
  const from = source.find(fromProcess, fromPort, 'outports', at);
  const to = sink.find(toProcess, toPort, 'inports', at);
  checkDataTypes(draft, source, from, sink, to, at);
  // Both graphs may describe the connection.
  if (!draft.hasEdge(from, to)) draft.addEdge(from, to, at, null);
}

function checkDataTypes(draft: Draft, source: Level, from: Spot, sink: Level, to: Spot, at: Path): void {
  const typeAt = (interfaces: ReadonlyMap<string, Interface>, isAt: (own: Interface) => boolean) =>
    [...interfaces.values()].find(isAt)?.dataType ?? null;
  const isSame = (level: Level, spot: Spot, side: 'inports' | 'outports') => (own: Interface) => {
    const { node, port } = level.find(own.processName, own.portName, side, own.at);
    return node === spot.node && port === spot.port;
  };
  const sent = typeAt(source.graph.providedInterfaces, isSame(source, from, 'outports'));
  const taken = typeAt(sink.graph.requiredInterfaces, isSame(sink, to, 'inports'));
  if (sent !== null && taken !== null && sent !== taken)
    draft.warn(at, `data of type ${quoted(sent)} go to an interface for ${quoted(taken)}`);
}

const isNamed = (graph: Graph, name: string, namespace: string | null) =>
  graph.name === name && (namespace === null || graph.namespace === namespace);
