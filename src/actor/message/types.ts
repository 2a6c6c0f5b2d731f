import { isUint8Array } from '../../../wasi/brands.ts';
import { ActorError, describe } from '../errors.ts';
import { Float } from '../float.ts';
import { formatPath, isByte, isObject, type JsonValue } from '../json/value.ts';

/** Another actor's port, in a network. */
export interface RemoteReference {
  network_id: string;
  actor_id: string;
  port: string;
}

const NETWORK_EVENT_TYPES = [
  'ActorRegistered',
  'ActorUnregistered',
  'NetworkConnected',
  'NetworkDisconnected',
  'HeartbeatMissed',
] as const;

/** An event of a network. */
export interface NetworkEvent {
  event_type: (typeof NETWORK_EVENT_TYPES)[number];
  data: JsonValue;
}

/** The data of each message type. On the wire every message is `{"type": …, "data": …}`. */
export interface MessageData {
  /** A signal without data. */
  Flow: null;
  Event: JsonValue;
  Boolean: boolean;
  /** A whole number in [-2^63, 2^63): a `number` if that is a safe integer, else a `bigint`. */
  Integer: number | bigint;
  /** A finite number. Always written with a point or an exponent. */
  Float: number;
  String: string;
  Object: JsonValue;
  Array: JsonValue[];
  Stream: Uint8Array;
  /** `null` means that there is no value. */
  Optional: JsonValue;
  Any: JsonValue;
  Error: string;
  /** Only between hosts: a message in upstream's binary form, which only upstream can read. Actors refuse it. */
  Encoded: Uint8Array;
  /** Only between hosts: a plugin gets it as Any. */
  RemoteReference: RemoteReference;
  /** Only between hosts: a plugin gets it as Event. */
  NetworkEvent: NetworkEvent;
}
export type MessageType = keyof MessageData;

interface TypeRow<Type extends MessageType> {
  /** Description of valid `data`, for error messages. */
  expected: string;
  /** Whether the data of a message in memory has the right type. */
  accepts(data: unknown): boolean;
  /** Returns the value that `writeJson` writes. Default: the data itself. */
  write?(data: MessageData[Type]): unknown;
  /** Reads `data` of the wire; returns `undefined` when it has the wrong type. */
  read(data: JsonValue): MessageData[Type] | undefined;
  /** Returns the data that replaces data of the wrong type, as upstream does. */
  fallback(): MessageData[Type];
  /** Rust plugins leave `data` out for this type. Upstream drops such messages; plugboard accepts them. */
  mayLackData?: true;
  /** Upstream sends the JSON of the data as an array of bytes. */
  isWrappedUpstream?: true;
  /** For types that plugins do not know: the type that is sent instead, or null when the message cannot be sent. */
  sentAs?: MessageType | null;
}

/** Whether a number is an integer of 64 bits. */
export const isI64 = (data: unknown): data is number | bigint =>
  Number.isSafeInteger(data) || (typeof data === 'bigint' && BigInt.asIntN(64, data) === data);
const isRemoteReference = (data: unknown): data is RemoteReference =>
  isObject(data) && [data.network_id, data.actor_id, data.port].every(part => typeof part === 'string');
const isNetworkEvent = (data: unknown): data is NetworkEvent =>
  isObject(data) &&
  (NETWORK_EVENT_TYPES as readonly unknown[]).includes(data.event_type) &&
  data.data !== undefined;

const anyJson = {
  expected: 'a JSON value',
  accepts: (data: unknown) => data !== undefined,
  read: (data: JsonValue) => data,
  fallback: () => null,
};
const wrappedJson = { ...anyJson, isWrappedUpstream: true } as const;
const text = {
  expected: 'a string',
  accepts: (data: unknown) => typeof data === 'string',
  read: (data: JsonValue) => (typeof data === 'string' ? data : undefined),
  fallback: () => '',
};
const bytes = {
  expected: 'bytes',
  accepts: isUint8Array,
  read(data: JsonValue) {
    if (isUint8Array(data)) return data;
    return Array.isArray(data) && data.every(isByte) ? Uint8Array.from(data) : undefined;
  },
  fallback: () => new Uint8Array(0),
};

export const TYPES: { readonly [Type in MessageType]: TypeRow<Type> } = {
  Flow: {
    expected: 'null or nothing',
    accepts: data => data === null || data === undefined,
    read: () => null,
    fallback: () => null,
    mayLackData: true,
  },
  Event: wrappedJson,
  Boolean: {
    expected: 'true or false',
    accepts: data => typeof data === 'boolean',
    read: data => (typeof data === 'boolean' ? data : undefined),
    fallback: () => false,
  },
  Integer: {
    expected: 'an integer in [-2^63, 2^63), a bigint beyond 2^53',
    accepts: isI64,
    // Arithmetic may return -0 (Math.round(-0.2)), which would be a float on the wire.
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
  Object: wrappedJson,
  Array: {
    expected: 'an array',
    accepts: Array.isArray,
    read: data => (Array.isArray(data) ? data : undefined),
    fallback: () => [],
  },
  Stream: bytes,
  Optional: { ...wrappedJson, accepts: () => true, mayLackData: true },
  Any: wrappedJson,
  Error: text,
  Encoded: { ...bytes, sentAs: null },
  RemoteReference: {
    expected: 'an object of network_id, actor_id and port, all strings',
    accepts: isRemoteReference,
    write: ({ network_id, actor_id, port }) => ({ network_id, actor_id, port }),
    read: data => (isRemoteReference(data) ? data : undefined),
    fallback: () => ({ network_id: '', actor_id: '', port: '' }),
    sentAs: 'Any',
  },
  NetworkEvent: {
    expected: `an object of data and event_type, one of ${NETWORK_EVENT_TYPES.join(', ')}`,
    accepts: isNetworkEvent,
    write: ({ event_type, data }) => ({ event_type, data }),
    read: data => (isNetworkEvent(data) ? data : undefined),
    fallback: () => ({ event_type: NETWORK_EVENT_TYPES[0], data: null }),
    sentAs: 'Event',
  },
};

export const isMessageType = (type: unknown): type is MessageType =>
  typeof type === 'string' && Object.hasOwn(TYPES, type);

/** Whether plugins know the type. */
export const isPluginType = (type: MessageType): boolean => TYPES[type].sentAs === undefined;

/**
 * Returns the fields of a message in memory. Each is read once: a getter may give another value the second time.
 * @throws {ActorError} INVALID_MESSAGE with the path
 */
export function readFields(value: unknown, path: readonly string[]): { type: MessageType; data: unknown } {
  if (!isObject(value)) {
    const expected = 'expected a message such as Message.integer(5)';
    throw new ActorError('INVALID_MESSAGE', `${formatPath(path)}: ${expected}, got ${describe(value)}`);
  }
  const { type, data } = value;
  const problem = problemOf({ type, data });
  if (problem) throw new ActorError('INVALID_MESSAGE', formatPath(path) + problem);
  return { type: type as MessageType, data: data ?? null };
}

/** Returns the problem of a message in memory, as text to append to its path; undefined for a valid message. */
export function problemOf({ type, data }: Record<string, unknown>): string | undefined {
  if (!isMessageType(type)) {
    return `.type: expected one of ${Object.keys(TYPES).join(', ')}, got ${describe(type)}`;
  }
  if (!TYPES[type].accepts(data))
    return `.data: expected ${TYPES[type].expected} for ${type}, got ${describe(data)}`;
  return undefined;
}
