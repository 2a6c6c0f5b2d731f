import { Message } from '../../actor/message/message.ts';
import type { Plan } from '../plan/plan.ts';
import type { Entry } from './channel.ts';
import { initialOf, type NodeRecord, type Trace } from './engine.ts';

const NO_TRACE: Trace = { causes: [], hops: 0 };

/**
 * Returns the initial packets of a plan, by their nodes. Each port counts its own: after a change of the graph the others keep their
 * positions.
 */
export function initialEntries({ initial }: Plan): [node: string, entry: Entry][] {
  const counts = new Map<string, number>();
  return initial.map(({ to: { node, port }, data }, index) => {
    const key = JSON.stringify([node, port]);
    const position = (counts.get(key) ?? 0) + 1;
    counts.set(key, position);
    const delivery = {
      source: initialOf(port),
      position,
      port,
      message: Message.from(data),
      trace: NO_TRACE,
    };
    // Before the packets that an earlier process has left, too.
    return [node, { delivery, bytes: 0, number: index - initial.length, channel: null }];
  });
}

/** Returns a record with positions for each port. Older logs have one position of a node, in the list of the whole plan. */
export function withPorts(node: string, record: NodeRecord, { initial: all }: Plan): NodeRecord {
  const { initial, ...others } = record.positions;
  if (initial === undefined) return record;
  const positions: { [source: string]: number } = others;
  for (const { to } of all.slice(0, initial)) {
    const source = initialOf(to.port);
    if (to.node === node && !Object.hasOwn(record.positions, source))
      positions[source] = (positions[source] ?? 0) + 1;
  }
  return { ...record, positions };
}
