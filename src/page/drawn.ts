import { setClass, show, svg } from './dom.ts';
import { HEAD, layOut, type Place, type Point, ROW } from './layout.ts';
import { activityOf, type Drawing, type DrawnEdge, type DrawnNode, type Picture } from './picture.ts';

/** Shows a picture in the elements that were made for its drawing. */
export type Update = (picture: Picture) => void;

/** Most characters of a name in the drawing. The table has the whole name. */
const MOST_CHARACTERS = { id: 24, component: 28, port: 12, own: 13 };

/** Pixels that a line goes sideways, at least, before it turns. */
const BEND = 24;

/** Below it names cannot be read. */
const LEAST_SCALE = 0.75;

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
  // A wide network is made smaller, down to a size at which it can be read. The tables say the same to screen readers.
  const element = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  element.style.minWidth = `${LEAST_SCALE * width}px`;
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
  // Above the nodes, so that no count is hidden.
  const labels = svg('g');
  const updates = [
    ...drawing.edges.map(edge => drawEdge(element, labels, edge, edges.get(edge.id)!)),
    ...drawing.nodes.map(node => {
      const place = nodes.get(node.id)!;
      return node.kind === 'node' ? drawNode(element, node, place, onChoose) : drawPort(element, node, place);
    }),
  ];
  element.append(labels);
  return {
    element,
    update: picture => {
      for (const update of updates) update(picture);
    },
  };
}

function drawEdge(
  parent: Element,
  labels: Element,
  { id, isFallback }: DrawnEdge,
  points: readonly Point[],
): Update {
  const { x, y } = middleOf(points);
  const [sent, queued] = [svg('text', { x, y: y - 6 }), svg('text', { x, y: y + 15, class: 'queued' })];
  labels.append(svg('g', { class: 'count' }, sent, queued));
  const group = svg(
    'g',
    { class: isFallback ? 'edge fallback' : 'edge' },
    svg('path', { d: curve(points), 'marker-end': 'url(#arrow)' }),
  );
  parent.append(group);
  return ({ edges }) => {
    const view = edges.get(id);
    if (!view) return;
    show(sent, view.sent > 0 ? `${view.sent}` : '');
    show(queued, view.packets > 0 ? `${view.packets} queued` : '');
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

/** Returns a line from the right side of a node to the left side of another. Between them an edge that leads back goes to the left. */
function curve(points: readonly Point[]): string {
  const isBack = points.some(({ x }, index) => index > 0 && x < points[index - 1]!.x);
  const [first, ...rest] = points as [Point, ...Point[]];
  const directionAt = (point: Point) => (isBack && point !== first && point !== rest.at(-1) ? -1 : 1);
  let from = first;
  const parts = rest.map(to => {
    const reach = isBack ? BEND : Math.max(BEND, Math.abs(to.x - from.x) / 2);
    const [begin, end] = [from.x + directionAt(from) * reach, to.x - directionAt(to) * reach];
    const part = `C${begin} ${from.y} ${end} ${to.y} ${to.x} ${to.y}`;
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
