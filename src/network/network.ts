import { refuseArguments } from '../actor/call-options.ts';
import type { GraphInput } from './graph/graph.ts';
import { type PlanOptions, planGraph } from './plan/make-plan.ts';
import type { Plan } from './plan/plan.ts';

/** A graph of actors. */
// biome-ignore lint/complexity/noStaticOnlyClass: the class of running networks.
export class Network {
  /**
   * Checks a graph of Reflow, or the graphs of a workspace, without running anything, and returns it as data: nodes and edges with
   * subgraphs in their place, initial packets, exposed ports, cycles and warnings.
   * @throws {NetworkError} INVALID_GRAPH with the path of the wrong value, GRAPH_TOO_LARGE
   * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson` for a text; INVALID_CONFIG for wrong options
   * @example
   * ```js
   * import { Network } from 'plugboard/network';
   * const plan = Network.plan({
   *   properties: { name: 'adder' },
   *   processes: { a: { component: 'Counter' }, b: { component: 'Counter' } },
   *   connections: [{ from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'b', portId: 'add' } }],
   * });
   * console.log(plan.edges[0].id); // a.count -> b.add
   * ```
   */
  static plan(graph: GraphInput | readonly GraphInput[], options?: PlanOptions): Plan;
  static plan(graph: GraphInput | readonly GraphInput[], options?: PlanOptions, ...extra: unknown[]): Plan {
    refuseArguments('Network.plan', extra);
    return planGraph(graph, options);
  }
}
