import { DurableEngine } from '../../src/network/durable-object/durable-engine.ts';
import {
  type DurableNetwork,
  type DurableNetworkOptions,
  durableNetwork,
} from '../../src/network/durable-object/index.ts';
import type { DurableState, DurableStorage, SqlValue } from '../../src/network/durable-object/storage.ts';
import { SQL, Tables } from '../../src/network/durable-object/tables.ts';
import type { Engine } from '../../src/network/engine/engine.ts';
import type { MemoryEngineOptions } from '../../src/network/engine/memory-engine.ts';
import type { GraphInput, Plan } from '../../src/network/index.ts';
import type { Engines } from './engine-model.ts';

type Row = Record<string, SqlValue>;

/** The storage of a Durable Object, without SQLite: it knows the statements of the tables. `npm run test:durable` has the real one. */
export class FakeStorage implements DurableStorage {
  log: Row[] = [];
  readonly sources = new Map<string, number>();
  outbox: { seq: number; target: string; packet: string; traceparent: string | null }[] = [];
  alarmMs: number | null = null;
  /** Thrown by the next write to the log. */
  failure: Error | undefined;
  #self: string | undefined;
  #seq = 0;
  #undo: (() => void)[] = [];
  #depth = 0;

  readonly #statements: Record<string, (...given: never[]) => unknown> = {
    [SQL.self]: () => (this.#self === undefined ? [] : [{ id: this.#self }]),
    [SQL.setSelf]: (id: string) => {
      this.#self = id;
    },
    [SQL.log]: () => this.log,
    [SQL.append]: (node: string | null, bytes: Uint8Array) => {
      const failure = this.failure;
      this.failure = undefined;
      if (failure) throw failure;
      const { log } = this;
      this.log.push({ node, bytes: bytes.slice().buffer as ArrayBuffer });
      this.#undo.push(() => log.pop());
    },
    [SQL.clear]: () => {
      const { log } = this;
      this.log = [];
      this.#undo.push(() => {
        this.log = log;
      });
    },
    [SQL.latest]: (name: string) => (this.sources.has(name) ? [{ latest: this.sources.get(name)! }] : []),
    [SQL.setLatest]: (name: string, latest: number) => {
      const before = this.sources.get(name);
      this.sources.set(name, latest);
      this.#undo.push(() =>
        before === undefined ? this.sources.delete(name) : this.sources.set(name, before),
      );
    },
    [SQL.put]: (target: string, packet: string, traceparent: string | null) => {
      const { outbox } = this;
      outbox.push({ seq: ++this.#seq, target, packet, traceparent });
      this.#undo.push(() => outbox.pop());
    },
    [SQL.sizes]: () =>
      [...new Set(this.outbox.map(({ target }) => target))].map(target => {
        const own = this.outbox.filter(row => row.target === target);
        return {
          target,
          packets: own.length,
          characters: own.reduce((sum, { packet }) => sum + packet.length, 0),
        };
      }),
    [SQL.next]: (target: string, after: number, most: number) =>
      this.outbox.filter(row => row.target === target && row.seq > after).slice(0, most),
    [SQL.remove]: (target: string, upTo: number) => {
      this.outbox = this.outbox.filter(row => row.target !== target || row.seq > upTo);
    },
  };

  readonly sql = {
    exec: (query: string, ...bindings: unknown[]): Iterable<Row> => {
      if (SQL.tables.includes(query)) return [];
      return (this.#statements[query]!(...(bindings as never[])) as Row[] | undefined) ?? [];
    },
  };

  transactionSync<T>(action: () => T): T {
    if (this.#depth === 0) this.#undo = [];
    const before = this.#undo.length;
    this.#depth++;
    try {
      return action();
    } catch (error) {
      for (const undo of this.#undo.splice(before).reverse()) undo();
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Takes the content of the storage of a process that has died, and lets that process write no more. */
  take(old: FakeStorage): void {
    this.log = [...old.log];
    for (const [name, latest] of old.sources) this.sources.set(name, latest);
    this.outbox = [...old.outbox];
    this.alarmMs = old.alarmMs;
    this.#self = old.#self;
    this.#seq = old.#seq;
    old.sql.exec = () => {
      throw new Error('the process is gone');
    };
  }

  async sync(): Promise<void> {}

  async getAlarm(): Promise<number | null> {
    return this.alarmMs;
  }

  async setAlarm(atMs: number): Promise<void> {
    this.alarmMs = atMs;
  }
}

/** Engines, each on a storage of its own. */
export class DurableEngines implements Engines {
  readonly #makeStorage: () => DurableStorage;
  readonly #kept = new Map<Engine, { storage: DurableStorage; options: MemoryEngineOptions }>();

  constructor(makeStorage: () => DurableStorage = () => new FakeStorage()) {
    this.#makeStorage = makeStorage;
  }

  create(plan: Plan, options: MemoryEngineOptions = { capacity: 1_000_000 }): Promise<DurableEngine> {
    return this.open(this.#makeStorage(), plan, options);
  }

  async open(storage: DurableStorage, plan: Plan, options: MemoryEngineOptions = {}): Promise<DurableEngine> {
    const hooks = { onChange: () => {}, onFail: () => {} };
    const engine = new DurableEngine(new Tables(storage), options, hooks);
    await engine.open(plan);
    this.#kept.set(engine, { storage, options });
    return engine;
  }

  storageOf(engine: Engine): DurableStorage {
    return this.#kept.get(engine)!.storage;
  }

  /** The process dies. Nothing writes to its storage any more. */
  async crash(engine: Engine, plan: Plan): Promise<DurableEngine> {
    const { storage, options } = this.#kept.get(engine)!;
    this.#kept.delete(engine);
    const next = await this.open(storage, plan, options);
    (engine as DurableEngine).fail(new Error('the process is gone'));
    return next;
  }
}

/** A class that stands for `DurableObject`. */
class Base {
  readonly ctx: DurableState;
  readonly env: unknown;
  constructor(ctx: DurableState, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

type Made = DurableNetwork & Base;

interface Running {
  readonly object: Made;
  readonly ready: Promise<unknown>;
}

/** Objects by name, as a namespace of Cloudflare has them. */
export class FakeNamespace {
  readonly storages = new Map<string, FakeStorage>();
  /** Reasons with which objects have ended themselves. */
  readonly aborted: string[] = [];
  /** Called before each `deliver` reaches its object, and after it. May throw. */
  before: (name: string) => unknown = () => {};
  after: (name: string) => unknown = () => {};
  readonly #running = new Map<string, Running>();
  readonly #Class: new (
    ctx: DurableState,
    env: unknown,
  ) => Made;
  readonly #env: object;

  constructor(graph: GraphInput, options: DurableNetworkOptions, env: object = {}) {
    this.#Class = durableNetwork(Base, graph, options);
    this.#env = env;
  }

  storageOf(name: string): FakeStorage {
    const storage = this.storages.get(name) ?? new FakeStorage();
    this.storages.set(name, storage);
    return storage;
  }

  async object(name: string): Promise<Made> {
    let running = this.#running.get(name);
    if (!running) {
      let ready: Promise<unknown> = Promise.resolve();
      const state: DurableState = {
        id: { name },
        storage: this.storageOf(name),
        blockConcurrencyWhile: action => {
          const result = action();
          ready = result;
          return result;
        },
        abort: (reason = '') => {
          if (this.#running.get(name) !== own) return;
          this.aborted.push(reason);
          this.kill(name);
        },
      };
      const own: Running = { object: new this.#Class(state, this.#env), ready };
      running = own;
      this.#running.set(name, own);
    }
    try {
      await running.ready;
    } catch (error) {
      this.#running.delete(name);
      throw error;
    }
    return running.object;
  }

  /** The process of an object dies: its storage stays, and the old object writes no more. */
  kill(name: string): void {
    const { storages } = this;
    this.#running.delete(name);
    const old = storages.get(name);
    if (!old) return;
    const next = new FakeStorage();
    next.take(old);
    storages.set(name, next);
  }

  idFromName(name: string): string {
    return name;
  }

  get(name: unknown): Pick<DurableNetwork, 'deliver'> {
    return {
      deliver: async (source, items) => {
        await this.before(String(name));
        const taken = await (await this.object(String(name))).deliver(source, items);
        await this.after(String(name));
        return taken;
      },
    };
  }
}
