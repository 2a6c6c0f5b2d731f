import { refuseArguments } from '../../actor/call-options.ts';
import { readForeign } from '../../actor/errors.ts';
import type { Plan, PlanEdge } from './plan.ts';

// Pictures of a plan as text. Edges that only errors of nodes without an own way take are left out.

/** Escapes a name for a label of Mermaid: its own signs, and those of HTML, which it puts the label into. */
const mermaidText = (name: string) =>
  name.replace(/["#&<>`\\[\]{}()|\n\r]/g, char => `#${char.codePointAt(0)};`);

/** Returns the plan as a flowchart of Mermaid. https://mermaid.js.org/syntax/flowchart.html */
export function toMermaid(plan: Plan): string;
export function toMermaid(plan: Plan, ...extra: unknown[]): string {
  refuseArguments('toMermaid', extra);
  return readForeign('toMermaid: plan', () => drawMermaid(plan));
}

function drawMermaid(plan: Plan): string {
  const ids = idsOf(plan);
  const label = (...lines: string[]) => `"${lines.map(mermaidText).join('<br/>')}"`;
  const lines = plan.nodes.map(({ id, component }) => `${ids.get(id)}[${label(id, component)}]`);
  const rows = shownEdges(plan).map(
    ({ from, to, isInCycle }) =>
      `${ids.get(from.node)} ${isInCycle ? '==' : '--'} ${label(`${from.port} → ${to.port}`)} ${isInCycle ? '==>' : '-->'} ${ids.get(to.node)}`,
  );
  const inports = plan.inports.map(
    ({ name, node, port }, index) => `in${index}([${label(name)}]) -- ${label(port)} --> ${ids.get(node)}`,
  );
  const outports = shownOutports(plan).map(
    ({ name, node, port }, index) => `${ids.get(node)} -- ${label(port)} --> out${index}([${label(name)}])`,
  );
  const initial = plan.initial.map(
    ({ to }, index) => `init${index}(("•")) -- ${label(to.port)} --> ${ids.get(to.node)}`,
  );
  const groups = plan.groups.flatMap(({ id, nodes }, index) => [
    `subgraph group${index}[${label(id)}]`,
    ...nodes.map(node => `  ${ids.get(node)}`),
    'end',
  ]);
  const all = [...lines, ...groups, ...inports, ...initial, ...rows, ...outports];
  return ['flowchart LR', ...all.map(line => `  ${line}`), ''].join('\n');
}

const dotText = (name: string) => `"${name.replace(/["\\]/g, '\\$&').replace(/\r?\n|\r/g, '\\n')}"`;

/** Returns the plan in the language of Graphviz. https://graphviz.org/doc/info/lang.html */
export function toDot(plan: Plan): string;
export function toDot(plan: Plan, ...extra: unknown[]): string {
  refuseArguments('toDot', extra);
  return readForeign('toDot: plan', () => drawDot(plan));
}

function drawDot(plan: Plan): string {
  const ids = idsOf(plan);
  const nodes = plan.nodes.map(
    ({ id, component }) => `${ids.get(id)} [label=${dotText(`${id}\n${component}`)}]`,
  );
  const edges = shownEdges(plan).map(({ from, to, isInCycle }) => {
    const style = isInCycle ? ', style=bold' : '';
    return `${ids.get(from.node)} -> ${ids.get(to.node)} [label=${dotText(`${from.port} → ${to.port}`)}${style}]`;
  });
  const outside = (id: string, name: string) => `${id} [label=${dotText(name)}, shape=ellipse]`;
  const inports = plan.inports.flatMap(({ name, node, port }, index) => [
    outside(`in${index}`, name),
    `in${index} -> ${ids.get(node)} [label=${dotText(port)}]`,
  ]);
  const outports = shownOutports(plan).flatMap(({ name, node, port }, index) => [
    outside(`out${index}`, name),
    `${ids.get(node)} -> out${index} [label=${dotText(port)}]`,
  ]);
  const initial = plan.initial.flatMap(({ to }, index) => [
    `init${index} [label="", shape=point]`,
    `init${index} -> ${ids.get(to.node)} [label=${dotText(to.port)}]`,
  ]);
  const groups = plan.groups.flatMap(({ id, nodes }, index) => [
    `subgraph cluster${index} {`,
    `  label=${dotText(id)}`,
    ...nodes.map(node => `  ${ids.get(node)}`),
    '}',
  ]);
  const head = [`digraph ${dotText(plan.name)} {`, '  rankdir=LR', '  node [shape=box]'];
  const all = [...nodes, ...groups, ...inports, ...initial, ...edges, ...outports];
  return [...head, ...all.map(line => `  ${line}`), '}', ''].join('\n');
}

/** Names for the languages of pictures, which do not take every id. */
const idsOf = ({ nodes }: Plan): ReadonlyMap<string, string> =>
  new Map(nodes.map(({ id }, index) => [id, `n${index}`]));

const shownEdges = ({ edges }: Plan): PlanEdge[] => edges.filter(({ isFallback }) => !isFallback);
const shownOutports = ({ outports }: Plan) => outports.filter(({ isFallback }) => !isFallback);
