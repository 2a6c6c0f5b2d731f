import { describe, refuseOption } from '../actor/errors.ts';
import { getOwn } from '../actor/json/value.ts';
import type { ActorModule, ModuleLoader } from '../actor/module-loader.ts';
import { withCommas } from '../units.ts';
import type { ReadComponent } from './component.ts';
import { NetworkError } from './errors.ts';
import { addExtismActors, componentOf, type ReadInside } from './extism-actor.ts';
import type { GraphInput } from './graph/graph.ts';
import { HopTrace } from './hop-trace.ts';
import { Join, single } from './join.ts';
import type { NetworkSettings } from './network-options.ts';
import { type NodeOwner, NodeRunner } from './node-runner.ts';
import { FunctionWorker, ModuleWorker, type NodeWorker } from './node-worker.ts';
import { type ComponentFacts, planGraph } from './plan/make-plan.ts';
import { AWAIT_ALL, endsOf, type Plan, type PlanNode, portKey } from './plan/plan.ts';

/** Loads the modules that the graph uses, each once, and returns the plan with the ports of all components checked. */
export async function planWith(
  graph: GraphInput | readonly GraphInput[],
  settings: NetworkSettings,
  loader: ModuleLoader,
  read: ReadInside | undefined,
): Promise<Plan> {
  const { components, runnables } = settings;
  const given = [...components.keys()].map(name => describe(name));
  const graphs = [...components].filter(([, { kind }]) => kind === 'graph');
  const facts = (
    more: (name: string, component: ReadComponent) => ComponentFacts,
  ): { [name: string]: ComponentFacts } =>
    Object.fromEntries(
      [...components].map(([name, component]) => [
        name,
        component.kind === 'graph' ? { graph: component.graph } : more(name, component),
      ]),
    );
  // The first plan tells which components are used, the second one knows their ports.
  const rough = planGraph(graph, { components: facts(() => ({})) });
  await addExtismActors(rough.nodes, settings, read);
  const used = new Set(rough.nodes.map(node => componentOf(node, settings)));
  for (const node of rough.nodes) {
    const { id, component } = node;
    if (components.has(componentOf(node, settings))) continue;
    const message = `node ${describe(id)}: no component ${describe(component)} is given; there are ${given.join(', ') || 'none'}`;
    throw new NetworkError('UNKNOWN_COMPONENT', message);
  }
  await Promise.all(
    [...components].map(async ([name, component]) => {
      if (component.kind !== 'module' || !used.has(name)) return;
      const { source, entryPoint } = component.module;
      await loader.load(name, source, entryPoint === undefined ? {} : { entryPoint });
    }),
  );
  for (const node of rough.nodes) {
    const component = components.get(componentOf(node, settings))!;
    if (component.kind === 'function') runnables.set(node.id, component.make(node.metadata, node.id));
  }
  const withPorts = (name: string, { kind }: ReadComponent): ComponentFacts =>
    kind === 'module' && used.has(name) ? { metadata: metadataOf(name, loader) } : {};
  return graphs.length + used.size > 0
    ? planGraph(graph, { components: facts(withPorts) }, node => runnables.get(node)?.ports)
    : rough;
}

const metadataOf = (name: string, loader: ModuleLoader) => (loader.get(name) as ActorModule).metadata;

/** Returns the ports that the component of each node says it has, in the order of the nodes. */
export const portsOf = ({ nodes }: Plan, settings: NetworkSettings, loader: ModuleLoader) =>
  nodes.map(node => {
    const known = settings.runnables.get(node.id)?.ports ?? metadataOf(componentOf(node, settings), loader);
    const { inports = [], outports = [] } = known ?? {};
    const names = (ports: readonly { name: string }[]) => ports.map(port => port.name);
    return { inports: names(inports), outports: names(outports) };
  });

/**
 * Checks that the ports which the graph uses are there in another module of a component.
 * @throws {NetworkError} INVALID_GRAPH
 */
export function checkPorts(
  graph: GraphInput | readonly GraphInput[],
  { components }: NetworkSettings,
  component: string,
  metadata: ComponentFacts['metadata'],
): void {
  const facts = [...components].map(([name, known]): [string, ComponentFacts] => {
    if (known.kind === 'graph') return [name, { graph: known.graph }];
    return [name, name === component ? { metadata } : {}];
  });
  planGraph(graph, { components: Object.fromEntries(facts) });
}

