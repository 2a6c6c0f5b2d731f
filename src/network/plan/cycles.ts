/** Node → the nodes that its edges lead to. */
export type Successors = ReadonlyMap<string, readonly string[]>;

/**
 * Returns the strongly connected components that have a cycle, each with its nodes in the order of `graph`. A node with an edge
 * to itself is one. Tarjan's algorithm, with a stack of its own: a chain of 10,000 nodes would overflow the call stack.
 * https://doi.org/10.1137/0201010
 */
export function findCycles(graph: Successors): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const lower = (node: string, value: number) => low.set(node, Math.min(low.get(node)!, value));
  for (const root of graph.keys()) {
    if (index.has(root)) continue;
    const work = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { node } = frame;
      if (frame.next === 0) {
        index.set(node, index.size);
        low.set(node, index.get(node)!);
        stack.push(node);
        onStack.add(node);
      }
      const successor = graph.get(node)?.[frame.next++];
      if (successor !== undefined) {
        if (!index.has(successor)) work.push({ node: successor, next: 0 });
        else if (onStack.has(successor)) lower(node, index.get(successor)!);
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) lower(parent.node, low.get(node)!);
      if (low.get(node) !== index.get(node)) continue;
      const component = stack.splice(stack.lastIndexOf(node));
      for (const member of component) onStack.delete(member);
      if (component.length > 1 || graph.get(node)?.includes(node)) cycles.push(component);
    }
  }
  return cycles;
}

/** Returns the nodes that can be reached from `start`, those included. */
export function reachable(graph: Successors, start: Iterable<string>): Set<string> {
  const found = new Set(start);
  // A set visits the nodes that are added meanwhile.
  for (const node of found) for (const next of graph.get(node) ?? []) found.add(next);
  return found;
}

/** Returns the nodes of a shortest way from one node to another, both included; undefined if there is none. */
export function shortestWay(graph: Successors, from: string, to: string): string[] | undefined {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  // A map, too, visits the entries that are added meanwhile.
  for (const [node] of cameFrom) {
    if (node === to) {
      const way = [node];
      for (let at = cameFrom.get(node) ?? null; at !== null; at = cameFrom.get(at) ?? null) way.unshift(at);
      return way;
    }
    for (const next of graph.get(node) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, node);
  }
  return undefined;
}

/** Collects the successors of nodes. */
export class Links implements Iterable<[string, readonly string[]]> {
  readonly graph = new Map<string, string[]>();

  constructor(nodes: Iterable<string>) {
    for (const node of nodes) this.graph.set(node, []);
  }

  add(from: string, to: string): void {
    this.graph.get(from)!.push(to);
  }

  [Symbol.iterator]() {
    return this.graph[Symbol.iterator]();
  }
}
