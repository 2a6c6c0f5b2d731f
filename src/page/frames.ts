import { writeJson } from '../actor/json/writer.ts';
import { Message } from '../actor/message/message.ts';
import { toWire } from '../actor/message/wire.ts';
import { excerpt } from '../errors.ts';
import type { NetworkHappened } from '../network/events.ts';
import type { Network } from '../network/network.ts';
import { brief, briefPackets } from './brief.ts';
import {
  type Drawing,
  type DrawnEdge,
  type DrawnNode,
  type DrawnPacket,
  type EdgeView,
  type ErrorView,
  type Frame,
  INPORT,
  MOST_ERRORS,
  type NodeView,
} from './picture.ts';

/** A larger network cannot be read as a picture, and would be too much for a page. */
const MOST_NODES = 500;
const MOST_EDGES = 2000;

/** Initial packets, and the characters of one, that a page gets. */
const MOST_INITIAL = 500;
const MOST_INITIAL_CHARACTERS = 4000;

const MOST_ERROR_CHARACTERS = 300;

type Texts = Pick<NodeView, 'input' | 'output' | 'error'>;
type Step = Extract<NetworkHappened, { type: 'step' }>;

/** Watches a network, and makes frames of it. Holds one packet of each node between two frames, and texts of bounded length. */
export class Frames {
  readonly #network: Network;
  readonly #drawing: Drawing;
  readonly #drawn: ReadonlySet<string>;
  readonly #end: () => void;
  /** The latest step of each node since the frame before. */
  readonly #steps = new Map<string, Step>();
  readonly #failures = new Map<string, string>();
  readonly #texts = new Map<string, Texts>();
  #errors: ErrorView[] = [];
  /** The errors of all frames, the latest first. */
  #allErrors: ErrorView[] = [];
  /** The latest view of each node and edge, as JSON. */
  #told = new Map<string, string>();
  #head = '';

  constructor(network: Network) {
    this.#network = network;
    this.#drawing = drawingOf(network);
    const { nodes, edges } = this.#drawing;
    this.#drawn = new Set([...nodes, ...edges].map(({ id }) => id));
    this.#end = network.subscribe(event => this.#hear(event), { packets: true });
  }

