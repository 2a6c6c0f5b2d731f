import { DurableObject } from 'cloudflare:workers';
import { Message } from '../../src/actor/index.ts';
import { type DurableNetwork, durableNetwork, type Forward } from '../../src/network/durable-object/index.ts';
import type { DurableState, DurableStorage } from '../../src/network/durable-object/storage.ts';
import { SQL } from '../../src/network/durable-object/tables.ts';
import type { Component, ComponentFunction } from '../../src/network/index.ts';
import { engineContract } from '../contract/engine.ts';
import type { Test } from '../helpers/suite.ts';
import { KILL_GRAPH } from '../nats/kill-graph.ts';
import { DurableEngines } from '../network/durable-objects.ts';
import { checkSchedule } from '../network/engine-model.ts';

// The Worker of `npm run test:durable`. Front is the network of the kill suite, and all that leaves it goes to Back.

/** Counts its packets in its state, and sends each count with the value that came, and with the count before it. */
const Count: ComponentFunction = (packet, { state }) => {
  const count = Number(state.get('count') ?? 0) + 1;
  state.set('count', count);
  const { data } = packet.in!;
  const { value = data, count: before = 0 } = Object(data) as { value?: unknown; count?: unknown };
  return { out: Message.object({ count, value: Number(value), before: Number(before) }) };
};
const network = { components: { Count } };
const to = (port: string): Forward => ({ binding: 'Back', port });
const forward = { first: to('first'), last: to('last') };
const end = (nodeId: string, portId: string) => ({ nodeId, portId });
/** Counts once more, so that an object that reads shows its own order too. */
const BACK_GRAPH = {
  properties: { name: 'back' },
  processes: { a: { component: 'Count' }, b: { component: 'Count' } },
  inports: { first: end('a', 'in'), last: end('b', 'in') },
  outports: { first: end('a', 'out'), last: end('b', 'out') },
};

export class Front extends durableNetwork(DurableObject, KILL_GRAPH, { network, forward }) {}
export class Back extends durableNetwork(DurableObject, BACK_GRAPH, { network }) {}

/** Sends its message on, fails, or keeps a text of so many bytes. */
const Long: ComponentFunction = ({ echo, keep }, { state }) => {
  if (echo) return { out: echo };
  if (!keep) throw new Error('it fails');
  state.set('text', 'x'.repeat(Number(keep.data)));
  return [];
};
const LONG_GRAPH = {
  properties: { name: 'long' },
  processes: { a: { component: 'Long' } },
  inports: { echo: end('a', 'echo'), fail: end('a', 'fail'), keep: end('a', 'keep') },
  outports: { out: end('a', 'out') },
};
export class LongResults extends durableNetwork(DurableObject, LONG_GRAPH, {
  network: { components: { Long } },
}) {}

let isHeld = false;
/** As Count, but waits for ever in a process that was sent packets, so that they are there when it is killed. */
const Held: Component = (packet, context) => (isHeld ? new Promise<never>(() => {}) : Count(packet, context));
export class HeldFront extends durableNetwork(DurableObject, KILL_GRAPH, {
  network: { components: { Count: Held }, capacity: 10_000 },
  forward,
}) {
  override deliver(...given: Parameters<DurableNetwork['deliver']>): Promise<number> {
    isHeld = true;
    return super.deliver(...given);
  }
}

/** A class whose objects write otherwise than they should: the controls that must fail. */
function damaged(
  exec: (storage: DurableStorage) => DurableStorage['sql']['exec'],
): new (
  ctx: DurableState,
  env: unknown,
) => object {
  class Base {}
  const Inner = durableNetwork(Base as new (state: DurableState, env: unknown) => Base, KILL_GRAPH, {
    network,
    forward,
  });
  return class extends DurableObject {
    readonly #inner: DurableNetwork;
    constructor(ctx: DurableState, env: unknown) {
      super(ctx, env);
      const { storage } = ctx;
      const state: DurableState = {
        id: ctx.id,
        storage: {
          sql: { exec: exec(storage) },
          transactionSync: action => storage.transactionSync(action),
          sync: () => storage.sync(),
          getAlarm: () => storage.getAlarm(),
          setAlarm: atMs => storage.setAlarm(atMs),
        },
        blockConcurrencyWhile: action => ctx.blockConcurrencyWhile(action),
        abort: reason => ctx.abort(reason),
      };
      this.#inner = new Inner(state, env);
    }
    deliver(...given: Parameters<DurableNetwork['deliver']>) {
      return this.#inner.deliver(...given);
    }
    alarm() {
      return this.#inner.alarm();
    }
  };
}

/** Forgets which packets a source has delivered. */
export const Doubling = damaged(
  ({ sql }) =>
    (query, ...given) =>
      query === SQL.setLatest ? [] : sql.exec(query, ...given),
);

const LATE_MS = 300;
/** Writes the log later than all else, and not in one transaction with it. */
export const Losing = damaged(({ sql }) => (query, ...given) => {
  if (query !== SQL.append && query !== SQL.clear) return sql.exec(query, ...given);
  setTimeout(() => sql.exec(query, ...given), LATE_MS);
  return [];
});

const SCHEDULES = 20;

/** Runs the contract of engines on the SQLite of workerd. Each test has an object, whose tables engines take in turn. */
export class Contract extends DurableObject {
  readonly #storage: DurableStorage & { deleteAll(): Promise<void> };
  constructor(ctx: { storage: DurableStorage & { deleteAll(): Promise<void> } }, env: unknown) {
    super(ctx, env);
    this.#storage = ctx.storage;
  }

  #tests(): [name: string, body: () => unknown][] {
    const tests: [name: string, body: () => unknown][] = [];
    const add = (name: string, body: () => unknown) => void tests.push([name, body]);
    const test: Test = Object.assign(add, {
      row: (_: string | readonly string[], name: string, body: () => unknown) => add(name, body),
      skip: () => {},
    });
    const engines = new DurableEngines(() => this.#emptyStorage());
    engineContract(test, {
      create: (plan, options = {}) => engines.create(plan, options),
      crash: (engine, plan) => engines.crash(engine, plan),
    });
    const seed = Date.now() & 0xffff_ffff;
    add('random schedules of take, commit, fence and crash lose and double nothing', async () => {
      for (let at = seed; at < seed + SCHEDULES; at++) await checkSchedule(at, engines);
    });
    return tests;
  }

  #emptyStorage(): DurableStorage {
    const { sql } = this.#storage;
    for (const table of ['log', 'sources', 'outbox', 'self'])
      sql.exec(`DROP TABLE IF EXISTS plugboard_${table}`);
    return this.#storage;
  }

  names(): string[] {
    return this.#tests().map(([name]) => name);
  }

  async run(name: string): Promise<string> {
    try {
      await this.#tests().find(([known]) => known === name)![1]();
      return 'passed';
    } catch (error) {
      return String((error as Error).stack);
    }
  }
}

interface Call {
  readonly binding: string;
  readonly name: string;
  readonly method: string;
  readonly given: readonly unknown[];
}

type Env = Record<
  string,
  { idFromName(name: string): unknown; get(id: unknown): Record<string, (...given: unknown[]) => unknown> }
>;

export default {
  /** Calls the method of an object that the body names. */
  async fetch(request: Request, env: Env): Promise<Response> {
    const { binding, name, method, given } = (await request.json()) as Call;
    const namespace = env[binding]!;
    try {
      const stub = namespace.get(namespace.idFromName(name));
      return Response.json((await stub[method]!(...given)) ?? null);
    } catch (error) {
      return new Response(String((error as Error).message), { status: 500 });
    }
  },
};
