import type { Drawing, DrawnNode, End } from './picture.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The place of a node: its upper left corner, and its size. */
export interface Place extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Layout extends Pick<Place, 'width' | 'height'> {
  readonly nodes: ReadonlyMap<string, Place>;
  /** The points that each edge passes, from port to port. */
  readonly edges: ReadonlyMap<string, readonly Point[]>;
}

/** Pixels. The first port stands `HEAD` below the upper side of its node, each further one `ROW` lower. */
export const HEAD = 74;
export const ROW = 18;
const WIDTH = { node: 210, inport: 110, outport: 110, bend: 40 };
const GAP = { x: 100, y: 24 };
const MARGIN = 40;
const SWEEPS = 6;

/** A node in its column. Long edges have a bend in each column that they pass. */
interface Item {
  readonly kind: DrawnNode['kind'] | 'bend';
  readonly column: number;
  readonly height: number;
  readonly before: Item[];
  readonly after: Item[];
  row: number;
}

/** Places nodes in columns, so that edges lead from left to right, but those that close a cycle. */
export function layOut({ nodes, edges }: Pick<Drawing, 'nodes' | 'edges'>): Layout {
  const columns = columnsOf(nodes, edges);
  const items = new Map(
    nodes.map(node => [node.id, newItem(node.kind, columns.get(node.id)!, heightOf(node))] as const),
  );
  const grid = Array.from({ length: 1 + Math.max(-1, ...columns.values()) }, (): Item[] => []);
  const add = (item: Item) => void grid[item.column]!.push(item);
  for (const item of items.values()) add(item);
  const bends = new Map<string, Item[]>();
  for (const { id, from, to } of edges) {
    const [first, last] = [items.get(from.node)!, items.get(to.node)!];
    if (last.column <= first.column) continue;
    const passed = Array.from({ length: last.column - first.column - 1 }, (_, index) =>
      newItem('bend', first.column + index + 1, ROW),
    );
    passed.forEach(add);
    bends.set(id, passed);
    [first, ...passed].forEach((item, index) => {
      const next = passed[index] ?? last;
      item.after.push(next);
      next.before.push(item);
    });
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) for (const column of grid) sort(column, sweep % 2 === 0);
  return place(nodes, edges, items, grid, bends);
}

/** Returns the column of each node: after those before it. In a cycle some node has to be the first. */
function columnsOf(nodes: Drawing['nodes'], edges: Drawing['edges']): Map<string, number> {
  const columns = new Map<string, number>();
  const open = new Map(nodes.map(({ id }) => [id, 0]));
  const from = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { from: begin, to } of edges) {
    from.get(begin.node)!.push(to.node);
    open.set(to.node, open.get(to.node)! + 1);
  }
  const least = new Map(nodes.map(({ id }) => [id, 0]));
  const ready = nodes.filter(({ id }) => open.get(id) === 0).map(({ id }) => id);
  const pick = () => {
    const left = nodes.filter(({ id }) => !columns.has(id));
    return (left.find(({ id }) => least.get(id)! > 0) ?? left[0])?.id;
  };
  for (let id = ready.shift() ?? pick(); id !== undefined; id = ready.shift() ?? pick()) {
    columns.set(id, least.get(id)!);
    for (const to of from.get(id)!) {
      if (columns.has(to)) continue;
      least.set(to, Math.max(least.get(to)!, least.get(id)! + 1));
      open.set(to, open.get(to)! - 1);
      if (open.get(to) === 0) ready.push(to);
    }
  }
  return columns;
}

const newItem = (kind: Item['kind'], column: number, height: number): Item => ({
  kind,
  column,
  height,
  before: [],
  after: [],
  row: 0,
});

const heightOf = ({ kind, inports, outports }: DrawnNode): number =>
  kind === 'node' ? HEAD + ROW * Math.max(inports.length, outports.length) + 4 : 34;

/** Puts the items of a column near the middle of their neighbours, so that few edges cross. */
function sort(column: Item[], isForth: boolean): void {
  const wanted = new Map(
    column.map((item, row) => {
      const near = isForth ? item.before : item.after;
      return [item, near.length === 0 ? row : near.reduce((sum, { row }) => sum + row, 0) / near.length];
    }),
  );
  column.sort((one, other) => wanted.get(one)! - wanted.get(other)!);
  column.forEach((item, row) => {
    item.row = row;
  });
}

function place(
  nodes: Drawing['nodes'],
  edges: Drawing['edges'],
  items: ReadonlyMap<string, Item>,
  grid: readonly (readonly Item[])[],
  bends: ReadonlyMap<string, readonly Item[]>,
): Layout {
  const places = new Map<Item, Place>();
  const heights = grid.map(column => column.reduce((sum, { height }) => sum + height + GAP.y, -GAP.y));
  const height = Math.max(0, ...heights);
  let x = MARGIN;
  grid.forEach((column, index) => {
    const width = Math.max(...column.map(({ kind }) => WIDTH[kind]));
    let y = MARGIN + (height - heights[index]!) / 2;
    for (const item of column) {
      const own = WIDTH[item.kind];
      places.set(item, { x: x + (width - own) / 2, y, width: own, height: item.height });
      y += item.height + GAP.y;
    }
    x += width + GAP.x;
  });
  const byId = new Map(nodes.map(node => [node.id, { node, place: places.get(items.get(node.id)!)! }]));
  const middle = (item: Item): Point => {
    const { x, y, width, height } = places.get(item)!;
    return { x: x + width / 2, y: y + height / 2 };
  };
  const end = ({ node: id, port }: End, isOut: boolean): Point => {
    const { node, place } = byId.get(id)!;
    const row = (isOut ? node.outports : node.inports).indexOf(port);
    const y = node.kind === 'node' ? HEAD + ROW * row : place.height / 2;
    return { x: place.x + (isOut ? place.width : 0), y: place.y + y };
  };
  let floor = MARGIN + height;
  const lines = edges.map(({ id, from, to }) => {
    const [begin, stop] = [end(from, true), end(to, false)];
    const passed = bends.get(id);
    if (passed) return [id, [begin, ...passed.map(middle), stop]] as const;
    // An edge that leads back goes below all nodes, each on a way of its own.
    floor += GAP.y;
    const back = [
      { x: begin.x + GAP.x / 3, y: floor },
      { x: stop.x - GAP.x / 3, y: floor },
    ];
    return [id, [begin, ...back, stop]] as const;
  });
  const sizes = new Map([...byId].map(([id, { place }]) => [id, place]));
  return {
    width: Math.max(x - GAP.x, MARGIN) + MARGIN,
    height: floor + MARGIN,
    nodes: sizes,
    edges: new Map(lines),
  };
}
