import type { Engine } from '../../src/network/engine/engine.ts';
import type { MemoryEngineOptions } from '../../src/network/engine/memory-engine.ts';
import type { Plan } from '../../src/network/index.ts';
import type { Client, NatsConnection } from '../../src/network/nats/jet-stream.ts';
import { NatsLog } from '../../src/network/nats/nats-log.ts';
import { NatsLoggedEngine } from '../../src/network/nats/nats-logged-engine.ts';
import { type NatsEngineOptions, readNatsOptions } from '../../src/network/nats/nats-options.ts';
import { NatsWorker, type Seams } from '../../src/network/nats/nats-worker.ts';
import type { Engines } from './engine-model.ts';

export interface Connection extends NatsConnection {
  close(): Promise<void>;
}

/** A server, real or not. */
export interface NatsServer {
  connect(): Promise<Connection>;
  readonly client: Client;
}

/**
 * The parts of an engine that tests replace.
 * @param log makes its log, or true for one that appends without comparing: the control that must fail
 */
export const seamsOf = (
  { client }: Pick<NatsServer, 'client'>,
  log: Seams['makeLog'] | boolean = false,
): Seams => ({
  load: async () => client,
  ...(log === true && { makeLog: (...given) => new UncheckedLog(...given) }),
  ...(typeof log === 'function' && { makeLog: log }),
});

/** The settings of engines of tests. */
export const settingsOf = (options: NatsEngineOptions) =>
  readNatsOptions({ leaseMs: 2000, onWarning: () => {}, ...options });

/** An engine whose client is given. */
export class TestEngine extends NatsLoggedEngine {
  readonly connection: Connection;

  constructor(
    server: NatsServer,
    connection: Connection,
    options: NatsEngineOptions,
    bounds: MemoryEngineOptions = {},
    log: Seams['makeLog'] | boolean = false,
  ) {
    const settings = settingsOf(options);
    super(
      (planName, ended) =>
        NatsWorker.connect(connection, settings, planName, ended, seamsOf(server, log), null),
      settings,
      bounds,
    );
    this.connection = connection;
  }
}

class UncheckedLog extends NatsLog {
  protected override expected(): undefined {
    return undefined;
  }
}

/** Engines on a server, each with a network of its own. */
export class NatsEngines implements Engines {
  readonly #server: NatsServer;
  readonly #engines = new Map<Engine, { engine: TestEngine; name: string; options: MemoryEngineOptions }>();
  readonly #prefix = `t${Date.now().toString(36)}`;
  #count = 0;

  constructor(server: NatsServer) {
    this.#server = server;
  }

  async create(plan: Plan, options: MemoryEngineOptions = { capacity: 1_000_000 }): Promise<TestEngine> {
    return this.open(`${this.#prefix}-${++this.#count}`, plan, options);
  }

  async open(
    name: string,
    plan: Plan,
    options: MemoryEngineOptions = {},
    more: NatsEngineOptions = {},
  ): Promise<TestEngine> {
    const engine = new TestEngine(this.#server, await this.#server.connect(), { name, ...more }, options);
    this.#engines.set(engine, { engine, name, options });
    await engine.open(plan);
    return engine;
  }

  nameOf(engine: Engine): string {
    return this.#engines.get(engine)!.name;
  }

  /** The process dies once its commits are on the server. */
  async crash(engine: Engine, plan: Plan): Promise<TestEngine> {
    await this.#engines.get(engine)!.engine.flush();
    return this.kill(engine, plan);
  }

  /** The process dies at once. Its lease ends. */
  async kill(engine: Engine, plan: Plan, more: NatsEngineOptions = {}): Promise<TestEngine> {
    const { engine: old, name, options } = this.#engines.get(engine)!;
    await old.connection.close();
    await old.close().catch(() => {});
    await this.endLease(name);
    return this.open(name, plan, options, more);
  }

  async endLease(name: string): Promise<void> {
    const connection = await this.#server.connect();
    const request = { filter: `$KV.PB_${name}_LEASE.worker.*` };
    await connection.request(`$JS.API.STREAM.PURGE.KV_PB_${name}_LEASE`, JSON.stringify(request), {
      timeout: 5000,
    });
    await connection.close();
  }

  /** Closes all that are open. */
  async end(): Promise<void> {
    for (const { engine } of this.#engines.values()) {
      await engine.close().catch(() => {});
      await engine.connection.close();
    }
  }
}
