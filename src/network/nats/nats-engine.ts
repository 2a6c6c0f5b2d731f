import { aText, having, readArgument } from '../../../wasi/options.ts';
import { refuseArguments } from '../../actor/call-options.ts';
import { refuseOption } from '../../actor/errors.ts';
import { type LastingEngine, makers } from '../engine/lasting.ts';
import type { NatsConnection } from './jet-stream.ts';
import { NatsLoggedEngine } from './nats-logged-engine.ts';
import { type NatsEngineOptions, readNatsOptions } from './nats-options.ts';

const aConnection = having<NatsConnection>('a connection of NATS', 'request', 'subscribe');

/**
 * Keeps a network in streams of NATS. One worker runs the network; others wait in `Network.create` until they have its lease. The
 * connection stays the caller's: it is not closed. For one network. docs/NETWORKS.md shows a worker.
 */
export class NatsEngine implements LastingEngine {
  #engine: NatsLoggedEngine | undefined;

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
      this.#engine = new NatsLoggedEngine(own, settings, bounds);
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
