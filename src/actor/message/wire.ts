import { aFunction, isPlain, readArgument, refuseExtra } from '../../../wasi/options.ts';
import { ActorError, describe, type Report, refuseForeign, refuseOption, strictly } from '../errors.ts';
import { checkDepth, checkText } from '../json/form.ts';
import { type ReadOptions, type RepeatedKeys, readWith } from '../json/reader.ts';
import { quote } from '../json/string.ts';
import { formatPath, getOwn, isJsonObject, type JsonObject, type JsonValue, setOwn } from '../json/value.ts';
import { joined, readPath, writeText } from '../json/writer.ts';
import { Message, message, type Packet, UNREADABLE } from './message.ts';
import { isMessageType, isPluginType, type MessageType, readFields, TYPES } from './types.ts';

/**
 * The form of messages to plugins. `plain`: data as it is, the form that the SDKs read. `upstream`: the form that Reflow
 * sends, with the data of Event, Object, Any and Optional as bytes of JSON inside an object, and Encoded as Stream.
 */
export type Wire = 'plain' | 'upstream';

/** A message whose data `writeJson` and codecs can write. */
export interface WireMessage {
  readonly type: MessageType;
  readonly data: unknown;
}

/** Returns a message as a value for `writeJson`. @throws {ActorError} INVALID_MESSAGE with the path */
export function toWire(value: unknown, path: readonly string[]): WireMessage {
  const { type, data } = readFields(value, path);
  return { type, data: TYPES[type].write?.(data as never) ?? data };
}

/** Returns a message as a value for the codec of a plugin. @throws {ActorError} INVALID_MESSAGE with the path */
export function toPluginWire(value: unknown, path: readonly string[], wire: Wire): WireMessage {
  const message = toWire(value, path);
  const { type, data } = message;
  const { sentAs = type, isWrappedUpstream } = TYPES[type];
  if (wire === 'plain') {
    if (sentAs === null) throw new ActorError('INVALID_MESSAGE', `${formatPath(path)}: ${UNREADABLE}`);
    return sentAs === type ? message : { type: sentAs, data };
  }
  const wrap = (json: unknown, ...steps: string[]) => ({
    data: new TextEncoder().encode(writeText(json, [...path, ...steps])),
  });
  if (type === 'NetworkEvent') {
    const event = data as { event_type: string; data: JsonValue };
    return { type: sentAs ?? type, data: { ...event, data: wrap(event.data, 'data', 'data') } };
  }
  const isWrapped = isWrappedUpstream && !(type === 'Optional' && data === null);
  return { type: sentAs ?? 'Stream', data: isWrapped ? wrap(data, 'data') : data };
}

/**
 * Reads a message of the wire by upstream's lenient rules: a value that is not a message is skipped (`undefined`), data of
 * the wrong type is replaced by the type's default. Both are reported. Unlike upstream, Flow and Optional may lack `data`.
 * @param step Where the value stands in the object above, for reports
 * @param isKnown Whether a type is accepted. Default: types that plugins know, without those that are only for hosts
 */
export function fromWire(
  value: JsonValue,
  step: string,
  report: Report,
  isKnown: (type: MessageType) => boolean = isPluginType,
  above: readonly string[] = [],
): Message | undefined {
  if (!isJsonObject(value)) {
    const why = `expected an object with type and data, got ${describe(value)}`;
    return reportSkipped(why, [...above, step], report);
  }
  const type = getOwn(value, 'type');
  if (!isMessageType(type) || !isKnown(type)) {
    const types = Object.keys(TYPES).filter(name => isKnown(name as MessageType));
    const why = `expected as type one of ${types.join(', ')}, got ${describe(type)}`;
    return reportSkipped(why, [...above, step], report);
  }
  const row = TYPES[type];
  const given = getOwn(value, 'data');
  if (given === undefined && !row.mayLackData)
    return reportSkipped(`${type} without data`, [...above, step], report);
  const wire = given ?? null;
  const data = row.read(wire);
  if (data !== undefined) return message(type, data);
  const fallback = row.fallback();
  const got = `expected ${row.expected} for ${type}, got ${describe(wire)}`;
  const remedy = isRepaired(report) ? '; replaced by the default' : '';
  report({ code: 'MESSAGE_DEFAULTED', message: `${formatPath([...above, step, 'data'])}: ${got}${remedy}` });
  return message(type, fallback);
}

/** A fault that is thrown is not repaired. */
const isRepaired = (report: Report) => report !== strictly;

function reportSkipped(why: string, path: readonly string[], report: Report): undefined {
  const message = `${formatPath(path)}: ${isRepaired(report) ? 'message skipped: ' : ''}${why}`;
  report({ code: 'MESSAGE_SKIPPED', message });
}

