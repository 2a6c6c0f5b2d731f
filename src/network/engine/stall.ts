import { withCommas } from '../../units.ts';
import { NetworkError } from '../errors.ts';
import { Links, reachable, shortestWay } from '../plan/cycles.ts';
import type { Plan } from '../plan/plan.ts';
import { type Bounds, type Channel, Outbox } from './channel.ts';
import { isBlocked, type Waiter } from './room.ts';

/** Returns the ways from node to node, of those that are here: other nodes may be in another engine. */
function linksOf({ nodes, edges }: Plan): Links {
  const links = new Links(nodes.map(({ id }) => id));
  const isHere = (node: string) => links.graph.has(node);
  for (const { from, to } of edges) if (isHere(from.node) && isHere(to.node)) links.add(from.node, to.node);
  return links;
}

/**
 * No node works. A node that waits for room at a join, and from which the join's other ports can be reached, waits for itself.
 * The one whose edge holds least goes on.
 * RATIONALE: why-does-a-sender-in-a-cycle-not-wait-and-one-before-a-full-join-sometimes
 * @param hasSession whether a node can make steps
 */
export function findStalled(
  waiting: readonly Waiter[],
  isDraining: boolean,
  plan: Plan,
  hasSession: (node: string) => boolean,
): Waiter | undefined {
  // A reader of the port, or a new session of the node, would make room.
  const isOutside = ({ sink }: Channel) => sink instanceof Outbox || !hasSession(sink.name);
  const blocked = waiting.map(waiter => ({ waiter, full: waiter.channels.filter(isBlocked) }));
  if (blocked.some(({ full }) => full.some(isOutside))) return undefined;
  const after = reachable(
    linksOf(plan).graph,
    waiting.flatMap(({ node }) => node ?? []),
  );
  const helps = ({ sink, port }: Channel) =>
    plan.edges.some(({ from, to }) => to.node === sink.name && to.port !== port && after.has(from.node));
  const most = (full: readonly Channel[]) => Math.max(...full.map(({ packets }) => packets));
  return blocked
    .filter(({ full }) => isDraining || full.every(helps))
    .sort((one, other) => most(one.full) - most(other.full))[0]?.waiter;
}

/**
 * Returns the error of a channel that holds too many packets, and whose sender may not wait.
 * @param node sends to the channel
 * @param packets number of those that it sends
 */
export function overflow(
  plan: Plan,
  node: string,
  { packets: waiting, source, sink }: Channel,
  packets: number,
  bounds: Bounds,
): NetworkError {
  const limit = `over the limit of ${withCommas(bounds.packets)} packets or ${withCommas(bounds.bytes)} bytes`;
  const has = `${withCommas(waiting + packets)} packets wait at ${source}, ${limit} (cycleCapacity, cycleCapacityBytes)`;
  const { graph } = linksOf(plan);
  const way = graph.has(node) ? shortestWay(graph, sink.name, node) : undefined;
  const problem = way
    ? `the cycle ${[node, ...way].join(' -> ')}: ${has}`
    : `the join ${sink.name}, whose other ports get no packets: ${has}; give each of its ports a packet in turn`;
  return new NetworkError('NETWORK_OVERFLOW', problem);
}
