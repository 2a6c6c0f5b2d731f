import { isUint8Array, viewBytes } from '../../../wasi/brands.ts';
import { attempt } from '../../errors.ts';
import { ActorError, refuseForeign } from '../errors.ts';
import { Float } from '../float.ts';
import { isObject, type JsonObject, type JsonValue } from '../json/value.ts';
import {
  isI64,
  type MessageData,
  type MessageType,
  type NetworkEvent,
  problemOf,
  type RemoteReference,
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
  encoded: (data: Uint8Array) => message('Encoded', data),
  remoteReference: (data: RemoteReference) => message('RemoteReference', data),
  networkEvent: (data: NetworkEvent) => message('NetworkEvent', data),

  /** Whether `value` is a message (of `type`, if given) with data of the right JavaScript type. Values inside are not checked. */
  is: <Type extends MessageType = MessageType>(value: unknown, type?: Type): value is Message<Type> =>
    attempt(
      () => isObject(value) && problemOf(value) === undefined && (type === undefined || value.type === type),
      false,
    ),

  /** Returns the message for a plain JSON value, as `__send_output` does. An object `{type, data}` is plain data here, too. */
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
  return Array.isArray(value) ? Message.array(value) : Message.object(value);
}

function toPlainJson(given: Message): JsonValue {
  const problem = isObject(given) ? problemOf(given) : ': expected a message such as Message.integer(5)';
  if (problem) throw new ActorError('INVALID_MESSAGE', `message${problem}`);
  switch (given.type) {
    case 'Flow':
      return 'flow';
    case 'Float':
      if (!Number.isFinite(given.data)) {
        throw new ActorError('JSON_VALUE', `message.data: ${given.data} is not JSON`);
      }
      return Number.isInteger(given.data) ? new Float(given.data) : given.data;
    case 'Stream':
      return [...(viewBytes(given.data) ?? [])];
    case 'Encoded':
      throw new ActorError('INVALID_MESSAGE', `message: ${UNREADABLE}`);
    default:
      return (TYPES[given.type].write?.(given.data as never) ?? given.data ?? null) as JsonValue;
  }
}

export const UNREADABLE =
  "Encoded is upstream's own binary form, which nobody else can read; decode it before";
