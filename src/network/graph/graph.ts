import { isUint8Array } from '../../../wasi/brands.ts';
import { readForeign } from '../../actor/errors.ts';
import { readWith } from '../../actor/json/reader.ts';
import type { JsonObject, JsonValue } from '../../actor/json/value.ts';
import { copyJson } from '../../actor/json/writer.ts';
import { type Path, refuse } from '../errors.ts';
import {
  aName,
  anObject,
  anything,
  count,
  flag,
  list,
  object,
  optional,
  type Reader,
  record,
  repeatedKeys,
  required,
  text,
} from './fields.ts';
import { ANY, aPortType } from './port-type.ts';

/** A graph as users give it: Reflow's JSON, as text, as UTF-8, or as the object that it is read to. */
export type GraphInput = string | Uint8Array | object;

const noObject = (): JsonObject => ({});
const nothing = () => null;
const orNull = <T>(read: Reader<T>) => optional<T | null>(read, nothing);

const aProcess = object('a process', {
  id: orNull(text),
  component: required(aName),
  metadata: optional(anObject, noObject),
  // Keys of upstream that say how a component is made; the one who runs the graph decides that.
  scriptRuntime: orNull(anything),
  componentSpec: orNull(anObject),
});

/** One end of a connection, or a port that a graph exposes. */
const anEnd = object('a port of a node', {
  nodeId: optional(text, () => ''),
  portId: optional(text, () => ''),
  portName: optional(text, () => ''),
  index: orNull(count(0, 'ports')),
  expose: optional(flag, () => false),
  data: orNull(anything),
  metadata: optional(anObject, noObject),
  portType: optional(aPortType, () => ANY),
});
export type End = ReturnType<typeof anEnd>;

const aConnection = object('a connection', {
  from: orNull(anEnd),
  to: required(anEnd),
  metadata: optional(anObject, noObject),
  /** Set for an initial packet. */
  data: orNull(anything),
});
export type Connection = ReturnType<typeof aConnection>;

const aGroup = object('a group', {
  id: required(aName),
  nodes: optional(list(text), () => []),
  metadata: orNull(anObject),
});

const aDependency = object('a dependency', {
  graphName: required(aName),
  namespace: orNull(text),
  versionConstraint: orNull(text),
  required: optional(flag, () => false),
  description: orNull(text),
});

const anExternal = object('a connection to another graph', {
  connectionId: orNull(text),
  targetGraph: required(aName),
  targetNamespace: orNull(text),
  fromProcess: required(aName),
  fromPort: required(aName),
  toProcess: required(aName),
  toPort: required(aName),
  description: orNull(text),
  metadata: optional(anObject, noObject),
});
export type External = ReturnType<typeof anExternal>;

const anInterface = object('an interface', {
  interfaceId: orNull(text),
  processName: required(aName),
  portName: required(aName),
  dataType: orNull(text),
  description: orNull(text),
  required: optional(flag, () => false),
  metadata: orNull(anObject),
});
export type Interface = ReturnType<typeof anInterface>;

const records = <T>(read: Reader<T>) => optional<ReadonlyMap<string, T>>(record(read), () => new Map());

const aGraph = object('a graph', {
  caseSensitive: optional(flag, () => false),
  properties: optional(anObject, noObject),
  processes: records(aProcess),
  connections: optional(list(aConnection), () => []),
  inports: records(anEnd),
  outports: records(anEnd),
  groups: optional(list(aGroup), () => []),
  graphDependencies: optional(list(aDependency), () => []),
  externalConnections: optional(list(anExternal), () => []),
  providedInterfaces: records(anInterface),
  requiredInterfaces: records(anInterface),
  // Upstream adds its findings about a workspace.
  workspaceMetadata: orNull(anything),
});

/** A graph file whose form was checked. Whether its parts fit together is checked by the plan. */
export type Graph = ReturnType<typeof aGraph> & { readonly name: string; readonly namespace: string | null };

/**
 * Reads a graph file.
 * @param at names the graph in messages
 * @throws {NetworkError} INVALID_GRAPH with the path
 * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson` for a text; JSON_VALUE, JSON_DEPTH for an object
 */
export function readGraph(input: GraphInput, at: Path): Graph {
  const what = String(at[0]);
  const json: JsonValue =
    typeof input === 'string' || isUint8Array(input)
      ? readWith(input, { what }, repeatedKeys)
      : readForeign(what, () => copyJson(input, [what]), 'JSON_VALUE');
  const graph = aGraph(json, at);
  const property = (key: 'name' | 'namespace'): string | null => {
    const value = Object.hasOwn(graph.properties, key) ? graph.properties[key]! : null;
    return value === null ? null : aName(value, [...graph.at, 'properties', key]);
  };
  const name = property('name');
  if (name === null) return refuse([...at, 'properties'], 'expected a name, which each graph must have');
  return { ...graph, name, namespace: property('namespace') };
}

/** Returns the name of a port as messages have it. A port of an array port is one of its own: `in[2]`. */
export function portOf({ portId, portName, index, at }: End): string {
  const name = portId || portName;
  if (name === '') return refuse(at, 'expected a portId');
  return index === null ? name : `${name}[${index}]`;
}
