import type { CallsOfModule } from '../wasm/calls.ts';

/** A module of the plugin with its calls. */
export interface GraphModule {
  name: string;
  calls: CallsOfModule;
  /** Returns the module that gives this import; undefined for an import from elsewhere. */
  providerOf(namespace: string, name: string): GraphModule | undefined;
}

/** The arrows of a graph, in two arrays: a plugin of Go has a million of them. */
class Arrows {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  add(from: number, to: number): void {
    this.#from.push(from);
    this.#to.push(to);
  }

  /** Sorts them by their start. The targets of node N stand from `starts[N]` to `starts[N + 1]`. */
  sort(nodeCount: number): { starts: Int32Array; targets: Int32Array } {
    const starts = new Int32Array(nodeCount + 2);
    for (const from of this.#from) starts[from + 2]!++;
    for (let node = 2; node < starts.length; node++) starts[node]! += starts[node - 1]!;
    const targets = new Int32Array(this.#to.length);
    this.#from.forEach((from, index) => {
      targets[starts[from + 1]!++] = this.#to[index]!;
    });
    return { starts, targets };
  }
}

/** References that may meet in one table, global or call. A call through a type reaches those of the type and its subtypes. */
class Pool {
  readonly #nodes = new Map<string, number>();
  readonly #next: () => number;
  constructor(next: () => number) {
    this.#next = next;
  }

  /** Returns the node for calls through a type. */
  node(key: string): number {
    const node = this.#nodes.get(key) ?? this.#next();
    this.#nodes.set(key, node);
    return node;
  }
}

/**
 * The calls of all modules of a plugin. Nodes are functions, types through which references are called, and one node for unknown
 * code. An arrow leads from each node to all nodes that it can call. docs/AUDIT.md argues that no call is missing.
 */
export class CallGraph {
  /** The node for unknown code, which calls every function. */
  readonly everything = 0;
  readonly nodeCount: number;
  readonly #first = new Map<GraphModule, number>();
  readonly #modules: readonly GraphModule[];
  readonly #starts: Int32Array;
  readonly #targets: Int32Array;

  constructor(modules: readonly GraphModule[]) {
    this.#modules = modules;
    let count = 1;
    for (const module of modules) {
      this.#first.set(module, count);
      count += module.calls.keys.length;
    }
    const arrows = new Arrows();
    for (let node = 1; node < count; node++) arrows.add(this.everything, node);
    const next = () => count++;
    const shared = new Pool(next);
    for (const module of modules) {
      const pool = this.#isOpen(module) ? shared : new Pool(next);
      this.#addCalls(module, pool, arrows);
      this.#addReferences(module, pool, module.calls.referenced, arrows);
      // Code outside may make references of exports.
      this.#addReferences(module, shared, module.calls.exports.values(), arrows);
    }
    this.nodeCount = count;
    ({ starts: this.#starts, targets: this.#targets } = arrows.sort(count));
  }

  /** Whether references of other code can come into the module. */
  #isOpen = ({ calls }: GraphModule): boolean =>
    calls.sharesReferences || calls.bodies.some(({ unknown }) => unknown);

  #addCalls(module: GraphModule, pool: Pool, arrows: Arrows): void {
    const { calls } = module;
    const first = this.#first.get(module)!;
    const imports = calls.outline.imports.filter(({ kind }) => kind === 'function');
    imports.forEach(({ namespace, name }, index) => {
      const provider = module.providerOf(namespace, name);
      const target = provider?.calls.exports.get(name);
      if (provider && target !== undefined) arrows.add(first + index, this.node(provider, target));
    });
    calls.bodies.forEach(({ direct, byType, unknown }, index) => {
      const node = first + imports.length + index;
      for (const callee of direct) if (callee < calls.keys.length) arrows.add(node, first + callee);
      for (const key of byType) arrows.add(node, pool.node(key));
      if (unknown) arrows.add(node, this.everything);
    });
  }

  #addReferences(module: GraphModule, pool: Pool, functions: Iterable<number>, arrows: Arrows): void {
    const { keys, subtypes } = module.calls;
    for (const index of functions)
      if (index < keys.length) arrows.add(pool.node(keys[index]!), this.node(module, index));
    for (const [key, superkey] of subtypes) arrows.add(pool.node(superkey), pool.node(key));
  }

  node(module: GraphModule, index: number): number {
    return this.#first.get(module)! + index;
  }

  /** Returns the function of a node; null for a node that is not a function. */
  functionOf(node: number): { module: GraphModule; index: number } | null {
    for (const module of this.#modules) {
      const index = node - this.#first.get(module)!;
      if (index >= 0 && index < module.calls.keys.length) return { module, index };
    }
    return null;
  }

  /** Calls `visit` for each node that this one can call. Returns their number. */
  eachCallee(node: number, visit: (callee: number) => void): number {
    const [start, end] = [this.#starts[node]!, this.#starts[node + 1]!];
    for (let at = start; at < end; at++) visit(this.#targets[at]!);
    return end - start;
  }
}
