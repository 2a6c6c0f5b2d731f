import { ActorError, describe, type Report, strictly } from './errors.ts';
import { Float } from './float.ts';
import {
  formatPath,
  isJsonObject,
  isObject,
  type JsonObject,
  type JsonValue,
  type ReadOptions,
  readJson,
  writeJson,
} from './json.ts';

/** The data of each message type. On the wire every message is `{"type": …, "data": …}`. */
export interface MessageData {
  /** A signal without data. */
  Flow: null;
  Event: JsonValue;
  Boolean: boolean;
  /** A whole number in [-2^63, 2^63): a `number` while safe, a `bigint` beyond. */
  Integer: number | bigint;
  /** A finite number. Always written with a point or an exponent. */
  Float: number;
  String: string;
  Object: JsonValue;
  Array: JsonValue[];
  Stream: Uint8Array;
  /** `null` is none. */
  Optional: JsonValue;
  Any: JsonValue;
  Error: string;
}
export type MessageType = keyof MessageData;

/** A message of one type, such as `Message<'Integer'>`, or of any type. */
export type Message<Type extends MessageType = MessageType> = {
  [T in Type]: { readonly type: T; readonly data: MessageData[T] };
}[Type];

/** What travels at once: one message for each port named. */
export interface Packet {
  readonly [port: string]: Message;
}

const message = <Type extends MessageType>(type: Type, data: MessageData[Type]) =>
  ({ type, data }) as Message<Type>;

export const Message = {
  flow: () => message('Flow', null),
  event: (data: JsonValue) => message('Event', data),
  boolean: (data: boolean) => message('Boolean', data),
  integer: (data: number | bigint) => message('Integer', data),
  float: (data: number) => message('Float', data),
  string: (data: string) => message('String', data),
  object: (data: JsonObject) => message('Object', data),
  array: (data: JsonValue[]) => message('Array', data),
  stream: (data: Uint8Array) => message('Stream', data),
  optional: (data: JsonValue = null) => message('Optional', data),
  any: (data: JsonValue) => message('Any', data),
  error: (data: string) => message('Error', data),

  /** Whether `value` is a message whose data has the right JavaScript type. Looks no deeper than that. */
  is: (value: unknown): value is Message => isObject(value) && problemOf(value) === undefined,

  /** The message that a plain JSON value stands for, as `__send_output` turns it into one. Knows no tags. */
  from: fromPlainJson,
} as const;

interface TypeRow<Type extends MessageType> {
  /** What `data` must be, for error messages. */
  expected: string;
  /** Whether the data of a message in memory has the right type. */
  accepts(data: unknown): boolean;
  /** What `writeJson` is given; the data itself unless said otherwise. */
  write?(data: MessageData[Type]): unknown;
  /** Reads `data` of the wire; `undefined` when it has the wrong type. */
  read(data: JsonValue): MessageData[Type] | undefined;
  /** What data of the wrong type becomes, as upstream. */
  fallback(): MessageData[Type];
}

const isI64 = (data: unknown): data is number | bigint =>
  Number.isSafeInteger(data) || (typeof data === 'bigint' && BigInt.asIntN(64, data) === data);
const isByte = (data: JsonValue): data is number => typeof data === 'number' && (data & 0xff) === data;

const anyJson = {
  expected: 'a JSON value',
  accepts: (data: unknown) => data !== undefined,
  read: (data: JsonValue) => data,
  fallback: () => null,
};
const text = {
  expected: 'a string',
  accepts: (data: unknown) => typeof data === 'string',
  read: (data: JsonValue) => (typeof data === 'string' ? data : undefined),
  fallback: () => '',
};

const TYPES: { readonly [Type in MessageType]: TypeRow<Type> } = {
  Flow: {
    expected: 'null or nothing',
    accepts: data => data === null || data === undefined,
    read: () => null,
    fallback: () => null,
  },
  Event: anyJson,
  Boolean: {
    expected: 'true or false',
    accepts: data => typeof data === 'boolean',
    read: data => (typeof data === 'boolean' ? data : undefined),
    fallback: () => false,
  },
  Integer: {
    expected: 'an integer in [-2^63, 2^63), a bigint beyond 2^53',
    accepts: isI64,
    // Arithmetic makes -0 easily (Math.round(-0.2)), and `-0` is a float on the wire.
    write: data => data || 0,
    read: data => (isI64(data) ? data : undefined),
    fallback: () => 0,
  },
  Float: {
    expected: 'a number',
    accepts: data => typeof data === 'number',
    write: data => new Float(data),
    read: data =>
      typeof data === 'number' || typeof data === 'bigint' || data instanceof Float
        ? Number(data)
        : undefined,
    fallback: () => 0,
  },
  String: text,
  Object: anyJson,
  Array: {
    expected: 'an array',
    accepts: Array.isArray,
    read: data => (Array.isArray(data) ? data : undefined),
    fallback: () => [],
  },
  Stream: {
    expected: 'bytes',
    accepts: data => data instanceof Uint8Array,
    read: data => (Array.isArray(data) && data.every(isByte) ? Uint8Array.from(data) : undefined),
    fallback: () => new Uint8Array(0),
  },
  Optional: { ...anyJson, accepts: () => true },
  Any: anyJson,
  Error: text,
};

