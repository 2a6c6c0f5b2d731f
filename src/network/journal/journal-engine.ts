import { aText, readArgument } from '../../../wasi/options.ts';
import { refuseArguments } from '../../actor/call-options.ts';
import { refuseOption } from '../../actor/errors.ts';
import { type LastingEngine, makers } from '../engine/lasting.ts';
import { JournaledEngine } from './journaled-engine.ts';

/**
 * Keeps a network in a folder: one journal for each node. The folder belongs to one process at a time. For one network.
 * @example
 * ```js
 * import { Message } from 'plugboard/actor';
 * import { JournalEngine, Network } from 'plugboard/network';
 * const graph = {
 *   properties: { name: 'visits' },
 *   processes: { count: { component: 'Count' } },
 *   inports: { visit: { nodeId: 'count', portId: 'visit' } },
 *   outports: { count: { nodeId: 'count', portId: 'count' } },
 * };
 * const Count = (_, { state }) => {
 *   state.set('count', (state.get('count') ?? 0) + 1);
 *   return { count: Message.integer(state.get('count')) };
 * };
 * const engine = new JournalEngine('visits.state');
 * const network = await Network.create(graph, { components: { Count }, engine });
 * await network.call({ visit: Message.flow() });
 * await network.stop(); // the next network on this folder counts on
 * ```
 */
export class JournalEngine implements LastingEngine {
  #engine: JournaledEngine | undefined;

  /** The folder is made, read and taken by `Network.create`. @throws {ActorError} INVALID_CONFIG */
  constructor(folder: string);
  constructor(folder: string, ...extra: unknown[]) {
    refuseArguments('JournalEngine', extra);
    readArgument(aText, folder, 'JournalEngine: folder', refuseOption);
    makers.set(this, bounds => {
      if (this.#engine) refuseOption('Network: engine: expected one without a network; make one for each');
      this.#engine = new JournaledEngine(folder, bounds);
      return this.#engine;
    });
  }

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

  /** @internal Returns the ids that a port remembers, the oldest first. */
  ids(port: string): ReadonlySet<string> {
    return this.#engine?.idsOf(port) ?? new Set();
  }

  /** @internal Keeps an id as `accept` does, without a packet. */
  keepId(port: string, id: string): void {
    this.#engine?.keepId(port, id);
  }
}
