import { byId, html, setClass, show } from './dom.ts';
import { draw, type Update } from './drawn.ts';
import { type Drawing, EMPTY, type Frame, type Picture, reduce } from './picture.ts';
import { edgeTable, nodeTable } from './tables.ts';

// The page of a running network. Its address ends with the token, so that all its requests are relative.

const RETRY_MS = 2000;

let picture: Picture = EMPTY;
let updates: readonly Update[] = [];

function change(by: Frame | 'lost'): void {
  const { drawing } = picture;
  picture = reduce(picture, by);
  // A page that connects again keeps its elements, and so the place of the keyboard.
  if (picture.drawing && JSON.stringify(picture.drawing) !== JSON.stringify(drawing)) build(picture.drawing);
  for (const update of [...updates, updateHead, updateErrors]) update(picture);
}

function build(drawing: Drawing): void {
  const nodes = nodeTable(drawing);
  const edges = edgeTable(drawing);
  const drawn = draw(drawing, nodes.focus);
  show(document.querySelector('title')!, `${drawing.name}: plugboard`);
  show(byId('name'), drawing.name);
  show(
    byId('left'),
    drawing.left > 0 ? `The network is large: ${drawing.left} nodes and edges are left out.` : '',
  );
  byId('drawing').replaceChildren(drawn.element);
  byId('tables').replaceChildren(
    html('div', { class: 'wide' }, nodes.element),
    html('div', { class: 'wide' }, edges.element),
  );
  updates = [drawn.update, nodes.update, edges.update];
}

const updateHead: Update = ({ phase, isPaused, isLive }) => {
  const now = isPaused && phase === 'running' ? 'paused' : phase;
  show(byId('phase'), isLive || phase === 'stopped' ? now : 'not connected');
  setClass(byId('phase'), 'error', !isLive && phase !== 'stopped');
  show(byId('pause'), isPaused ? 'Resume' : 'Pause');
  const isOver = !isLive || phase === 'stopping' || phase === 'stopped';
  byId<HTMLButtonElement>('pause').disabled = isOver;
  byId<HTMLButtonElement>('step').disabled = isOver || !isPaused;
};

const updateErrors: Update = ({ errors }) => {
  byId('errors').hidden = errors.length === 0;
  const items = errors.map(({ atMs, node, text }) =>
    html('li', {}, html('time', {}, new Date(atMs).toLocaleTimeString()), ` ${node}: ${text}`),
  );
  byId('error-list').replaceChildren(...items);
};

function listen(): void {
  const source = new EventSource('events');
  source.onmessage = ({ data }) => change(JSON.parse(data) as Frame);
  source.onerror = () => {
    change('lost');
    // A network that ended comes no more. A refused page tries again, but slower than the browser would.
    source.close();
    if (picture.phase !== 'stopped') setTimeout(listen, RETRY_MS);
  };
}

async function order(name: string): Promise<void> {
  await fetch(name, { method: 'POST' }).catch(() => change('lost'));
}

byId('pause').addEventListener('click', () => void order(picture.isPaused ? 'resume' : 'pause'));
byId('step').addEventListener('click', () => void order('step'));
listen();
