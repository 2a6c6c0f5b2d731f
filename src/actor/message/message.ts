import { isUint8Array, viewBytes } from '../../../wasi/brands.ts';
import { attempt } from '../../errors.ts';
import { ActorError, describe, refuseForeign } from '../errors.ts';
import { Float } from '../float.ts';
import { isJsonObject, isObject, type JsonObject, type JsonValue } from '../json/value.ts';
import {
  isI64,
  type MessageData,
  type MessageType,
  type NetworkEvent,
  problemOf,
  type RemoteReference,
  readFields,
  TYPES,
} from './types.ts';

export type { MessageData, MessageType, NetworkEvent, RemoteReference };

/** A message of one type, such as `Message<'Integer'>`, or of any type. */
export type Message<Type extends MessageType = MessageType> = {
  [T in Type]: { readonly type: T; readonly data: MessageData[T] };
}[Type];

/** Messages that are sent together: one message for each port named. */
export interface Packet {
  readonly [port: string]: Message;
}

export const message = <Type extends MessageType>(type: Type, data: MessageData[Type]) =>
  ({ type, data }) as Message<Type>;

/** Data that a constructor takes, where that is less than `TYPES` accepts. */
const MADE_OF: {
  readonly [Type in MessageType]?: readonly [expected: string, accepts: (data: unknown) => boolean];
} = {
  Float: ['a finite number', Number.isFinite],
  Object: ['a JSON object', data => isObject(data) && isJsonObject(data as JsonValue)],
  Event: [TYPES.Event.expected, isJson],
  Optional: [TYPES.Optional.expected, isJson],
  Any: [TYPES.Any.expected, isJson],
};

/** Whether a value may be JSON. Values inside are not checked: the writer does that, and tells the path. */
function isJson(data: unknown): boolean {
  return data !== undefined && typeof data !== 'function' && typeof data !== 'symbol';
}

/** Makes a message of the caller's data. @throws {ActorError} INVALID_MESSAGE for data of another type */
function make<Type extends MessageType>(type: Type, data: MessageData[Type]): Message<Type> {
  const [expected, accepts] = MADE_OF[type] ?? [TYPES[type].expected, TYPES[type].accepts];
  try {
    if (accepts(data)) return message(type, data);
  } catch (cause) {
    return refuseForeign(cause, nameOf(type), 'INVALID_MESSAGE');
  }
  throw new ActorError('INVALID_MESSAGE', `${nameOf(type)}: expected ${expected}, got ${describe(data)}`);
}

const nameOf = (type: MessageType) => `Message.${type[0]!.toLowerCase()}${type.slice(1)}`;

/** Each constructor throws {ActorError} INVALID_MESSAGE for data of another type. */
export const Message = {
  flow: () => message('Flow', null),
  event: (data: JsonValue) => make('Event', data),
  boolean: (data: boolean) => make('Boolean', data),
  integer: (data: number | bigint) => make('Integer', data),
  float: (data: number) => make('Float', data),
  string: (data: string) => make('String', data),
  object: (data: JsonObject) => make('Object', data),
  array: (data: JsonValue[]) => make('Array', data),
  stream: (data: Uint8Array) => make('Stream', data),
  optional: (data: JsonValue = null) => make('Optional', data),
  any: (data: JsonValue) => make('Any', data),
  error: (data: string) => make('Error', data),
  encoded: (data: Uint8Array) => make('Encoded', data),
  remoteReference: (data: RemoteReference) => make('RemoteReference', data),
  networkEvent: (data: NetworkEvent) => make('NetworkEvent', data),

  /** Whether `value` is a message (of `type`, if given) with data of the right JavaScript type. Values inside are not checked. */
  is: <Type extends MessageType = MessageType>(value: unknown, type?: Type): value is Message<Type> =>
    attempt(
      () => isObject(value) && problemOf(value) === undefined && (type === undefined || value.type === type),
      false,
    ),

  /**
   * Returns the message for a plain JSON value, as `__send_output` does. An object `{type, data}` is plain data here, too.
   * @throws {ActorError} INVALID_MESSAGE for any other value
   */
  from(value: JsonValue): Message {
    try {
      return fromPlainJson(value);
    } catch (cause) {
      return refuseForeign(cause, 'Message.from', 'INVALID_MESSAGE');
    }
  },

  /**
   * Returns the plain JSON value of a message: its data; "flow" for Flow, null for an empty Optional, an array of numbers for
   * bytes, a `Float` for a whole float. `from` does not restore every type: Error becomes String, Stream becomes Array.
   * @throws {ActorError} INVALID_MESSAGE for a value that is not a message, and for Encoded, which only upstream can read;
   * JSON_VALUE for a Float that is NaN or infinite
   */
  toPlain(given: Message): JsonValue {
    try {
      return toPlainJson(given);
    } catch (cause) {
      return refuseForeign(cause, 'Message.toPlain', 'INVALID_MESSAGE');
    }
  },
} as const;

function fromPlainJson(value: JsonValue): Message {
  if (value === null) return Message.optional();
  if (typeof value === 'boolean') return Message.boolean(value);
  if (typeof value === 'string') return Message.string(value);
  if (isI64(value) && !Object.is(value, -0)) return Message.integer(value);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float)
    return Message.float(Number(value));
  if (isUint8Array(value)) return Message.stream(value);
  if (Array.isArray(value)) return Message.array(value);
  if (isObject(value)) return message('Object', value);
  throw new ActorError('INVALID_MESSAGE', `Message.from: expected a JSON value, got ${describe(value)}`);
}

function toPlainJson(given: Message): JsonValue {
  const read = readFields(given, ['message']) as Message;
  switch (read.type) {
    case 'Flow':
      return 'flow';
    case 'Float':
      if (!Number.isFinite(read.data)) {
        throw new ActorError('JSON_VALUE', `message.data: ${read.data} is not JSON`);
      }
      return Number.isInteger(read.data) ? new Float(read.data) : read.data;
    case 'Stream':
      return [...(viewBytes(read.data) ?? [])];
    case 'Encoded':
      throw new ActorError('INVALID_MESSAGE', `message: ${UNREADABLE}`);
    default:
      return (TYPES[read.type].write?.(read.data as never) ?? read.data) as JsonValue;
  }
}

export const UNREADABLE =
  "Encoded is upstream's own binary form, which nobody else can read; decode it before";
