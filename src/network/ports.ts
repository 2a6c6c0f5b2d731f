import { refuseArguments } from '../actor/call-options.ts';
import type { Mailbox } from '../actor/mailbox.ts';
import type { Message } from '../actor/message/message.ts';
import type { Received } from './engine/engine.ts';
import { copyMessage, ownMessage } from './own-packet.ts';
import { type NetworkSendOptions, readNetworkSendOptions, type Sending } from './traceparent.ts';

/** A port into the network. */
export interface NetworkInport {
  /**
   * Resolves once the message is on its way; while the way is full, it waits. Messages sent earlier go first.
   * @param options.signal ends the wait
   * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH; {NetworkError} NETWORK_STOPPED
   */
  send(message: Message, options?: NetworkSendOptions): Promise<void>;
  /** Returns a stream of which each chunk is a message. */
  writable(): WritableStream<Message>;
}

/** A port out of the network. Each message goes to one reader. When the network fails, readers get the failure at the end. */
export interface NetworkOutport extends AsyncIterable<Message> {
  /** Returns a stream of which each chunk is a message. */
  readable(): ReadableStream<Message>;
  /** The messages with their traces, instead of the messages alone. */
  traced(): AsyncIterable<TracedMessage>;
  /** @internal */
  deliveries(): AsyncIterable<Received>;
}

/** A message that left the network, and the W3C header of the hop that sent it. */
export interface TracedMessage {
  readonly message: Message;
  readonly traceparent: string | undefined;
}

export function makeInport(put: (message: Message, sending: Sending) => Promise<void>): NetworkInport {
  const inport: NetworkInport = {
    send: async (message: Message, options?: NetworkSendOptions, ...extra: unknown[]) => {
      const sending = readNetworkSendOptions('send', options);
      refuseArguments('send', extra);
      return put(ownMessage(message, ['message']), sending);
    },
    writable: (...extra: unknown[]) => {
      refuseArguments('writable', extra);
      return new WritableStream({ write: message => inport.send(message) });
    },
  };
  return inport;
}

/** The messages of a port for one reader. */
class Reading<T> implements AsyncIterableIterator<T, void, undefined> {
  readonly #port: Port;
  readonly #of: (delivery: Received) => T;
  /** Messages that the reader has got, and for which it has not yet asked for the next. */
  #open: Received[] = [];
  #isOver = false;

  constructor(port: Port, of: (delivery: Received) => T) {
    this.#port = port;
    this.#of = of;
  }

  // Not a generator, whose `return` would wait for the next message, and then drop it.
  async next(): Promise<IteratorResult<T, void>> {
    const { box, done, checkEnd } = this.#port;
    if (this.#open.length > 0) for (const used of this.#open.splice(0)) done(used);
    const delivery = this.#isOver ? undefined : await box.take(this);
    // The reader has left while the message came.
    if (delivery && this.#isOver) box.putBack(delivery);
    else if (delivery) {
      this.#open.push(delivery);
      return { done: false, value: this.#of(delivery) };
    }
    if (!this.#isOver) {
      this.#isOver = true;
      checkEnd();
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#isOver = true;
    this.#port.box.leave(this);
    this.#port.left.push(...this.#open.splice(0));
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

interface Port {
  readonly box: Mailbox<Received>;
  /** Messages at which readers have left. */
  readonly left: Received[];
  done(delivery: Received): void;
  checkEnd(): void;
}

/**
 * @param use called when the reader asks for the next message
 * @param checkEnd throws the failure of the network, if there is one
 */
export function makeOutport(
  box: Mailbox<Received>,
  use: (delivery: Received) => void,
  checkEnd: () => void,
): NetworkOutport {
  const left: Received[] = [];
  const done = (delivery: Received) => {
    // A reader may leave because of an error: its message counts as used only when a later one is, which could not be kept otherwise.
    for (const earlier of left.splice(0)) use(earlier);
    use(delivery);
  };
  const read = <T>(of: (delivery: Received) => T) => new Reading({ box, left, done, checkEnd }, of);
  const messages = () => read(({ message }) => copyMessage(message));
  return {
    deliveries: () => read(delivery => delivery),
    [Symbol.asyncIterator]: messages,
    traced: (...extra: unknown[]) => {
      refuseArguments('traced', extra);
      return read(({ message, trace }) => ({
        message: copyMessage(message),
        traceparent: trace.traceparent,
      }));
    },
    readable: (...extra: unknown[]) => {
      refuseArguments('readable', extra);
      const reading = messages();
      let isCancelled = false;
      const source: UnderlyingDefaultSource<Message> = {
        pull: async controller => {
          const { done, value } = await reading.next();
          if (!done) controller.enqueue(value);
          else if (!isCancelled) controller.close();
        },
        cancel: async () => {
          isCancelled = true;
          await reading.return();
        },
      };
      // A message counts as used when the next is asked for, so that none is asked for in advance.
      return new ReadableStream(source, { highWaterMark: 0 });
    },
  };
}
