import { refuseArguments } from '../actor/call-options.ts';
import type { Mailbox } from '../actor/mailbox.ts';
import type { Message } from '../actor/message/message.ts';
import { ownMessage } from './own-packet.ts';
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

/** @param checkEnd throws the failure of the network, if there is one */
export function makeOutport(box: Mailbox<TracedMessage>, checkEnd: () => void): NetworkOutport {
  async function* read<T>(part: (taken: TracedMessage) => T): AsyncGenerator<T, void, undefined> {
    // Not `yield*`, which takes several turns for each message.
    for (let taken = await box.take(); taken !== undefined; taken = await box.take()) yield part(taken);
    checkEnd();
  }
  const messages = () => read(({ message }) => message);
  return {
    [Symbol.asyncIterator]: messages,
    traced: (...extra: unknown[]) => {
      refuseArguments('traced', extra);
      return read(taken => taken);
    },
    readable: (...extra: unknown[]) => {
      refuseArguments('readable', extra);
      const reader = messages();
      return new ReadableStream({
        pull: async controller => {
          const { done, value } = await reader.next();
          done ? controller.close() : controller.enqueue(value);
        },
        cancel: async () => void (await reader.return()),
      });
    },
  };
}
