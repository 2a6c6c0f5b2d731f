import { anything, aRecord, isPlain, type OptionTable, orNull, readOptions } from '../../../wasi/options.ts';
import type { PluginMetadata } from '../../actor/engine/metadata.ts';
import { readForeign, refuseOption } from '../../actor/errors.ts';
import { refuse } from '../errors.ts';
import { type Graph, type GraphInput, readGraph } from '../graph/graph.ts';
import { connectLevels, pathsOf } from './compose.ts';
import { Draft, type Ports } from './draft.ts';
import { expand, type Level, type PlanComponent, warnOfExternal } from './expand.ts';
import { addFallbacks } from './fallback.ts';
import type { ExposedPort, Plan } from './plan.ts';

/** A component, as far as a plan needs it. Other keys are ignored: components of `Network.create` can be given. */
export interface ComponentFacts {
  /** The graph that a subgraph is made of. */
  readonly graph?: GraphInput | undefined;
  /** The metadata of an actor, whose ports are then checked. */
  readonly metadata?: Pick<PluginMetadata, 'inports' | 'outports'> | null | undefined;
}

export interface PlanOptions {
  /** Components by name. Ports of a component that is not given are not checked. */
  components?: { readonly [name: string]: ComponentFacts } | undefined;
}

export const PLAN_OPTIONS: OptionTable<PlanOptions> = {
  of: 'Network.plan(graph, options)',
  rows: {
    components: {
      ...orNull(aRecord(anything, 'component')),
      type: 'an object of component → {graph} or {metadata}',
      default: 'none',
    },
  },
};

/**
 * Checks a graph, or the graphs of a workspace, and returns the plan.
 * @param portsOf returns the ports of a node whose component has no metadata
 * @throws {NetworkError} INVALID_GRAPH with the path, GRAPH_TOO_LARGE
 * @throws {ActorError} INVALID_CONFIG for wrong options; JSON_SYNTAX and the other codes of `readJson`; JSON_VALUE, JSON_DEPTH
 */
export function planGraph(
  input: GraphInput | readonly GraphInput[],
  options?: PlanOptions,
  portsOf?: (node: string) => Ports | undefined,
): Plan {
  const { components = {} } = readOptions(PLAN_OPTIONS, options, 'plan', refuseOption);
  const known = new Map(
    Object.entries(components).flatMap(([name, facts]) => {
      const read = readFacts(facts, name);
      return read ? [[name, read] as const] : [];
    }),
  );
  const graphs = readForeign('graphs', () =>
    Array.isArray(input) ? Array.from(input as GraphInput[]) : null,
  );
  const draft = new Draft(portsOf);
  if (!graphs) return planOne(draft, readGraph(input as GraphInput, ['graph']), known);
  if (graphs.length === 0) refuse(['graphs'], 'expected at least one graph');
  const read = graphs.map((graph, index) => readGraph(graph, ['graphs', index]));
  return planWorkspace(draft, read, known);
}

function readFacts(facts: unknown, name: string): PlanComponent | undefined {
  const where = `plan.components.${name}`;
  const { graph, metadata } = readForeign(where, () => {
    const { graph, metadata } = Object(facts) as ComponentFacts;
    return { graph, metadata };
  });
  if (graph !== undefined) return { graph: readGraph(graph, ['components', name, 'graph']) };
  return metadata && isPlain(metadata) ? { ports: metadata } : undefined;
}

function planOne(draft: Draft, graph: Graph, components: ReadonlyMap<string, PlanComponent>): Plan {
  const level = expand(draft, graph, components);
  warnOfExternal(draft, graph);
  return finish(draft, graph.name, [level], ['']);
}

function planWorkspace(
  draft: Draft,
  graphs: readonly Graph[],
  components: ReadonlyMap<string, PlanComponent>,
): Plan {
  const prefixes = pathsOf(graphs).map(path => `${path}/`);
  const levels = graphs.map((graph, index) => expand(draft, graph, components, prefixes[index]));
  connectLevels(draft, levels);
  return finish(draft, graphs.map(({ name }) => name).join(' + '), levels, prefixes);
}

function finish(draft: Draft, name: string, levels: readonly Level[], prefixes: readonly string[]): Plan {
  const exposed = (side: 'inports' | 'outports'): ExposedPort[] =>
    levels.flatMap((level, index) =>
      [...level[side].values()].map(({ name, spot }) => ({
        name: `${prefixes[index]}${name}`,
        ...spot,
        isFallback: false,
      })),
    );
  const outports = exposed('outports');
  addFallbacks(draft, levels, outports);
  return draft.finish(name, exposed('inports'), outports);
}
