import { setClass, show, svg } from './dom.ts';
import { HEAD, layOut, type Place, type Point, ROW } from './layout.ts';
import {
  activityOf,
  countsOf,
  type Drawing,
  type DrawnEdge,
  type DrawnNode,
  type Picture,
} from './picture.ts';

/** Shows a picture in the elements that were made for its drawing. */
export type Update = (picture: Picture) => void;

/** Most characters of a name in the drawing. The table has the whole name. */
const MOST_CHARACTERS = { id: 24, component: 28, port: 12, own: 13 };

const shorten = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};

/** Draws the nodes and edges of a network. @param onChoose called with the node that is clicked */
export function draw(
  drawing: Drawing,
  onChoose: (node: string) => void,
): { element: SVGElement; update: Update } {
  const { width, height, nodes, edges } = layOut(drawing);
  // The tables say the same to screen readers.
  const element = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  const arrow = svg('path', { d: 'M0 0 L8 4 L0 8 z', class: 'arrow' });
  const marker = {
    id: 'arrow',
    viewBox: '0 0 8 8',
    refX: 8,
    refY: 4,
    markerWidth: 8,
    markerHeight: 8,
    orient: 'auto',
  };
  element.append(svg('defs', {}, svg('marker', { ...marker, markerUnits: 'userSpaceOnUse' }, arrow)));
  const updates = [
    ...drawing.edges.map(edge => drawEdge(element, edge, edges.get(edge.id)!)),
    ...drawing.nodes.map(node => {
      const place = nodes.get(node.id)!;
      return node.kind === 'node' ? drawNode(element, node, place, onChoose) : drawPort(element, node, place);
    }),
  ];
  return {
    element,
    update: picture => {
      for (const update of updates) update(picture);
    },
  };
}

function drawEdge(parent: Element, { id, isFallback }: DrawnEdge, points: readonly Point[]): Update {
  const path = svg('path', { d: curve(points), 'marker-end': 'url(#arrow)' });
  const { x, y } = middleOf(points);
  const label = svg('text', { x, y: y - 6, class: 'count' });
  const group = svg('g', { class: isFallback ? 'edge fallback' : 'edge' }, path, label);
  parent.append(group);
  return ({ edges }) => {
    const view = edges.get(id);
    if (!view) return;
    show(label, view.sent === 0 ? '' : countsOf(view));
    setClass(group, 'queued', view.packets > 0);
  };
}

function drawNode(
  parent: Element,
  { id, component, inports, outports }: DrawnNode,
  { x, y, width, height }: Place,
  onChoose: (node: string) => void,
): Update {
  const activity = svg('text', { x: 12, y: 56, class: 'activity' });
  const names = (ports: readonly string[], end: 'in' | 'out') =>
    ports.flatMap((port, index) => {
      const at = { x: end === 'in' ? 0 : width, y: HEAD + ROW * index };
      const text = { x: end === 'in' ? 10 : width - 10, y: at.y + 4, class: `port ${end}` };
      return [
        svg('circle', { cx: at.x, cy: at.y, r: 4 }),
        svg('text', text, shorten(port, MOST_CHARACTERS.port)),
      ];
    });
  const group = svg(
    'g',
    { class: 'node', transform: `translate(${x} ${y})` },
    svg('title', {}, `${id}: ${component}`),
    svg('rect', { width, height, rx: 8 }),
    svg('text', { x: 12, y: 22, class: 'name' }, shorten(id, MOST_CHARACTERS.id)),
    svg('text', { x: 12, y: 39, class: 'component' }, shorten(component, MOST_CHARACTERS.component)),
    activity,
    ...names(inports, 'in'),
    ...names(outports, 'out'),
  );
  group.addEventListener('click', () => onChoose(id));
  parent.append(group);
  return picture => {
    const view = picture.nodes.get(id);
    if (!view) return;
    const { steps, failures, isBusy, error } = view;
    const failed = failures > 0 ? `, ${failures} failed` : '';
    show(activity, `${activityOf(picture, view)} · ${steps} ${steps === 1 ? 'step' : 'steps'}${failed}`);
    setClass(group, 'busy', isBusy);
    setClass(group, 'failed', error !== '');
  };
}

function drawPort(parent: Element, { id, kind }: DrawnNode, { x, y, width, height }: Place): Update {
  const name = shorten(id.replace(/^> | >$/g, ''), MOST_CHARACTERS.own);
  parent.append(
    svg(
      'g',
      { class: `own ${kind}`, transform: `translate(${x} ${y})` },
      svg('title', {}, id),
      svg('rect', { width, height, rx: height / 2 }),
      svg('text', { x: width / 2, y: height / 2 + 5 }, name),
    ),
  );
  return () => {};
}

/** Returns a line through points that leaves each of them sideways. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  let from = first;
  const parts = rest.map(to => {
    const reach = Math.max(24, Math.abs(to.x - from.x) / 2);
    // The part of an edge that leads back goes from right to left.
    const sign = to.x < from.x && from !== first && to !== rest.at(-1) ? -1 : 1;
    const part = `C${from.x + sign * reach} ${from.y} ${to.x - sign * reach} ${to.y} ${to.x} ${to.y}`;
    from = to;
    return part;
  });
  return `M${first.x} ${first.y} ${parts.join(' ')}`;
}

function middleOf(points: readonly Point[]): Point {
  const at = points.length / 2;
  const [one, other] = [points[Math.ceil(at) - 1]!, points[Math.floor(at)]!];
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
