import { Json } from './json';

/** A message on a port. On the wire it is {"type": …, "data": …}. */
export class Message {
  constructor(
    /** The name of a type, such as `Integer`. */
    readonly type: string,
    /** Null for a Flow. */
    readonly data: Json = Json.null(),
  ) {}

  /** A control signal without data. */
  static flow(): Message {
    return new Message('Flow');
  }
  static event(data: Json): Message {
    return new Message('Event', data);
  }
  static boolean(value: bool): Message {
    return new Message('Boolean', Json.boolean(value));
  }
  /** All 64 bits are kept. */
  static integer(value: i64): Message {
    return new Message('Integer', Json.integer(value));
  }
  static float(value: f64): Message {
    return new Message('Float', Json.float(value));
  }
  static string(value: string): Message {
    return new Message('String', Json.string(value));
  }
  /** @param data made by `Json.object()` */
  static object(data: Json): Message {
    return new Message('Object', data);
  }
  static array(items: Json[]): Message {
    return new Message('Array', Json.array(items));
  }
  /** Bytes. On the wire they are an array of numbers; `data.asBytes()` reads them. */
  static stream(bytes: Uint8Array): Message {
    return new Message('Stream', Json.bytes(bytes));
  }
  /** @param data Default: the absent value */
  static optional(data: Json = Json.null()): Message {
    return new Message('Optional', data);
  }
  static any(data: Json): Message {
    return new Message('Any', data);
  }
  /** An error text as a message. To fail the call instead, return `ActorResult.fail`. */
  static error(text: string): Message {
    return new Message('Error', Json.string(text));
  }

  /** Returns the form of the wire. */
  toJson(): Json {
    return Json.object().set('type', Json.string(this.type)).set('data', this.data);
  }

  /** Returns the plain value that `sendOutput` sends for it. */
  toPlain(): Json {
    return this.type == 'Flow' ? Json.string('flow') : this.data;
  }
}

/** Messages by port. */
export type Packet = Map<string, Message>;