  /** Returns a frame with all that a picture shows. Changes since the latest `next` stay for the next one. */
  first(): Frame {
    return { drawing: this.#drawing, ...this.#phase(), ...this.#views(), errors: this.#allErrors };
  }

  /** Returns the changes since the call before; undefined if there are none. */
  next(): Frame | undefined {
    this.#write();
    const { nodes, edges } = this.#views();
    const [before, told] = [this.#told, new Map<string, string>()];
    const isNew = (kind: string) => (view: NodeView | EdgeView) => {
      const [key, text] = [`${kind} ${view.id}`, JSON.stringify(view)];
      told.set(key, text);
      return before.get(key) !== text;
    };
    const changed = { nodes: nodes.filter(isNew('node')), edges: edges.filter(isNew('edge')) };
    this.#told = told;
    const [head, errors] = [JSON.stringify(this.#phase()), this.#errors];
    if (changed.nodes.length + changed.edges.length + errors.length === 0 && head === this.#head)
      return undefined;
    this.#head = head;
    this.#errors = [];
    this.#allErrors = [...errors, ...this.#allErrors].slice(0, MOST_ERRORS);
    return { ...this.#phase(), ...changed, errors };
  }

  /** Ends the watching. */
  close(): void {
    this.#end();
  }

  #hear(event: NetworkHappened): void {
    if (event.type === 'step') this.#steps.set(event.node, event);
    else if (event.type === 'failed') {
      const text = errorText(event.code, event.message);
      this.#failures.set(event.node, text);
      this.#errors.unshift({ atMs: event.atMs, node: event.node, text });
    } else if (event.type === 'dead') {
      const { atMs, node, port, code, error } = event;
      const text = errorText(code, error);
      // The failure of this step, which was told just before.
      const [last] = this.#errors;
      if (last?.node === node && last.text === text) this.#errors.shift();
      this.#errors.unshift({ atMs, node, text: `${text} (dead letter of port ${port})` });
    }
    this.#errors.length = Math.min(this.#errors.length, MOST_ERRORS);
  }

  /** Makes texts of the steps that were heard. */
  #write(): void {
    for (const [node, { code, input = {}, output = [] }] of this.#steps) {
      const error = code === null ? '' : (this.#failures.get(node) ?? code);
      this.#texts.set(node, { input: briefPackets([input]), output: briefPackets(output), error });
    }
    this.#steps.clear();
    this.#failures.clear();
  }

  #phase(): Pick<Frame, 'phase' | 'isPaused'> {
    return { phase: this.#network.phase, isPaused: this.#network.pace.isPaused };
  }

  #views(): { nodes: NodeView[]; edges: EdgeView[] } {
    const { nodes, edges } = this.#network.look();
    const shown = nodes.filter(({ id }) => this.#drawn.has(id));
    const ways = edges.filter(({ source }) => this.#drawn.has(source));
    return {
      nodes: shown.map(({ id, steps, failures, isBusy, state, waiting }) => {
        const { input = '', output = '', error = '' } = this.#texts.get(id) ?? {};
        const joins = Object.entries(waiting).map(([port, count]) => `${port}: ${count}`);
        const texts = { state: brief(state), waiting: joins.join(', '), input, output, error };
        return { id, steps, failures, isBusy, ...texts };
      }),
      edges: ways.map(({ source, latest, packets, bytes }) => ({ id: source, sent: latest, packets, bytes })),
    };
  }
}

const errorText = (code: string, message: string): string =>
  `${code}: ${excerpt(message, MOST_ERROR_CHARACTERS)}`;

function packetOf({ to, data }: Network['plan']['initial'][number]): DrawnPacket {
  const text = writeJson(toWire(Message.from(data), ['message']));
  return { ...to, text: text.length > MOST_INITIAL_CHARACTERS ? '' : text };
}

/** Ports of the network are drawn as nodes. */
function drawingOf(network: Network): Drawing {
  const { name, nodes, edges, initial, inports, outports } = network.plan;
  const ports = network.ports();
  const isFallback = false;
  const inside: DrawnEdge[] = edges.map(({ id, from, to, isFallback }) => ({ id, from, to, isFallback }));
  const entries = inports.map(({ name, node, port }): DrawnEdge => {
    const id = INPORT + name;
    return { id, from: { node: id, port: '' }, to: { node, port }, isFallback };
  });
  const exits = outports.map(({ name, node, port, isFallback }): DrawnEdge => {
    return {
      id: `${node}.${port} > ${name}`,
      from: { node, port },
      to: { node: `${name} >`, port: '' },
      isFallback,
    };
  });
  const all = [...entries, ...inside, ...exits];
  const used = new Map(
    nodes.map(({ id }) => [id, { inports: new Set<string>(), outports: new Set<string>() }]),
  );
  for (const { from, to } of all) {
    used.get(from.node)?.outports.add(from.port);
    used.get(to.node)?.inports.add(to.port);
  }
  for (const { to } of initial) used.get(to.node)!.inports.add(to.port);
  const drawn = nodes.map(({ id, component }, index): DrawnNode => {
    const { inports, outports } = used.get(id)!;
    const own = ports[index]!;
    return {
      id,
      kind: 'node',
      component,
      inports: [...new Set([...own.inports, ...inports])],
      outports: [...new Set([...own.outports, ...outports])],
    };
  });
  const port = (id: string, kind: 'inport' | 'outport', ends: 'inports' | 'outports'): DrawnNode => {
    return { id, kind, component: '', inports: [], outports: [], [ends]: [''] };
  };
  const own = [
    ...[...new Set(entries.map(({ from }) => from.node))].map(id => port(id, 'inport', 'outports')),
    ...[...new Set(exits.map(({ to }) => to.node))].map(id => port(id, 'outport', 'inports')),
  ];
  const shown = [...drawn.slice(0, MOST_NODES), ...own.slice(0, MOST_NODES)];
  const ids = new Set(shown.map(({ id }) => id));
  const ways = all.filter(({ from, to }) => ids.has(from.node) && ids.has(to.node)).slice(0, MOST_EDGES);
  const packets = initial.filter(({ to }) => ids.has(to.node)).slice(0, MOST_INITIAL);
  const left = drawn.length + own.length - shown.length + (all.length - ways.length);
  return { name, nodes: shown, edges: ways, initial: packets.map(packetOf), left };
}