/**
 * Checks that each call of a module ends in time for the engine, which cannot renew its right to work meanwhile.
 * @throws {ActorError} INVALID_CONFIG
 */
export function checkTimeouts(plan: Plan, settings: NetworkSettings, mostMs: number | undefined): void {
  if (mostMs === undefined) return;
  const { actors } = settings;
  for (const node of plan.nodes) {
    if (settings.components.get(componentOf(node, settings))?.kind !== 'module') continue;
    // Options have the spelling of manifests, too.
    const timeoutMs = node.metadata.timeout_ms ?? actors.timeoutMs ?? actors.timeout_ms ?? undefined;
    if (typeof timeoutMs === 'number' && timeoutMs <= mostMs) continue;
    const got = timeoutMs === undefined ? 'no limit' : describe(timeoutMs);
    refuseOption(
      `Network: actors.timeoutMs of node ${describe(node.id)}: expected at most ${withCommas(mostMs)} ms, half of leaseMs, got ${got}`,
    );
  }
}

/** Checks that a method which needs all nodes has them in this process. @throws {ActorError} INVALID_CONFIG */
export function checkWhole(method: string, { isSpread }: { readonly isSpread: boolean }): void {
  if (isSpread)
    refuseOption(
      `${method}: expected all nodes in this process, got a network whose nodes are spread over workers; send to its inports`,
    );
}

/** Makes the runner of each node. */
export function makeRunners(
  plan: Plan,
  settings: NetworkSettings,
  workers: ReadonlyMap<string, NodeWorker>,
  owner: NodeOwner,
): Map<string, NodeRunner> {
  const ways = waysOf(plan);
  const ports = connectedPorts(plan);
  return new Map(
    plan.nodes.map(node => {
      const { id } = node;
      const makeGate = isJoin(node, settings) ? () => new Join(ports.get(id)!) : () => single;
      return [id, new NodeRunner(owner, node, workers.get(id)!, ways.get(id)!, makeGate)];
    }),
  );
}

/** Makes the worker of a node. @throws {ActorError} {ModuleError} {CreateError} as `createActor` */
export async function makeWorker(
  of: PlanNode,
  settings: NetworkSettings,
  loader: ModuleLoader,
): Promise<NodeWorker> {
  const { id, component, metadata } = of;
  const { components, environment, allowedEnv, actors } = settings;
  const name = componentOf(of, settings);
  const known = components.get(name)!;
  if (known.kind === 'function')
    return new FunctionWorker(id, metadata, settings.runnables.get(id)!, () => known.make(metadata, id));
  const { name: _, readFile: __, ...own } = actors;
  const node = { id, component, metadata };
  const trace = own.trace ? new HopTrace(own.trace) : undefined;
  const actor = await loader.createActor(name, {
    ...own,
    ...(trace && { trace }),
    node,
    ...(environment && { environment }),
    ...(allowedEnv && { allowedEnv }),
  });
  return new ModuleWorker(actor, trace);
}

/** Whether the calls of a node wait for a message of each connected port. */
function isJoin(node: PlanNode, settings: NetworkSettings): boolean {
  const { id, metadata } = node;
  const known = settings.components.get(componentOf(node, settings))!;
  const own =
    known.kind === 'module' ? known.module.awaitAllInports : settings.runnables.get(id)!.awaitAllInports;
  return own ?? AWAIT_ALL.some(key => getOwn(metadata, key) === true);
}

/** Returns the ports of each node that packets come to. */
function connectedPorts(plan: Plan): ReadonlyMap<string, ReadonlySet<string>> {
  const ports = new Map(plan.nodes.map(({ id }) => [id, new Set<string>()]));
  for (const { node, port } of endsOf(plan)) ports.get(node)!.add(port);
  return ports;
}

/** Returns the number of ways that begin at each port of each node, by the key of the port. */
function waysOf(plan: Plan): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const ways = new Map(
    plan.nodes.map(({ id, caseSensitive }) => [id, { caseSensitive, ports: new Map<string, number>() }]),
  );
  const begins = [...plan.edges.map(({ from }) => from), ...plan.outports];
  for (const { node, port } of begins) {
    const { caseSensitive, ports } = ways.get(node)!;
    const key = portKey(port, caseSensitive);
    ports.set(key, (ports.get(key) ?? 0) + 1);
  }
  return new Map([...ways].map(([id, { ports }]) => [id, ports]));
}
