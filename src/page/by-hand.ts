import { describe, strictly } from '../actor/errors.ts';
import { readJson } from '../actor/json/reader.ts';
import { getOwn, isJsonObject } from '../actor/json/value.ts';
import { Message } from '../actor/message/message.ts';
import { isMessageType } from '../actor/message/types.ts';
import { fromWire } from '../actor/message/wire.ts';
import { NetworkError, unknownInport } from '../network/errors.ts';
import type { Network } from '../network/network.ts';
import type { Target } from './picture.ts';

/**
 * Reads a message that a person has written: `{"type":"Integer","data":3}`, as in a line of `plugboard run`. Other JSON becomes
 * a message as the data of an initial packet does.
 * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson`, INVALID_MESSAGE
 */
export function readMessageText(text: string): Message {
  const json = readJson(text, { what: 'the message' });
  return isJsonObject(json) && isMessageType(getOwn(json, 'type'))
    ? fromWire(json, 'message', strictly, () => true)!
    : Message.from(json);
}

/**
 * Sends a message that a person has written, to an inport or to a port that has an initial packet. There it is one more packet.
 * @throws {NetworkError} UNKNOWN_PORT, NETWORK_STOPPED; {ActorError} as above, ABORTED
 */
export async function sendByHand(
  network: Network,
  { node, port }: Target,
  text: string,
  signal?: AbortSignal,
): Promise<void> {
  const { inports, plan } = network;
  if (node === undefined && !Object.hasOwn(inports, port))
    throw unknownInport('send', port, Object.keys(inports));
  if (node !== undefined && !plan.initial.some(({ to }) => to.node === node && to.port === port))
    throw new NetworkError(
      'UNKNOWN_PORT',
      `send: expected an inport of the network, or a port of a node that has an initial packet, got port ${describe(port)} of node ${describe(node)}`,
    );
  await network.inport(node === undefined ? port : { node, port }).send(readMessageText(text), { signal });
}
