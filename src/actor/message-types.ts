import { describe } from './errors.ts';
import { Float } from './float.ts';
import { isObject, type JsonValue } from './json-value.ts';

/** Another actor's port, in a network. */
export interface RemoteReference {
  network_id: string;
  actor_id: string;
  port: string;
}

export const NETWORK_EVENT_TYPES = [
  'ActorRegistered',
  'ActorUnregistered',
  'NetworkConnected',
  'NetworkDisconnected',
  'HeartbeatMissed',
] as const;

/** What happened in a network. */
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
  /** Of the host only: a message in upstream's binary form, which nobody but upstream can read. Refused by actors. */
  Encoded: Uint8Array;
  /** Of the host only: a plugin gets it as Any. */
  RemoteReference: RemoteReference;
  /** Of the host only: a plugin gets it as Event. */
  NetworkEvent: NetworkEvent;
}
export type MessageType = keyof MessageData;

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
  /** Rust plugins leave `data` out for these, where upstream then drops the message. */
  mayLackData?: true;
  /** Upstream puts the JSON of the data into an array of bytes. */
  isWrappedUpstream?: true;
  /** For what plugins do not know: the type it is sent as, or null when it cannot be sent. */
  sentAs?: MessageType | null;
}

/** Whether a number is an integer of 64 bits. */
export const isI64 = (data: unknown): data is number | bigint =>
  Number.isSafeInteger(data) || (typeof data === 'bigint' && BigInt.asIntN(64, data) === data);
const isByte = (data: JsonValue): data is number => typeof data === 'number' && (data & 0xff) === data;
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
  accepts: (data: unknown) => data instanceof Uint8Array,
  read(data: JsonValue) {
    if (data instanceof Uint8Array) return data;
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

/** What is wrong with a message in memory, to be put behind its path. */
export function problemOf({ type, data }: Record<string, unknown>): string | undefined {
  if (!isMessageType(type)) {
    return `.type: expected one of ${Object.keys(TYPES).join(', ')}, got ${describe(type)}`;
  }
  if (!TYPES[type].accepts(data))
    return `.data: expected ${TYPES[type].expected} for ${type}, got ${describe(data)}`;
  return undefined;
}
