import { excerpt } from '../errors.ts';
import { html, setClass, show } from './dom.ts';
import type { Update } from './drawn.ts';
import {
  activityOf,
  type Drawing,
  type DrawnNode,
  type DrawnPacket,
  type EdgeView,
  type NodeView,
  type Picture,
} from './picture.ts';

/** Most characters of an initial packet in its row. The field has all of them. */
const MOST_PACKET_CHARACTERS = 80;

interface Column<View> {
  readonly title: string;
  readonly isNumber?: true;
  /** Marks the cell as an error while it has a text but `0`. */
  readonly isError?: true;
  text(view: View, picture: Picture): string;
}

const NODE_COLUMNS: readonly Column<NodeView>[] = [
  { title: 'Activity', text: (view, picture) => activityOf(picture, view) },
  { title: 'Steps', isNumber: true, text: ({ steps }) => String(steps) },
  { title: 'Failed', isNumber: true, isError: true, text: ({ failures }) => String(failures) },
  { title: 'Latest packet in', text: ({ input }) => input },
  { title: 'Latest packets out', text: ({ output }) => output },
  { title: 'State', text: ({ state }) => (state === '{}' ? '' : state) },
  { title: 'Waits at join', text: ({ waiting }) => waiting },
  { title: 'Error of latest step', isError: true, text: ({ error }) => error },
];

const EDGE_COLUMNS: readonly Column<EdgeView>[] = [
  { title: 'Packets', isNumber: true, text: ({ sent }) => String(sent) },
  { title: 'Queued', isNumber: true, text: ({ packets }) => String(packets) },
  { title: 'Queued bytes', isNumber: true, text: ({ bytes }) => String(bytes) },
];

/**
 * Returns the rows of the nodes, with a function that focuses the row of one.
 * @param onEdit called with an initial packet that a person wants to change
 */
export function nodeTable(
  drawing: Drawing,
  onEdit: (packet: DrawnPacket) => void,
): {
  element: HTMLTableElement;
  update: Update;
  focus(node: string): void;
} {
  const nodes = drawing.nodes.filter(({ kind }) => kind === 'node');
  const packetsOf = ({ id }: DrawnNode) =>
    drawing.initial
      .filter(({ node }) => node === id)
      .map(packet => {
        const { port, text } = packet;
        const button = html('button', { type: 'button' }, `Edit ${port}`);
        button.addEventListener('click', () => onEdit(packet));
        return html(
          'div',
          {},
          `${port}: ${text === '' ? 'too long to show' : excerpt(text, MOST_PACKET_CHARACTERS)} `,
          button,
        );
      });
  const hasInitial = drawing.initial.length > 0;
  const heads = nodes.map(node => ({
    id: node.id,
    names: [node.id, node.component, ...(hasInitial ? [html('div', {}, ...packetsOf(node))] : [])],
  }));
  const { element, update, rows } = table(
    'Nodes',
    ['Node', 'Component', ...(hasInitial ? ['Initial packets'] : [])],
    NODE_COLUMNS,
    heads,
    picture => picture.nodes,
  );
  return { element, update, focus: node => rows.get(node)?.focus() };
}

/** Returns the rows of the edges. */
export function edgeTable(drawing: Drawing): { element: HTMLTableElement; update: Update } {
  const end = ({ node, port }: { node: string; port: string }) => (port === '' ? node : `${node}.${port}`);
  const heads = drawing.edges.map(({ id, from, to }) => ({ id, names: [end(from), end(to)] }));
  return table('Edges', ['From', 'To'], EDGE_COLUMNS, heads, picture => picture.edges);
}

function table<View>(
  caption: string,
  titles: readonly string[],
  columns: readonly Column<View>[],
  heads: readonly { readonly id: string; readonly names: readonly (string | Element)[] }[],
  viewsOf: (picture: Picture) => ReadonlyMap<string, View>,
) {
  const rows = new Map<string, HTMLTableRowElement>();
  const numbers = (column: Column<View>) => (column.isNumber ? { class: 'number' } : {});
  const top = [
    ...titles.map(title => html('th', { scope: 'col' }, title)),
    ...columns.map(column => html('th', { scope: 'col', ...numbers(column) }, column.title)),
  ];
  const updates = heads.map(({ id, names }) => {
    const cells = columns.map(column => html('td', numbers(column)));
    const [name = '', ...others] = names;
    const row = html(
      'tr',
      { tabindex: -1 },
      html('th', { scope: 'row' }, name),
      ...others.map(text => html('td', {}, text)),
      ...cells,
    );
    rows.set(id, row);
    return (picture: Picture) => {
      const view = viewsOf(picture).get(id);
      if (!view) return;
      columns.forEach((column, index) => {
        const text = column.text(view, picture);
        show(cells[index]!, text);
        if (column.isError) setClass(cells[index]!, 'error', text !== '' && text !== '0');
      });
    };
  });
  const element = html(
    'table',
    {},
    html('caption', {}, caption),
    html('thead', {}, html('tr', {}, ...top)),
    html('tbody', {}, ...rows.values()),
  );
  const update = (picture: Picture) => {
    for (const each of updates) each(picture);
  };
  return { element, update, rows };
}
