import { Message } from '../../src/actor/index.ts';
import { type Component, type GraphInput, Network, type NetworkOptions } from '../../src/network/index.ts';

export const int = (value: number) => Message.integer(value);
export const end = (text: string) => ({ nodeId: text.split('.')[0], portId: text.split('.')[1] });

/** A graph of edges such as `a.out -> b.in`, `> go -> a.in` and `b.out -> end >`. Each node is its own component. */
export function graphOf(lines: readonly string[], more: object = {}): GraphInput {
  const split = lines.map(line => line.split(' -> ') as [string, string]);
  const isNode = (text: string) => text.includes('.');
  const nodes = [
    ...new Set(
      split
        .flat()
        .filter(isNode)
        .map(text => text.split('.')[0]!),
    ),
  ];
  const exposed = (rows: [name: string, text: string][]) =>
    Object.fromEntries(rows.map(([name, text]) => [name.replace(/[> ]/g, ''), end(text)]));
  return {
    properties: { name: 'test' },
    processes: Object.fromEntries(nodes.map(id => [id, { component: id }])),
    connections: split.flatMap(([from, to]) =>
      isNode(from) && isNode(to) ? [{ from: end(from), to: end(to) }] : [],
    ),
    inports: exposed(split.filter(([from]) => from.startsWith('>'))),
    outports: exposed(split.filter(([, to]) => to.endsWith('>')).map(([from, to]) => [to, from])),
    ...more,
  };
}

export const createNetwork = (
  lines: readonly string[],
  components: { [name: string]: Component },
  options: NetworkOptions = {},
  more: object = {},
) => Network.create(graphOf(lines, more), { ...options, components });
