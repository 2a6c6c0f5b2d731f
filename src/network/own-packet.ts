import { refuseForeign } from '../actor/errors.ts';
import { formatPath, setOwn } from '../actor/json/value.ts';
import { copyJson } from '../actor/json/writer.ts';
import type { Message, Packet } from '../actor/message/message.ts';
import { readFields } from '../actor/message/types.ts';
import { checkPacket } from '../actor/message/wire.ts';
import type { DeadLetter } from './engine/engine.ts';

/**
 * Returns a copy of a message that plugboard did not make: its maker may change it later.
 * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH with the path
 */
export function ownMessage(given: unknown, path: readonly string[]): Message {
  try {
    const { type, data } = readFields(given, path) as Message;
    const isScalar = typeof data !== 'object' || data === null;
    return { type, data: isScalar ? data : copyJson(data, [...path, 'data']) } as Message;
  } catch (cause) {
    return refuseForeign(cause, formatPath(path), 'INVALID_MESSAGE');
  }
}

/** Returns a copy of a message that was checked, for code that may change it. */
export const copyMessage = ({ type, data }: Message): Message =>
  ({ type, data: typeof data === 'object' && data !== null ? copyJson(data, ['data']) : data }) as Message;

/** Returns a copy of a packet that was checked. */
export function copyPacket(packet: Packet): Packet {
  const copy: Record<string, Message> = {};
  for (const port of Object.keys(packet)) setOwn(copy, port, copyMessage(packet[port]!));
  return copy;
}

export const copyLetter = ({ message, packet, read, ...letter }: DeadLetter): DeadLetter => ({
  ...letter,
  message: copyMessage(message),
  packet: copyPacket(packet),
  read: read.map(place => ({ ...place })),
});

/** Returns a copy of a packet that plugboard did not make. @throws {ActorError} as `ownMessage` */
export function ownPacket(given: unknown, path: readonly string[]): Packet {
  try {
    checkPacket(given, path);
    const packet: Record<string, Message> = {};
    for (const [port, message] of Object.entries(given))
      setOwn(packet, port, ownMessage(message, [...path, port]));
    return packet;
  } catch (cause) {
    return refuseForeign(cause, formatPath(path), 'INVALID_MESSAGE');
  }
}