const mapPorts = <From, To>(
  ports: { readonly [port: string]: From },
  map: (value: From, port: string) => To | undefined,
): Record<string, To> => {
  const mapped: Record<string, To> = {};
  for (const port of Object.keys(ports)) {
    const value = map(ports[port]!, port);
    if (value !== undefined) setOwn(mapped, port, value);
  }
  return mapped;
};

export function checkPacket(packet: unknown, path: readonly string[]): asserts packet is Packet {
  if (isPlain(packet)) return;
  const where = formatPath(path) || 'the packet';
  const message = `${where}: expected an object of port → message, got ${describe(packet)}`;
  throw new ActorError('INVALID_MESSAGE', message);
}

/**
 * Writes a packet as one line of JSON: `{"count":{"type":"Integer","data":11}}`.
 * @param path Where the packet stands, for error messages; its steps count as levels of nesting
 * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH with the path, such as `payload.x.data`
 */
export function writePacket(packet: Packet, path?: readonly string[]): string {
  const at = readPath('writePacket', path);
  try {
    return writeMessages(packet, at, toWire);
  } catch (cause) {
    return refuseForeign(cause, 'writePacket', 'INVALID_MESSAGE');
  }
}

/** Returns the JSON of `toPluginPacket`, in a third of the time. */
export function writePluginPacket(packet: Packet, path: readonly string[], wire: Wire): string {
  try {
    return writeMessages(packet, path, (value, at) => toPluginWire(value, at, wire));
  } catch (cause) {
    return refuseForeign(cause, formatPath(path), 'INVALID_MESSAGE');
  }
}

/** Writes message by message: an object of all of them would be made only to be written. */
const writeMessages = (
  packet: Packet,
  path: readonly string[],
  read: (value: unknown, path: readonly string[]) => WireMessage,
): string =>
  joined(() => {
    checkPacket(packet, path);
    checkDepth(path.length, path);
    let text = '{';
    for (const port of Object.keys(packet)) {
      checkDepth(path.length + 1, path);
      const { type, data } = read(packet[port], [...path, port]);
      checkText(port, path);
      const written = writeText(data, [...path, port, 'data']);
      text += `${text === '{' ? '' : ','}${quote(port)}:{"type":"${type}","data":${written}}`;
    }
    return `${text}}`;
  }, path);

/** Returns a packet as a value for the codec of a plugin: types that are only for hosts become types that plugins know. */
export function toPluginPacket(packet: Packet, path: readonly string[], wire: Wire): object {
  try {
    checkPacket(packet, path);
    return mapPorts(packet, (value, port) => toPluginWire(value, path.concat(port), wire));
  } catch (cause) {
    return refuseForeign(cause, formatPath(path), 'INVALID_MESSAGE');
  }
}

/** Returns the input for a plugin of the SDK of April 2025 (port → plain value). @param packet JSON that `PayloadWriter` wrote */
export const toPlainPacket = (packet: string | Uint8Array): string =>
  writeText(mapPorts(readPacket(packet), Message.toPlain));

/**
 * Reads a packet as `writePacket` writes it.
 * @param report Called for each wrong message, which is then skipped or repaired as upstream does. Default: throws the fault
 * @throws {ActorError} JSON_SYNTAX and the other codes of `readJson`, INVALID_MESSAGE for JSON other than an object
 */
export function readPacket(
  input: string | Uint8Array,
  report: Report = strictly,
  options?: ReadOptions,
): Packet {
  if (typeof report !== 'function') {
    refuseExtra([report], 'readPacket', refuseOption, 'options are the third argument');
    readArgument(aFunction, report, 'readPacket: report', refuseOption);
  }
  const repeated: RepeatedKeys = new WeakMap();
  const json = readWith(input, options, repeated);
  if (!isJsonObject(json)) {
    const message = `expected an object of port → message, got ${describe(json)}`;
    throw new ActorError('INVALID_MESSAGE', message);
  }
  reportRepeated(json, repeated, report);
  return mapPorts(json, (value, port) => fromWire(value, port, report, () => true));
}

/** Reports a port that has several messages, of which the last one counts. */
export function reportRepeated(packet: JsonObject, repeated: RepeatedKeys, report: Report): void {
  const port = repeated.get(packet);
  if (port === undefined) return;
  const message = `${formatPath([port])}: expected one message, got several; send each in a packet of its own`;
  report({ code: 'MESSAGE_SKIPPED', message });
}

/** Reads a packet that a plugin sends. */
export const packetFromWire = (ports: JsonObject, path: readonly string[], report: Report): Packet =>
  mapPorts(ports, (value, port) => fromWire(value, port, report, undefined, path));

export const packetFromPlainJson = (ports: JsonObject): Packet => mapPorts(ports, Message.from);
