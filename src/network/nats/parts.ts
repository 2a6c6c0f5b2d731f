import { crc32 } from '../../values/crc32.ts';
import { findCycles, Links } from '../plan/cycles.ts';
import { type Plan, type PlanPort, portKey } from '../plan/plan.ts';
import type { Alive } from './presence.ts';

const encoder = new TextEncoder();

/** Nodes of a network that one worker runs, with a log of their own. */
export interface Part {
  /** The first of its nodes. */
  readonly name: string;
  /** The plan with all that begins or ends here. */
  readonly plan: Plan;
  /** The ports at which messages leave the network here. */
  readonly outports: ReadonlySet<string>;
  /** The ways that begin in other parts, by the part. */
  readonly from: ReadonlyMap<string, ReadonlySet<string>>;
  /** The parts to which ways lead. */
  readonly to: ReadonlySet<string>;
}

/** Divides a plan. RATIONALE: which-nodes-stay-together-when-a-network-is-spread */
export function partsOf(plan: Plan): Part[] {
  const names = namesOf(plan);
  const nameOf = ({ node }: PlanPort) => names.get(node)!;
  // Several nodes may lead to one port: the part of the first has it.
  const homes = new Map([...plan.outports].reverse().map(outport => [outport.name, nameOf(outport)]));
  const ways = [
    ...plan.edges.map(({ id, from, to }) => ({ source: id, from: nameOf(from), to: nameOf(to) })),
    ...plan.outports.map(row => ({
      source: `${row.node}.${row.port} > ${row.name}`,
      from: nameOf(row),
      to: homes.get(row.name)!,
    })),
  ];
  return [...new Set(names.values())].map(name => {
    const isHere = (end: PlanPort) => nameOf(end) === name;
    const from = new Map<string, Set<string>>();
    for (const way of ways)
      if (way.to === name && way.from !== name)
        from.set(way.from, (from.get(way.from) ?? new Set()).add(way.source));
    return {
      name,
      plan: {
        ...plan,
        nodes: plan.nodes.filter(({ id }) => names.get(id) === name),
        edges: plan.edges.filter(edge => isHere(edge.from) || isHere(edge.to)),
        initial: plan.initial.filter(({ to }) => isHere(to)),
        inports: plan.inports.filter(isHere),
        outports: plan.outports.filter(row => isHere(row) || homes.get(row.name) === name),
      },
      outports: new Set([...homes].flatMap(([port, home]) => (home === name ? [port] : []))),
      from,
      to: new Set(ways.filter(way => way.from === name && way.to !== name).map(way => way.to)),
    };
  });
}

/** Returns the part of each node, by the name of its first node. */
function namesOf(plan: Plan): Map<string, string> {
  const names = new Map(plan.nodes.map(({ id }) => [id, id]));
  const root = (node: string): string => {
    let at = node;
    while (names.get(at) !== at) at = names.get(at)!;
    return at;
  };
  const join = (nodes: readonly string[]) => {
    for (const node of nodes) names.set(root(node), root(nodes[0]!));
  };
  for (const nodes of plan.cycles) join(nodes);
  for (const nodes of findCycles(orient(plan))) if (hasJoin(plan, new Set(nodes))) join(nodes);
  // The first in the order of the plan names the part.
  const firsts = new Map<string, string>();
  return new Map(
    plan.nodes.map(({ id }) => {
      const first = firsts.get(root(id)) ?? id;
      firsts.set(root(id), first);
      return [id, first];
    }),
  );
}

/**
 * Gives each edge the direction in which a depth-first search goes through it, from either end. Nodes are then in a cycle if two
 * ways without a common edge lead from one to the other, also against the directions of edges in the plan.
 */
function orient({ nodes, edges }: Plan): Map<string, string[]> {
  const { graph } = new Links(nodes.map(({ id }) => id));
  const ends = new Map(nodes.map(({ id }) => [id, [] as { edge: number; to: string }[]]));
  for (const [edge, { from, to }] of edges.entries()) {
    ends.get(from.node)!.push({ edge, to: to.node });
    ends.get(to.node)!.push({ edge, to: from.node });
  }
  const usedEdges = new Set<number>();
  const seen = new Set<string>();
  for (const { id } of nodes) {
    const stack = [id];
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      seen.add(node);
      const end = ends.get(node)!.pop();
      if (!end) stack.pop();
      if (!end || usedEdges.has(end.edge)) continue;
      usedEdges.add(end.edge);
      graph.get(node)!.push(end.to);
      if (!seen.has(end.to)) stack.push(end.to);
    }
  }
  return graph;
}

/** Whether two ports of one of the nodes get packets from the others. */
function hasJoin({ nodes, edges }: Plan, group: ReadonlySet<string>): boolean {
  const inside = edges.filter(({ from, to }) => group.has(from.node) && group.has(to.node));
  return nodes.some(({ id, caseSensitive }) => {
    const own = inside.filter(({ to }) => to.node === id);
    return group.has(id) && new Set(own.map(({ to }) => portKey(to.port, caseSensitive))).size > 1;
  });
}

/**
 * Returns the worker of each part. Each worker computes the same from the same keys: the parts go round so that no worker has more
 * than its share, each to the worker with the highest hash that has room, so that few move when a worker comes or goes. The share is
 * the whole part of the mean, and one more for as many workers as the rest needs: rounded up for all, it would change for all of
 * them at once.
 */
export function ownersOf(parts: readonly string[], alive: Alive): Map<string, string> {
  const loads = new Map([...alive.keys()].map(worker => [worker, 0]));
  const share = Math.floor(parts.length / Math.max(1, alive.size));
  let rest = parts.length - share * alive.size;
  const owners = new Map<string, string>();
  for (const part of parts) {
    const able = [...alive].filter(([, list]) => list === null || list.includes(part)).map(([id]) => id);
    let least = Number.POSITIVE_INFINITY;
    for (const id of able) least = Math.min(least, loads.get(id)!);
    const most = Math.max(rest > 0 ? share : share - 1, least);
    let best: { id: string; hash: string } | undefined;
    for (const id of able) {
      if (loads.get(id)! > most) continue;
      const hash = crc32(encoder.encode(`${id} ${part}`));
      if (!best || hash > best.hash) best = { id, hash };
    }
    if (!best) continue;
    const load = loads.get(best.id)!;
    if (load === share) rest--;
    owners.set(part, best.id);
    loads.set(best.id, load + 1);
  }
  return owners;
}