/** Rust plugins leave `data` out for these, where upstream then drops the message. */
const MAY_LACK_DATA: readonly string[] = ['Flow', 'Optional'];

const isMessageType = (type: unknown): type is MessageType =>
  typeof type === 'string' && Object.hasOwn(TYPES, type);

function problemOf({ type, data }: Record<string, unknown>): string | undefined {
  if (!isMessageType(type)) {
    return `.type: expected one of ${Object.keys(TYPES).join(', ')}, got ${describe(type)}`;
  }
  if (!TYPES[type].accepts(data))
    return `.data: expected ${TYPES[type].expected} for ${type}, got ${describe(data)}`;
  return undefined;
}

/** A message as a value that `writeJson` takes. @throws {ActorError} INVALID_MESSAGE with the path */
export function toWire(value: unknown, path: readonly string[]): object {
  if (!isObject(value)) {
    const expected = 'expected a message such as Message.integer(5)';
    throw new ActorError('INVALID_MESSAGE', `${formatPath(path)}: ${expected}, got ${describe(value)}`);
  }
  const problem = problemOf(value);
  if (problem) throw new ActorError('INVALID_MESSAGE', formatPath(path) + problem);
  const { type, data = null } = value as { type: MessageType; data?: never };
  return { type, data: TYPES[type].write?.(data as never) ?? data };
}

/**
 * Reads a message of the wire by upstream's lenient rules: what is no message at all is skipped (`undefined`), data of
 * the wrong type becomes the type's default. Each is reported. Unlike upstream, Flow and Optional may lack `data`.
 */
export function fromWire(value: JsonValue, path: readonly string[], report: Report): Message | undefined {
  const skip = (why: string) => {
    report({ code: 'MESSAGE_SKIPPED', message: `${formatPath(path)}: message skipped: ${why}` });
    return undefined;
  };
  if (!isJsonObject(value)) return skip(`expected an object with type and data, got ${describe(value)}`);
  const type = Object.hasOwn(value, 'type') ? value.type : undefined;
  if (!isMessageType(type)) return skip(`expected one of the message types, got ${describe(type)}`);
  if (!Object.hasOwn(value, 'data') && !MAY_LACK_DATA.includes(type)) return skip(`${type} without data`);

  const wire = Object.hasOwn(value, 'data') ? value.data! : null;
  const data = TYPES[type].read(wire);
  if (data !== undefined) return message(type, data);
  const fallback = TYPES[type].fallback();
  const got = `expected ${TYPES[type].expected} for ${type}, got ${describe(wire)}`;
  report({
    code: 'MESSAGE_DEFAULTED',
    message: `${formatPath([...path, 'data'])}: ${got}; replaced by the default`,
  });
  return message(type, fallback);
}

function fromPlainJson(value: JsonValue): Message {
  if (value === null) return Message.optional();
  if (typeof value === 'boolean') return Message.boolean(value);
  if (typeof value === 'string') return Message.string(value);
  if (isI64(value) && !Object.is(value, -0)) return Message.integer(value);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float)
    return Message.float(Number(value));
  return Array.isArray(value) ? Message.array(value) : Message.object(value);
}

const mapPorts = <From, To>(
  ports: { [port: string]: From },
  map: (value: From, port: string) => To | undefined,
) =>
  // Unlike assignment, fromEntries makes a port named `__proto__` an own key like any other.
  Object.fromEntries(
    Object.entries(ports).flatMap(([port, value]) => {
      const mapped = map(value, port);
      return mapped === undefined ? [] : [[port, mapped] as const];
    }),
  );

/**
 * Writes a packet as one line of JSON: `{"count":{"type":"Integer","data":11}}`.
 * @param path Where the packet stands, for error messages; its steps count as levels of nesting
 * @throws {ActorError} INVALID_MESSAGE, JSON_VALUE, JSON_DEPTH with the path, such as `payload.x.data`
 */
export function writePacket(packet: Packet, path: readonly string[] = []): string {
  if (!isObject(packet)) {
    const where = formatPath(path) || 'the packet';
    const message = `${where}: expected an object of port → message, got ${describe(packet)}`;
    throw new ActorError('INVALID_MESSAGE', message);
  }
  return writeJson(
    mapPorts(packet, (value, port) => toWire(value, [...path, port])),
    path,
  );
}

/**
 * Reads a packet as `writePacket` writes it.
 * @param report Told what is wrong with a message, which is then skipped or repaired as upstream does. Without it, an error.
 * @throws {ActorError} JSON_SYNTAX and its like, INVALID_MESSAGE for JSON other than an object
 */
export function readPacket(
  input: string | Uint8Array,
  report: Report = strictly,
  options?: ReadOptions,
): Packet {
  const json = readJson(input, options);
  if (!isJsonObject(json)) {
    const message = `expected an object of port → message, got ${describe(json)}`;
    throw new ActorError('INVALID_MESSAGE', message);
  }
  return packetFromWire(json, [], report);
}

export const packetFromWire = (ports: JsonObject, path: readonly string[], report: Report): Packet =>
  mapPorts(ports, (value, port) => fromWire(value, [...path, port], report));

export const packetFromPlainJson = (ports: JsonObject): Packet => mapPorts(ports, fromPlainJson);
