import { writeJson } from '../../src/actor/index.ts';
import { PlugboardError } from '../../src/errors.ts';
import { Network, type Plan, toDot, toMermaid } from '../../src/network/index.ts';
import type { Random } from '../helpers/random.ts';
import { WORKSPACE, WRITTEN } from '../network/graphs.ts';
import type { Target } from './target.ts';

/** Graph files, and the name of a component that is made of the first of them. */
interface Graphs {
  readonly texts: readonly string[];
  readonly subgraph: string | null;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const FILES = Object.values({ ...WORKSPACE, WRITTEN }) as unknown as Json[];
const NAMES = [
  '',
  'a',
  'b',
  'tick',
  'error',
  'nodeId',
  'node_id',
  'to',
  '__proto__',
  'constructor',
  'A',
  'in[0]',
  '/',
];
const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  [],
  {},
  [[]],
  { type: 'array' },
  'any',
];

/** Makes one change at a random place of a value. */
function change(value: Json, random: Random): Json {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || random.below(8) === 0) return random.pick([...VALUES, ...NAMES]);
  const key = random.pick(keys);
  const members = value as { [key: string]: Json };
  const copy = (Array.isArray(value) ? [...value] : { ...members }) as { [key: string]: Json };
  const how = random.below(10);
  if (how === 0) Array.isArray(copy) ? copy.splice(Number(key), 1) : delete copy[key];
  else if (how === 1)
    Array.isArray(copy) ? copy.push(copy[Number(key)]!) : setKey(copy, random.pick(NAMES), members[key]!);
  else if (how === 2) copy[key] = random.pick(keys.map(other => members[other]!));
  else copy[key] = change(members[key]!, random);
  return copy as Json;
}

const setKey = (object: object, key: string, value: Json) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

/** Changes one character of a text. */
function changeText(text: string, random: Random): string {
  const at = random.below(text.length);
  const put = random.pick(['', '"', '{', ']', ',', ':', '0', 'é', '\\', '\ud800', ' ']);
  return text.slice(0, at) + put + text.slice(at + random.below(3));
}

function makeText(random: Random): string {
  let value = random.pick(FILES);
  for (let changes = random.below(4); changes > 0; changes--) value = change(value, random);
  const text = JSON.stringify(value);
  return random.below(6) === 0 ? changeText(text, random) : text;
}

/** Every end of the plan is a node of the plan, and the plan can be written. */
function checkPlan(plan: Plan): void {
  const nodes = new Set(plan.nodes.map(({ id }) => id));
  const ends = [
    ...plan.edges.flatMap(({ from, to }) => [from, to]),
    ...plan.initial.map(({ to }) => to),
    ...plan.inports,
    ...plan.outports,
  ].map(({ node }) => node);
  const inside = [...plan.groups.flatMap(group => group.nodes), ...plan.cycles.flat()];
  const lost = [...ends, ...inside].find(node => !nodes.has(node));
  if (lost !== undefined) throw new Error(`the plan has no node ${lost}`);
  if (new Set(plan.edges.map(({ id }) => id)).size !== plan.edges.length)
    throw new Error('two edges have one id');
  writeJson(plan);
  toMermaid(plan);
  toDot(plan);
}

export const graph: Target<Graphs> = {
  name: 'graph',
  make: random => ({
    texts: Array.from({ length: random.pick([1, 1, 2, 3]) }, () => makeText(random)),
    subgraph: random.pick([null, null, 'A', 'TickActor', 'GrindActor']),
  }),
  check: ({ texts, subgraph }) => {
    const input = texts.length === 1 ? texts[0]! : texts;
    const components = subgraph === null ? {} : { [subgraph]: { graph: texts[0]! } };
    let plan: Plan;
    try {
      plan = Network.plan(input, { components });
    } catch (error) {
      if (error instanceof PlugboardError) return;
      throw error;
    }
    checkPlan(plan);
  },
};
