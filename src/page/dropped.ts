import { readJson } from '../actor/json/reader.ts';
import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '../actor/json/value.ts';
import { writeJson } from '../actor/json/writer.ts';
import type { Component } from '../network/component.ts';
import { EXTISM_ACTOR } from '../network/extism-actor.ts';
import { type GraphInput, readGraph } from '../network/graph/graph.ts';

/** Files that a person has given to the page, by name. */
export type DroppedFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** A component that the graphs name, and the file that it is made of; undefined while no file fits. */
export interface Need {
  readonly component: string;
  readonly file: string | undefined;
}

/** An initial packet of a graph file. */
export interface InitialText {
  /** The file and the connection, such as `orders.json connections[3]`. */
  readonly id: string;
  /** The port that gets it, as the file spells it. */
  readonly to: string;
  /** Its data as JSON. */
  readonly text: string;
}

/** All that a network is made of. */
export interface Setup {
  readonly needs: readonly Need[];
  readonly initial: readonly InitialText[];
  /** The graphs that serve no component. */
  readonly graphs: readonly GraphInput[];
  readonly components: { readonly [name: string]: Component };
}

interface GraphFile {
  readonly name: string;
  readonly graph: JsonObject;
}

/**
 * Finds out which file is a graph, and which is the module or subgraph of a component.
 * @param choices file by component, where a person has chosen; an empty name for none
 * @param edits JSON by the id of an initial packet, in place of the file's
 * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson`, with the name of the file; {NetworkError} INVALID_GRAPH for a
 * wrong graph with edits
 */
export function setUp(
  files: DroppedFiles,
  choices: ReadonlyMap<string, string>,
  edits: ReadonlyMap<string, string>,
): Setup {
  const modules = [...files].filter(isModule).map(([name]) => name);
  const all = [...files]
    .filter(file => !isModule(file))
    .map(([name, bytes]): GraphFile => ({ name, graph: asObject(readJson(bytes, { what: name })) }));
  const needs = needsOf(all, modules).map(({ component, file }): Need => {
    const chosen = choices.get(component);
    return { component, file: chosen === undefined ? file : chosen || undefined };
  });
  // Objects do not show that a key stood twice in their text, so that bytes are checked.
  const edited = new Map(
    all.map(file => {
      const bytes = files.get(file.name)!;
      const graph = withEdits(file, edits);
      if (graph) readGraph(bytes, [file.name]);
      return [file.name, graph ?? bytes] as const;
    }),
  );
  const components = needs.flatMap(({ component, file }): [string, Component][] => {
    if (file === undefined) return [];
    const graph = edited.get(file);
    return [[component, graph ? { graph } : { source: files.get(file)! }]];
  });
  const used = new Set(needs.map(({ file }) => file));
  return {
    needs,
    initial: all.flatMap(file => initialOf(file, edits)),
    graphs: [...edited].filter(([name]) => !used.has(name)).map(([, graph]) => graph),
    components: Object.fromEntries(components),
  };
}

/** Reads a module that a node names by its path: the file of this name that was given to the page. */
export async function readDropped(files: DroppedFiles, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = baseName(path);
  const bytes = files.get(name);
  if (!bytes) throw new Error(`no file ${JSON.stringify(name)} was given to the page`);
  return bytes;
}

/** Matches components and files by their names. One module that is left serves one component that is left. */
function needsOf(all: readonly GraphFile[], modules: readonly string[]): readonly Need[] {
  const names = new Map(all.map(({ name, graph }) => [name, componentsOf(graph)]));
  const components = [...new Set([...names.values()].flat())].filter(name => name !== EXTISM_ACTOR);
  const needs = components.map(component => {
    const fits = (file: string) => plain(file.replace(/\.[^.]*$/, '')) === plain(component);
    const graph = [...names].find(([file, own]) => fits(file) && !own.includes(component))?.[0];
    return { component, file: modules.find(fits) ?? graph };
  });
  const missing = needs.filter(({ file }) => file === undefined);
  const free = modules.filter(module => needs.every(({ file }) => file !== module));
  return missing.length === 1 && free.length === 1
    ? needs.map(need => (need === missing[0] ? { ...need, file: free[0] } : need))
    : needs;
}

/** The bytes of a file that only has the name of a module are refused where they are compiled. */
const isModule = ([name, bytes]: readonly [name: string, bytes: Uint8Array]): boolean =>
  /\.wasm$/i.test(name) || [0, 0x61, 0x73, 0x6d].every((byte, index) => bytes[index] === byte);

const baseName = (path: string): string => path.replace(/^.*[\\/]/s, '');

/** Returns the letters and digits of a name, so that `rust_counter` and `RustCounter` are the same. */
const plain = (name: string): string =>
  baseName(name)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

// The plan refuses a graph of another form, with the path of the wrong value. Here it only has no components and packets.
const asObject = (value: JsonValue | undefined): JsonObject =>
  value !== undefined && isJsonObject(value) ? value : {};
const asList = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);
const textOf = (object: JsonObject, ...keys: readonly string[]): string =>
  keys.map(key => getOwn(object, key)).find(value => typeof value === 'string' && value !== '') as string;

const componentsOf = (graph: JsonObject): string[] =>
  Object.values(asObject(getOwn(graph, 'processes'))).flatMap(
    node => textOf(asObject(node), 'component') ?? [],
  );

const idOf = (file: string, index: number) => `${file} connections[${index}]`;

function initialOf({ name, graph }: GraphFile, edits: ReadonlyMap<string, string>): InitialText[] {
  return asList(getOwn(graph, 'connections')).flatMap((connection, index) => {
    const data = getOwn(asObject(connection), 'data') ?? null;
    if (data === null) return [];
    const end = asObject(getOwn(asObject(connection), 'to'));
    const node = textOf(end, 'nodeId', 'node_id');
    const port = textOf(end, 'portId', 'port_id', 'portName', 'port_name');
    const id = idOf(name, index);
    return [{ id, to: `${node}.${port}`, text: edits.get(id) ?? writeJson(data) }];
  });
}

/** Returns undefined for a file without edits. */
function withEdits({ name, graph }: GraphFile, edits: ReadonlyMap<string, string>): JsonObject | undefined {
  const connections = getOwn(graph, 'connections');
  if (!Array.isArray(connections) || !connections.some((_, index) => edits.has(idOf(name, index))))
    return undefined;
  const edited = connections.map((connection, index) => {
    const text = edits.get(idOf(name, index));
    return text === undefined
      ? connection
      : { ...asObject(connection), data: readJson(text, { what: idOf(name, index) }) };
  });
  return { ...graph, connections: edited };
}
