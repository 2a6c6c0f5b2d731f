import { messageOf } from '../errors.ts';
import { printable } from '../values/printable.ts';
import { byId, html, setClass, show } from './dom.ts';
import { draw, type Update } from './drawn.ts';
import {
  type Drawing,
  type DrawnPacket,
  EMPTY,
  type Frame,
  inportsOf,
  type Picture,
  reduce,
  type Target,
} from './picture.ts';
import { edgeTable, nodeTable } from './tables.ts';

export type Order = 'pause' | 'resume' | 'step';

/** The ways from a page to its network. */
export interface Controls {
  order(order: Order): void;
  /** Resolves when the message is on its way. @throws {Error} with the reason */
  send(to: Target, text: string): Promise<void>;
}

/** Makes the parts of a page that show a network. Returns a function that changes the picture. */
export function showView({ order, send }: Controls): (change: Frame | 'lost') => void {
  let picture: Picture = EMPTY;
  let updates: readonly Update[] = [];
  const targeted = () => targetsOf(picture.drawing!)[byId<HTMLSelectElement>('port').selectedIndex]!;
  byId('port').addEventListener('change', () => begin(targeted()));
  byId('pause').addEventListener('click', () => order(picture.isPaused ? 'resume' : 'pause'));
  byId('step').addEventListener('click', () => order('step'));
  byId('send').addEventListener('submit', event => {
    event.preventDefault();
    const { value: text } = byId<HTMLInputElement>('message');
    showResult('on its way …', false);
    send(targeted(), text).then(
      () => showResult('sent', false),
      (error: unknown) => showResult(messageOf(error), true),
    );
  });
  return change => {
    const { drawing } = picture;
    picture = reduce(picture, change);
    // A page that connects again keeps its elements, and so the place of the keyboard.
    if (
      picture.drawing &&
      picture.drawing !== drawing &&
      JSON.stringify(picture.drawing) !== JSON.stringify(drawing)
    )
      updates = build(picture.drawing);
    for (const update of [...updates, updateHead, updateErrors]) update(picture);
  };
}

/** The ports that a person can send to, in the order of the options. */
const targetsOf = (drawing: Drawing): readonly (Target | DrawnPacket)[] => [
  ...inportsOf(drawing).map(port => ({ port })),
  ...drawing.initial,
];

/** Begins a message to a port. An initial packet is in the field then, to be changed and sent again. */
function begin(target: Target | DrawnPacket | undefined): void {
  if (target && 'text' in target) byId<HTMLInputElement>('message').value = printable(target.text);
  showResult('', false);
}

function build(drawing: Drawing): readonly Update[] {
  const targets = targetsOf(drawing);
  const nodes = nodeTable(drawing, packet => {
    byId<HTMLSelectElement>('port').selectedIndex = targets.indexOf(packet);
    begin(packet);
    byId('message').focus();
  });
  const edges = edgeTable(drawing);
  const drawn = draw(drawing, nodes.focus);
  show(document.querySelector('title')!, `${drawing.name}: plugboard`);
  show(byId('name'), drawing.name);
  show(
    byId('left'),
    drawing.left > 0 ? `The network is large: ${drawing.left} nodes and edges are left out.` : '',
  );
  byId('drawing').hidden = byId('tables').hidden = drawing.nodes.length === 0;
  byId('drawing').replaceChildren(drawn.element);
  byId('send').hidden = targets.length === 0;
  const nameOf = ({ node, port }: Target) => (node === undefined ? port : `${node}.${port} (initial packet)`);
  byId('port').replaceChildren(...targets.map(target => html('option', {}, nameOf(target))));
  begin(targets[0]);
  byId('tables').replaceChildren(
    html('div', { class: 'wide' }, nodes.element),
    html('div', { class: 'wide' }, edges.element),
  );
  return [drawn.update, nodes.update, edges.update];
}

function showResult(text: string, isError: boolean): void {
  show(byId('result'), text);
  setClass(byId('result'), 'error', isError);
  byId('message').setAttribute('aria-invalid', String(isError));
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
