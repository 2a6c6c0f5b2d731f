import { AUDIT_LIMITS } from '../limits.ts';
import { readFunctionNames } from '../wasm/custom.ts';
import { CallGraph, type GraphModule } from './graph.ts';
import type { ImportName, Reach } from './report.ts';

/** A module of the plugin with its calls, and the contents of its custom section `name`. */
export interface ReachModule extends GraphModule {
  names: Uint8Array | undefined;
  providerOf(namespace: string, name: string): ReachModule | undefined;
}

/** The work for one report. Exports beyond it are `unknown`. */
const MAX_STEPS = AUDIT_LIMITS.reachSteps.default;
const MAX_PAIRS = AUDIT_LIMITS.reachPairs.default;

/** A longer path is shortened in its middle. */
const PATH_NAMES = 12;
const NAME_CHARACTERS = 200;

/** Exports that may run when the plugin is created. Their types do not matter here. */
const START_EXPORTS = ['_initialize', 'hs_init', '__wasm_call_ctors'];

export const unknownReach = (why: string): Reach => ({ state: 'unknown', why, imports: [], excludes: 0 });

/** Nodes on the way to each import, and to unknown code. */
interface Found {
  paths: Map<string, number[]>;
  unknownCode: number[] | null;
}

export interface FoundReach {
  /** By the name of the exported function. All functions that run at creation count for every export. */
  exports: ReadonlyMap<string, Reach>;
  /** Imports that the start section of this module can reach. */
  atStart(module: ReachModule): ImportName[];
}

/** Finds the imports that each exported function of `main` can reach. */
export function findReach(modules: readonly ReachModule[], main: ReachModule): FoundReach {
  const graph = new CallGraph(modules as readonly GraphModule[]);
  const search = new Search(graph, modules);
  const starts = startNodes(graph, modules);
  const atStart = search.from([...starts.keys()]);
  const found = new Map<string, Found | null>();
  const byFunction = new Map<number, Found | null>();
  let pairs = 0;
  for (const [name, index] of main.calls.exports) {
    let own = byFunction.get(index);
    if (own === undefined) {
      own = pairs > MAX_PAIRS ? null : search.from([graph.node(main, index)]);
      byFunction.set(index, own);
    }
    const both = own && atStart && merge(own, atStart);
    pairs += both?.paths.size ?? 0;
    found.set(name, both);
  }
  const nameOf = functionNames(graph, modules, [...found.values()]);
  return {
    exports: new Map(
      [...found].map(([name, item]) => {
        const first = (node: number) => starts.get(node) ?? name;
        return [name, toReach(item, search.imports, path => namePath(path, first, nameOf))];
      }),
    ),
    atStart: module => {
      const { start } = module.calls;
      const paths = start === null ? undefined : search.from([graph.node(module, start)])?.paths;
      return [...(paths?.keys() ?? [])].map(key => search.imports.get(key)!);
    },
  };
}

const merge = (own: Found, atStart: Found): Found => ({
  paths: new Map([...atStart.paths, ...own.paths]),
  unknownCode: own.unknownCode ?? atStart.unknownCode,
});

/** Returns the functions that run at creation, with the names by which a path begins. */
function startNodes(graph: CallGraph, modules: readonly ReachModule[]): Map<number, string> {
  const nodes = new Map<number, string>();
  for (const module of modules) {
    const { start, exports } = module.calls;
    if (start !== null) nodes.set(graph.node(module, start), 'start section');
    for (const name of START_EXPORTS) {
      const index = exports.get(name);
      if (index !== undefined) nodes.set(graph.node(module, index), name);
    }
  }
  return nodes;
}

const keyOf = ({ namespace, name }: ImportName): string => JSON.stringify([namespace, name]);

/** Searches the graph, breadth first, so that the paths are the shortest. */
class Search {
  /** Imports from outside the plugin, each once, although several modules may have it. */
  readonly imports = new Map<string, ImportName>();
  readonly #keyOfNode = new Map<number, string>();
  readonly #graph: CallGraph;
  readonly #queue: Int32Array;
  /** The node before each node, and the number of the search that met it. */
  readonly #before: Int32Array;
  readonly #metBy: Int32Array;
  #number = 0;
  #steps = 0;

