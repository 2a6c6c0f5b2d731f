import type { Message } from '../actor/message/message.ts';
import { messageOf, PlugboardError } from '../errors.ts';
import { Network } from '../network/network.ts';
import { printable } from '../values/printable.ts';
import { briefPackets } from './brief.ts';
import { sendByHand } from './by-hand.ts';
import { byId, html, setClass, show } from './dom.ts';
import { type DroppedFiles, readDropped, type Setup, setUp } from './dropped.ts';
import { Frames } from './frames.ts';
import { type Frame, MOST_ERRORS } from './picture.ts';
import { showView } from './view.ts';

// A page in which a network runs. Its policy lets nothing out. Files that a person drops make a network, which `Start` starts.

const TIMEOUT_MS = 10_000;
const FRAME_MS = 200;
/** Time from frame to frame, as a multiple of the time that a frame takes. */
const REST = 10;
const NOTHING: Frame = {
  drawing: { name: 'plugboard', nodes: [], edges: [], initial: [], left: 0 },
  phase: 'no graph',
  isPaused: false,
  nodes: [],
  edges: [],
  errors: [],
};

let files: DroppedFiles = new Map();
const choices = new Map<string, string>();
const edits = new Map<string, string>();
let network: Network | undefined;
let frames: Frames | undefined;
/** The latest messages that left the network, the latest first. */
let left: string[] = [];
let making: Promise<void> = Promise.resolve();

const change = showView({
  order: order => {
    network?.pace[order]();
    tell();
  },
  send: async (to, text) => {
    try {
      await sendByHand(network!, to, text);
    } catch (error) {
      throw new Error(textOf(error));
    }
  },
});

/** A network whose nodes find their modules among the files of the page. */
class PageNetwork extends Network {
  protected static override readonly readInside = (_: string, path: string) => readDropped(files, path);
}

/** Makes the network anew, after the one before has ended. */
function remake(): Promise<void> {
  making = making.then(async () => {
    await network?.stop({ drain: false });
    frames?.close();
    [network, frames, left] = [undefined, undefined, []];
    let problem = '';
    try {
      const setup = setUp(files, choices, edits);
      showSetup(setup);
      if (setup.graphs.length > 0) {
        network = await PageNetwork.create(setup.graphs.length > 1 ? setup.graphs : setup.graphs[0]!, {
          components: setup.components,
          actors: { timeoutMs: TIMEOUT_MS },
          pluginFolders: ['.'],
        });
        frames = new Frames(network);
        for (const [name, port] of Object.entries(network.outports)) void read(name, port);
      }
    } catch (error) {
      problem = textOf(error);
    }
    show(byId('problem'), problem);
    byId<HTMLButtonElement>('start').disabled = !network;
    change(frames?.first() ?? NOTHING);
    tell();
  });
  return making;
}

const textOf = (error: unknown): string =>
  error instanceof PlugboardError ? `${error.code}: ${error.message}` : messageOf(error);

/** Keeps the messages of a port. Readers of a network that has failed get its failure. */
async function read(name: string, port: AsyncIterable<Message>): Promise<void> {
  try {
    for await (const message of port)
      left = [briefPackets([{ [name]: message }]), ...left].slice(0, MOST_ERRORS);
  } catch (error) {
    show(byId('problem'), textOf(error));
  }
}

/** Shows the choices of a person: files for components, and initial packets. */
function showSetup({ needs, initial }: Setup): void {
  show(byId('given'), [...files.keys()].join(', '));
  const modules = needs.map(({ component, file }) => {
    const options = ['', ...files.keys()].map(name => html('option', { value: name }, name || 'no file'));
    const select = html('select', {}, ...options);
    select.value = file ?? '';
    setClass(select, 'error', file === undefined);
    select.addEventListener('change', () => {
      choices.set(component, select.value);
      void remake();
    });
    return html('label', {}, `${component} `, select);
  });
  const packets = initial.map(({ id, to, text }) => {
    const input = html('input', { size: 40, spellcheck: 'false', value: printable(text) });
    input.addEventListener('change', () => {
      edits.set(id, input.value);
      void remake();
    });
    return html('label', { title: printable(id) }, `${to} `, input);
  });
  for (const [id, labels] of [
    ['modules', modules],
    ['initial', packets],
  ] as const) {
    byId(id).hidden = labels.length === 0;
    keepFocus(byId(id), labels);
  }
}

/** Replaces the labels of a group. The one with the focus hands it to its successor. */
function keepFocus(group: HTMLElement, labels: readonly HTMLLabelElement[]): void {
  const index = [...group.querySelectorAll('label')].findIndex(label =>
    label.contains(document.activeElement),
  );
  for (const label of group.querySelectorAll('label')) label.remove();
  group.append(...labels);
  labels[index]?.querySelector<HTMLElement>('input, select')?.focus();
}

async function take(given: Iterable<File>): Promise<void> {
  const read = [...given].map(async file => [file.name, new Uint8Array(await file.arrayBuffer())] as const);
  files = new Map([...files, ...(await Promise.all(read))]);
  await remake();
}

async function start(): Promise<void> {
  if (network?.phase !== 'created') await remake();
  network?.start();
  show(byId('start'), 'Start again');
}

function tell(): void {
  const frame = frames?.next();
  if (frame) change(frame);
  byId('out').hidden = left.length === 0;
  byId('out-list').replaceChildren(...left.map(text => html('li', {}, text)));
}

function tick(): void {
  const startMs = performance.now();
  tell();
  setTimeout(tick, Math.max(FRAME_MS, REST * (performance.now() - startMs)));
}

const input = byId<HTMLInputElement>('files');
input.addEventListener('change', () => void take(input.files ?? []));
byId('clear').addEventListener('click', () => {
  files = new Map();
  for (const chosen of [choices, edits]) chosen.clear();
  input.value = '';
  void remake();
});
byId('start').addEventListener('click', () => void start());
addEventListener('dragover', event => event.preventDefault());
addEventListener('drop', event => {
  event.preventDefault();
  void take(event.dataTransfer?.files ?? []);
});
byId('setup').hidden = false;
byId('start').hidden = false;
void remake();
tick();
