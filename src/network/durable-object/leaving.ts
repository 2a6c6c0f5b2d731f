import { ActorError, describe, readForeign } from '../../actor/errors.ts';
import type { Message } from '../../actor/message/message.ts';
import { writePacket } from '../../actor/message/wire.ts';
import type { Received } from '../engine/engine.ts';
import { type Outbox, targetOf } from './outbox.ts';
import type { Forward } from './storage.ts';

/** The ways of packets that leave the network: to other objects, or to callers that read an outport. */
export class Leaving {
  readonly #outbox: Outbox;
  readonly #ways: ReadonlyMap<string, Forward>;
  /** Name of this object. */
  readonly #own: string | undefined;

  constructor(outbox: Outbox, ways: ReadonlyMap<string, Forward>, own: string | undefined) {
    this.#outbox = outbox;
    this.#ways = ways;
    this.#own = own;
  }

  get isBusy(): boolean {
    return this.#outbox.isBusy;
  }

  /** Returns the target of a packet; undefined if only the calls that have caused it get it. */
  targetOf(port: string, message: Message, isForCalls: boolean): string | undefined {
    const way = this.#ways.get(port);
    if (way) return targetOf({ ...way, name: this.#nameOf(port, way, message) });
    return isForCalls ? undefined : JSON.stringify(port);
  }

  room(target: string): Promise<void> | undefined {
    return this.#outbox.room(target);
  }

  put(target: string, port: string, { message, trace }: Received): void {
    const name = this.#ways.get(port)?.port ?? port;
    this.#outbox.put(target, writePacket({ [name]: message }), trace.traceparent);
  }

  #nameOf(port: string, { name }: Forward, message: Message): string {
    const where = `forward.${port}: name`;
    const find = typeof name === 'function' ? () => name(message) : () => name ?? this.#own;
    const found: unknown = readForeign(where, find);
    if (typeof found === 'string') return found;
    throw new ActorError(
      'INVALID_CONFIG',
      `${where}: expected the name of an object, got ${describe(found)}`,
    );
  }
}