  constructor(graph: CallGraph, modules: readonly ReachModule[]) {
    this.#graph = graph;
    this.#queue = new Int32Array(graph.nodeCount);
    this.#before = new Int32Array(graph.nodeCount);
    this.#metBy = new Int32Array(graph.nodeCount);
    for (const module of modules) {
      const functions = module.calls.outline.imports.filter(({ kind }) => kind === 'function');
      for (const [index, { namespace, name }] of functions.entries()) {
        if (module.providerOf(namespace, name)) continue;
        const key = keyOf({ namespace, name });
        this.imports.set(key, { namespace, name });
        this.#keyOfNode.set(graph.node(module, index), key);
      }
    }
  }

  /** Returns null when the work for the report is used up. */
  from(roots: readonly number[]): Found | null {
    const found: Found = { paths: new Map(), unknownCode: null };
    const number = ++this.#number;
    let [at, end] = [0, 0];
    const meet = (node: number, before: number) => {
      if (this.#metBy[node] === number) return;
      this.#metBy[node] = number;
      this.#before[node] = before;
      this.#queue[end++] = node;
    };
    for (const root of roots) meet(root, -1);
    while (at < end) {
      const node = this.#queue[at++]!;
      const key = this.#keyOfNode.get(node);
      if (key !== undefined && !found.paths.has(key)) found.paths.set(key, this.#pathTo(node));
      if (node === this.#graph.everything) found.unknownCode = this.#pathTo(node);
      this.#steps += this.#graph.eachCallee(node, callee => meet(callee, node));
      if (this.#steps > MAX_STEPS) return null;
    }
    return found;
  }

  /** Returns the functions on the way to a node, without the node itself if others lead to it. */
  #pathTo(node: number): number[] {
    const path: number[] = [];
    for (let at = this.#before[node]!; at >= 0; at = this.#before[at]!)
      if (this.#graph.functionOf(at)) path.push(at);
    return path.length > 0 ? path.reverse() : [node];
  }
}

function toReach(
  found: Found | null,
  imports: ReadonlyMap<string, ImportName>,
  name: (path: readonly number[]) => string[],
): Reach {
  if (!found) {
    return unknownReach(
      `the calls are too many to follow: over ${MAX_STEPS} steps, or ${MAX_PAIRS} pairs of export and import`,
    );
  }
  const { paths, unknownCode } = found;
  const reached = [...imports].flatMap(([key, item]) => {
    const path = paths.get(key);
    return path ? [{ ...item, path: name(path) }] : [];
  });
  return {
    state: unknownCode ? 'everything' : 'bounded',
    why: unknownCode && `${name(unknownCode).at(-1)} has an instruction that is not known here`,
    imports: reached,
    excludes: imports.size - reached.length,
  };
}

const cut = (name: string): string =>
  name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name;

function namePath(
  path: readonly number[],
  first: (node: number) => string,
  nameOf: (node: number) => string,
): string[] {
  const names = path.map((node, index) => cut(index === 0 ? first(node) : nameOf(node)));
  const left = names.length - PATH_NAMES;
  return left > 0
    ? [...names.slice(0, PATH_NAMES / 2), `… ${left} more …`, ...names.slice(-PATH_NAMES / 2)]
    : names;
}

/** Reads the names of the functions on the paths: those of the section `name`, else of imports and exports. */
function functionNames(
  graph: CallGraph,
  modules: readonly ReachModule[],
  found: readonly (Found | null)[],
): (node: number) => string {
  const wanted = new Map(modules.map(module => [module as GraphModule, new Set<number>()]));
  for (const item of found) {
    for (const path of [...(item?.paths.values() ?? []), item?.unknownCode ?? []]) {
      for (const node of path) {
        const { module, index } = graph.functionOf(node)!;
        wanted.get(module)!.add(index);
      }
    }
  }
  const names = new Map<number, string>();
  for (const module of modules) {
    const indices = wanted.get(module)!;
    const written = module.names ? readFunctionNames(module.names, indices) : new Map<number, string>();
    const exported = new Map([...module.calls.exports].map(([name, index]) => [index, name]));
    const imports = module.calls.outline.imports.filter(({ kind }) => kind === 'function');
    for (const index of indices) {
      const imported = imports[index];
      const name =
        written.get(index) ??
        exported.get(index) ??
        (imported ? `${imported.namespace}.${imported.name}` : `function ${index}`);
      names.set(graph.node(module, index), name);
    }
  }
  return node => names.get(node)!;
}
