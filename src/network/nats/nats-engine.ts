import { aText, having, readArgument } from '../../../wasi/options.ts';
import { refuseArguments } from '../../actor/call-options.ts';
import { refuseOption } from '../../actor/errors.ts';
import type { BoundOptions } from '../engine/bounds.ts';
import { type LastingEngine, makers } from '../engine/lasting.ts';
import type { NatsConnection } from './jet-stream.ts';
import { NatsLoggedEngine } from './nats-logged-engine.ts';
import { type NatsEngineOptions, type NatsSettings, readNatsOptions } from './nats-options.ts';
import { NatsWorker, type Seams } from './nats-worker.ts';
import { type ConnectWorker, SpreadEngine } from './spread-engine.ts';

const aConnection = having<NatsConnection>('a connection of NATS', 'request', 'subscribe');

/** Makes the engine of a network. @param seams those of tests */
export function makeNatsEngine(
  connection: NatsConnection,
  settings: NatsSettings,
  bounds: BoundOptions,
  seams: Seams = {},
): NatsLoggedEngine | SpreadEngine {
  const connect: ConnectWorker = (planName, ended, parts) =>
    NatsWorker.connect(connection, settings, planName, ended, seams, parts);
  if (settings.spread) return new SpreadEngine(connect, settings, bounds);
  return new NatsLoggedEngine((planName, ended) => connect(planName, ended, null), settings, bounds);
}

/**
 * Keeps a network in streams of NATS. One worker runs the network; others wait in `Network.create` until it ends. With `spread` the
 * workers share its nodes. The connection stays the caller's: it is not closed. For one network. docs/NETWORKS.md shows a worker.
 */
export class NatsEngine implements LastingEngine {
  #engine: NatsLoggedEngine | SpreadEngine | undefined;

  /** @throws {ActorError} INVALID_CONFIG. `Network.create` then throws NATS_TOO_OLD, NATS_CLIENT_MISSING */
  constructor(connection: NatsConnection, options?: NatsEngineOptions);
  constructor(connection: NatsConnection, options?: NatsEngineOptions, ...extra: unknown[]) {
    const own = readArgument(
      aConnection,
      connection,
      'NatsEngine: connection',
      refuseOption,
    ) as NatsConnection;
    const settings = readNatsOptions(options);
    refuseArguments('NatsEngine', extra);
    makers.set(this, bounds => {
      if (this.#engine) refuseOption('Network: engine: expected one without a network; make one for each');
      this.#engine = makeNatsEngine(own, settings, bounds);
      return this.#engine;
    });
  }

  /** Resolves when all that was kept so far is in the log of the server. @throws {ActorError} STATE_STORE_FAILED */
  flush(): Promise<void>;
  async flush(...extra: unknown[]): Promise<void> {
    refuseArguments('flush', extra);
    await this.#engine?.flush();
  }

  lastId(port: string): string | undefined;
  lastId(port: string, ...extra: unknown[]): string | undefined {
    refuseArguments('lastId', extra);
    return this.#engine?.lastId(readArgument(aText, port, 'lastId: port', refuseOption) as string);
  }
}
