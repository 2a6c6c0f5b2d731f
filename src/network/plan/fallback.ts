import { ANY } from '../graph/port-type.ts';
import { reachable } from './cycles.ts';
import type { Draft } from './draft.ts';
import type { Level } from './expand.ts';
import { ERROR_PORT, type ExposedPort } from './plan.ts';

/**
 * Leads the errors of nodes without an edge from `error` to the port `error` of the nearest graph around them that exposes one.
 * No such edge closes a cycle: a handler that fails would get its own errors for ever.
 * @param outports of the network; gets the ways of errors that lead out of it
 */
export function addFallbacks(draft: Draft, levels: readonly Level[], outports: ExposedPort[]): void {
  const settled = new Set(outports.filter(port => draft.isErrorPort(port)).map(({ node }) => node));
  for (const node of draft.nodes.keys())
    if (draft.edgesFrom(node).some(({ from }) => draft.isErrorPort(from))) settled.add(node);
  // The innermost graph is the nearest.
  const visit = (level: Level): void => {
    level.inner.forEach(visit);
    const errors = level.outports.get(ERROR_PORT)?.spot;
    if (!errors) return;
    const targets = draft
      .edgesFrom(errors.node)
      .filter(({ from }) => from.port === errors.port)
      .map(({ to }) => to);
    const outs = outports.filter(({ node, port }) => node === errors.node && port === errors.port);
    if (targets.length + outs.length === 0) return;
    const nodes = targets.map(({ node }) => node);
    const after = reachable(draft.links().graph, nodes);
    for (const node of level.nodes) {
      if (settled.has(node) || after.has(node)) continue;
      const from = { node, port: ERROR_PORT, type: ANY };
      for (const to of targets) draft.addEdge(from, { ...to, type: ANY }, level.graph.at, null, true);
      outports.push(...outs.map(out => ({ ...out, ...from, isFallback: true })));
      settled.add(node);
    }
  };
  levels.forEach(visit);
}
