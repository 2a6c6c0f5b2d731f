import { Message } from '../../src/actor/index.ts';
import {
  againOf,
  type Delivery,
  type Engine,
  initialOf,
  type NodeSession,
} from '../../src/network/engine/engine.ts';
import { MemoryEngine } from '../../src/network/engine/memory-engine.ts';
import type { Plan } from '../../src/network/index.ts';
import { planOf, stepOf } from '../contract/engine.ts';
import { equal, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';

// Runs random schedules of sessions against a model: lists of packets, and how far each node has read them. Engines in memory and in
// journals need no clock, as `withoutClock` shows; the leases of NATS have a clock of their own in lease-simulation.ts.

const TRACE = { causes: [], hops: 0 };

/** Makes a plan of two to five nodes without a cycle. The last node leads out. */
function randomPlan(random: Random): Plan {
  const nodes = 'abcde'.slice(0, 2 + random.below(4)).split('');
  const lines = ['> go -> a.in', `${nodes.at(-1)}.out -> end >`];
  for (const [index, node] of nodes.entries()) {
    if (random.below(3) === 0) lines.push(`${100 + index} -> ${node}.in`);
    for (const other of nodes.slice(index + 1))
      if (random.below(2) === 0) lines.push(`${node}.${random.pick(['out', 'more'])} -> ${other}.in`);
  }
  return planOf(...new Set(lines));
}

/** Makes engines, and lets their processes die. */
export interface Engines {
  create(plan: Plan): Promise<Engine>;
  /** Ends the process of an engine, and returns the next one on the same storage. */
  crash(engine: Engine, plan: Plan): Promise<Engine>;
  /** As `crash`, by a power cut. Returns the number of commits that are left, too. */
  cut?(engine: Engine, plan: Plan, random: Random): Promise<{ engine: Engine; commits: number }>;
}

/** The memory is the storage: a process that dies in it is one whose sessions nobody closes. */
const inMemory: Engines = {
  create: async plan => {
    const engine = new MemoryEngine({ capacity: 1_000_000 });
    await engine.open(plan);
    return engine;
  },
  crash: async engine => engine,
};

/** The model of a node: its committed record, and the session of now. */
interface ModelNode {
  session: NodeSession;
  /** Packets of each source that a committed step has read. */
  read: Map<string, number>;
  /** Steps that were committed, kept in the state. */
  steps: number;
  taken: Delivery[];
}

class Model {
  readonly plan: Plan;
  engine!: Engine;
  readonly nodes = new Map<string, ModelNode>();
  /** Every packet that ever came, by source. */
  readonly sources = new Map<string, number[]>();
  readonly #engines: Engines;
  readonly #random: Random;
  #next = 1000;
  /** Returns to the moment after each commit; that before the first is the first. */
  readonly #moments: (() => void)[] = [];

  constructor(random: Random, engines: Engines) {
    this.#random = random;
    this.#engines = engines;
    this.plan = randomPlan(random);
  }

  async open(): Promise<void> {
    this.engine = await this.#engines.create(this.plan);
    for (const { id } of this.plan.nodes) {
      const node = { read: new Map<string, number>(), steps: 0, taken: [] };
      this.nodes.set(id, { ...node, session: await this.engine.own({ node: id }) });
    }
    this.#remember();
  }

  async send(): Promise<void> {
    await this.engine.send('go', Message.integer(this.#next));
    this.#put('> go', this.#next++);
    this.#remember();
  }

  /** Sends a packet to a port that has an initial one, if there is any. */
  async sendTo(): Promise<void> {
    if (this.plan.initial.length === 0) return;
    const { to } = this.#random.pick(this.plan.initial);
    await this.engine.sendTo(to, Message.integer(this.#next));
    this.#put(againOf(to.node, to.port), this.#next++);
    this.#remember();
  }

  async take(id: string): Promise<void> {
    const node = this.nodes.get(id)!;
    const most = 1 + this.#random.below(4);
    const left = this.#left(id);
    const controller = new AbortController();
    const taking = node.session.take(most, controller.signal);
    if (left === 0) {
      controller.abort(new Error('nothing'));
      await raises(() => taking, { message: 'nothing' });
      return;
    }
    const got = await taking;
    equal(got.length, Math.min(most, left), `packets of ${id}`);
    for (const { source, position, message } of got) {
      const before = node.taken.filter(other => other.source === source).length;
      const at = this.#readOf(id, source) + before;
      equal(position, at + 1, `position of ${id}`);
      equal(message.data, this.#of(id, source)[at], `packet of ${id}`);
      node.taken.push(
        ...got.filter(delivery => delivery.source === source && delivery.position === position),
      );
    }
  }

  /** Commits some of the packets that were taken, as one step. */
  async commit(id: string): Promise<void> {
    const node = this.nodes.get(id)!;
    const read = node.taken.splice(0, this.#random.below(node.taken.length + 1));
    const ports = Array.from({ length: this.#random.below(3) }, () => this.#random.pick(['out', 'more']));
    const packets = ports.map(port => ({ port, value: this.#next++ }));
    const sent = packets.map(({ port, value }) => ({ port, message: Message.integer(value), trace: TRACE }));
    node.steps++;
    await node.session.commit(stepOf(read, { state: new Map([['steps', node.steps]]), sent }));
    for (const { source } of read) node.read.set(source, this.#readOf(id, source) + 1);
    for (const { port, value } of packets) {
      for (const { id: edge, from } of this.plan.edges)
        if (from.node === id && from.port === port) this.#put(edge, value);
      for (const out of this.plan.outports) if (out.node === id && out.port === port) this.#put('end', value);
    }
    this.#remember();
  }

  /** Another session takes the node over. The old one may still try to commit. */
  async fence(id: string): Promise<void> {
    const node = this.nodes.get(id)!;
    const { session: old, taken } = node;
    await this.#begin(id);
    if (this.#random.below(2) === 0) {
      const sent = [{ port: 'out', message: Message.integer(-1), trace: TRACE }];
      await raises(() => old.commit(stepOf(taken, { sent })), { code: 'NODE_FENCED' });
    }
  }

  /** Begins a session, whose record is that of the model. */
  async #begin(id: string): Promise<void> {
    const node = this.nodes.get(id)!;
    const session = await this.engine.own({ node: id });
    this.nodes.set(id, { ...node, session, taken: [] });
    // A node that only packets were sent to may have a record, too.
    const state = session.record?.state as Map<string, unknown> | undefined;
    equal(Number(state?.get('steps') ?? 0), node.steps, `record of ${id}`);
  }

  /** The process ends, or the power is cut. */
  async crash(): Promise<void> {
    const isCut = this.#random.below(2) === 0;
    const left = isCut ? await this.#engines.cut?.(this.engine, this.plan, this.#random) : undefined;
    if (left) {
      const { engine, commits } = left;
      this.engine = engine;
      this.#moments.length = commits + 1;
      this.#moments[commits]!();
    } else this.engine = await this.#engines.crash(this.engine, this.plan);
    for (const id of this.nodes.keys()) await this.#begin(id);
  }

  /** Reads all packets that are left, and compares the packets that left the network. */
  async finish(): Promise<void> {
    for (const id of this.nodes.keys()) {
      await this.fence(id);
      while (this.#left(id) > 0) await this.take(id);
    }
    const out = this.sources.get('end') ?? [];
    const got: number[] = [];
    const reading = this.engine.receive('end')[Symbol.asyncIterator]();
    while (got.length < out.length) got.push((await reading.next()).value!.message.data as number);
    equal(got, out, 'packets that left the network');
    await this.engine.close();
  }

  #remember(): void {
    const nodes = [...this.nodes].map(([id, { read, steps }]) => ({ id, read: new Map(read), steps }));
    const sources = [...this.sources].map(([source, values]) => [source, values.length] as const);
    this.#moments.push(() => {
      for (const { id, read, steps } of nodes)
        this.nodes.set(id, { ...this.nodes.get(id)!, read: new Map(read), steps });
      const lengths = new Map(sources);
      for (const [source, values] of this.sources)
        this.sources.set(source, values.slice(0, lengths.get(source) ?? 0));
    });
  }

  #put(source: string, value: number): void {
    this.sources.set(source, [...(this.sources.get(source) ?? []), value]);
  }

  #of(id: string, source: string): number[] {
    if (source !== initialOf('in')) return this.sources.get(source) ?? [];
    return this.plan.initial.filter(({ to }) => to.node === id).map(({ data }) => data as number);
  }

  #readOf(id: string, source: string): number {
    return this.nodes.get(id)!.read.get(source) ?? 0;
  }

  /** Packets of a node that the session has not taken. */
  #left(id: string): number {
    const edges = this.plan.edges.filter(({ to }) => to.node === id).map(edge => edge.id);
    const sources = [initialOf('in'), againOf(id, 'in'), ...(id === 'a' ? ['> go'] : []), ...edges];
    const all = sources.reduce(
      (sum, source) => sum + this.#of(id, source).length - this.#readOf(id, source),
      0,
    );
    return all - this.nodes.get(id)!.taken.length;
  }
}

/** Runs one schedule. @throws with the seed */
export async function checkSchedule(seed: number, engines: Engines = inMemory): Promise<void> {
  const random = new Random(seed);
  const model = new Model(random, engines);
  try {
    await model.open();
    for (let action = 0; action < 60; action++) {
      const id = random.pick([...model.nodes.keys()]);
      const how = random.below(20);
      if (how < 3) await model.send();
      else if (how < 4) await model.sendTo();
      else if (how < 10) await model.take(id);
      else if (how < 16) await model.commit(id);
      else if (how < 18) await model.fence(id);
      else await model.crash();
    }
    await model.finish();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

/** Runs `body` while each look at a clock, and each timer that is set, throws. */
export async function withoutClock(body: () => Promise<void>): Promise<void> {
  const clocks: readonly (readonly [object, string])[] = [
    [Date, 'now'],
    [performance, 'now'],
    ...['setTimeout', 'setInterval', 'setImmediate'].map(name => [globalThis, name] as const),
  ];
  const before = clocks.map(
    ([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)] as const,
  );
  for (const [owner, name] of clocks)
    Object.defineProperty(owner, name, {
      configurable: true,
      get: () => {
        throw new Error(`${name} is used`);
      },
    });
  try {
    await body();
  } finally {
    for (const [owner, name, descriptor] of before)
      if (descriptor) Object.defineProperty(owner, name, descriptor);
      else Reflect.deleteProperty(owner, name);
  }
}
