import { Float } from '../actor/float.ts';
import type { Packet } from '../actor/message/message.ts';

/** Characters of a packet, a state or an error that a page gets. */
const MOST_CHARACTERS = 300;

/** Packets of one step that a page gets. */
const MOST_PACKETS = 4;

/** Returns the beginning of a value as JSON. Reads no more of the value than it writes: a message may have 64 MiB. */
export function brief(value: unknown, most: number = MOST_CHARACTERS): string {
  let text = '';
  const isFull = () => text.length > most;
  const list = (begin: string, items: Iterable<() => void>, end: string) => {
    text += begin;
    let isFirst = true;
    for (const item of items) {
      if (isFull()) return;
      if (!isFirst) text += ',';
      isFirst = false;
      item();
    }
    text += end;
  };
  const add = (given: unknown): void => {
    if (typeof given === 'string') text += JSON.stringify(given.slice(0, most + 1));
    else if (given instanceof Uint8Array) text += `(${given.length} bytes)`;
    else if (Array.isArray(given)) list('[', itemsOf(given), ']');
    else if (typeof given !== 'object' || given === null || given instanceof Float) text += String(given);
    else list('{', membersOf(given), '}');
  };
  function* itemsOf(items: readonly unknown[]) {
    for (const item of items) yield () => add(item);
  }
  function* membersOf(object: object) {
    for (const [key, member] of entriesOf(object))
      yield () => {
        add(key);
        text += ':';
        add(member);
      };
  }
  add(value);
  return isFull() ? `${text.slice(0, most)}…` : text;
}

/** Returns the messages of packets in short, such as `count: Integer 5`. */
export function briefPackets(packets: readonly Packet[]): string {
  const shown = packets.slice(0, MOST_PACKETS).map(briefPacket);
  const more = packets.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' | ');
}

function briefPacket(packet: Packet): string {
  const messages = Object.entries(packet).slice(0, MOST_PACKETS);
  const texts = messages.map(([port, { type, data }]) =>
    data === null || data === undefined
      ? `${port}: ${type}`
      : `${port}: ${type} ${brief(data, MOST_CHARACTERS / messages.length)}`,
  );
  return texts.join(', ');
}

function* entriesOf(object: object): Generator<[key: unknown, member: unknown], void, undefined> {
  if (object instanceof Map) return yield* object.entries();
  for (const key in object)
    if (Object.hasOwn(object, key)) yield [key, (object as Record<string, unknown>)[key]];
}
