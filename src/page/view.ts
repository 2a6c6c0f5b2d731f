import { messageOf } from '../errors.ts';
import { byId, html, setClass, show } from './dom.ts';
import { draw, type Update } from './drawn.ts';
import { type Drawing, EMPTY, type Frame, inportsOf, type Picture, reduce } from './picture.ts';
import { edgeTable, nodeTable } from './tables.ts';

export type Order = 'pause' | 'resume' | 'step';

/** The ways from a page to its network. */
export interface Controls {
  order(order: Order): void;
  /** Resolves when the message is on its way. @throws {Error} with the reason */
  send(port: string, text: string): Promise<void>;
}

/** Makes the parts of a page that show a network. Returns a function that changes the picture. */
export function showView({ order, send }: Controls): (change: Frame | 'lost') => void {
  let picture: Picture = EMPTY;
  let updates: readonly Update[] = [];
  byId('pause').addEventListener('click', () => order(picture.isPaused ? 'resume' : 'pause'));
  byId('step').addEventListener('click', () => order('step'));
  byId('send').addEventListener('submit', event => {
    event.preventDefault();
    const [port, text] = [byId<HTMLSelectElement>('port').value, byId<HTMLInputElement>('message').value];
    showResult('on its way …', false);
    send(port, text).then(
      () => showResult('sent', false),
      (error: unknown) => showResult(messageOf(error), true),
    );
  });
  return change => {
    const { drawing } = picture;
    picture = reduce(picture, change);
    // A page that connects again keeps its elements, and so the place of the keyboard.
    if (picture.drawing && JSON.stringify(picture.drawing) !== JSON.stringify(drawing))
      updates = build(picture.drawing);
    for (const update of [...updates, updateHead, updateErrors]) update(picture);
  };
}

function build(drawing: Drawing): readonly Update[] {
  const nodes = nodeTable(drawing);
  const edges = edgeTable(drawing);
  const drawn = draw(drawing, nodes.focus);
  const ports = inportsOf(drawing);
  show(document.querySelector('title')!, `${drawing.name}: plugboard`);
  show(byId('name'), drawing.name);
  show(
    byId('left'),
    drawing.left > 0 ? `The network is large: ${drawing.left} nodes and edges are left out.` : '',
  );
  byId('drawing').hidden = byId('tables').hidden = drawing.nodes.length === 0;
  byId('drawing').replaceChildren(drawn.element);
  byId('send').hidden = ports.length === 0;
  byId('port').replaceChildren(...ports.map(port => html('option', { value: port }, port)));
  showResult('', false);
  byId('tables').replaceChildren(
    html('div', { class: 'wide' }, nodes.element),
    html('div', { class: 'wide' }, edges.element),
  );
  return [drawn.update, nodes.update, edges.update];
}

function showResult(text: string, isError: boolean): void {
  show(byId('result'), text);
  setClass(byId('result'), 'error', isError);
}

const updateHead: Update = ({ phase, isPaused, isLive, nodes }) => {
  const now = isPaused && phase === 'running' ? 'paused' : phase;
  show(byId('phase'), isLive || phase === 'stopped' ? now : 'not connected');
  setClass(byId('phase'), 'error', !isLive && phase !== 'stopped');
  show(byId('pause'), isPaused ? 'Resume' : 'Pause');
  const isOver = !isLive || nodes.size === 0 || phase === 'stopping' || phase === 'stopped';
  byId<HTMLButtonElement>('pause').disabled = isOver;
  byId<HTMLButtonElement>('step').disabled = isOver || !isPaused;
  byId<HTMLButtonElement>('put').disabled = isOver;
};

const updateErrors: Update = ({ errors }) => {
  byId('errors').hidden = errors.length === 0;
  const items = errors.map(({ atMs, node, text }) =>
    html('li', {}, html('time', {}, new Date(atMs).toLocaleTimeString()), ` ${node}: ${text}`),
  );
  byId('error-list').replaceChildren(...items);
};
