import { Fifo } from '../../values/fifo.ts';
import type { Entry, Sink } from './channel.ts';

/** The beginning of a way that ends in another engine. Its packets wait here until they were read there. */
export class Link implements Sink {
  readonly name: string;
  readonly #pending = new Fifo<Entry>();
  readonly #onRoom: () => void;

  /** @param onRoom called when packets were read */
  constructor(name: string, onRoom: () => void) {
    this.name = name;
    this.#onRoom = onRoom;
  }

  put(entry: Entry): void {
    this.#pending.push(entry);
  }

  pendingOf(): Iterable<Entry> {
    return this.#pending;
  }

  /** The packets up to a position were read. */
  use(position: number): void {
    const before = this.#pending.size;
    while (this.#pending.first && this.#pending.first.delivery.position <= position) {
      const { channel, bytes } = this.#pending.shift();
      channel?.release(bytes);
    }
    if (this.#pending.size < before) this.#onRoom();
  }
}
