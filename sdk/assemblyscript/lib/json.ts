export enum JsonKind {
  Null,
  Boolean,
  Integer,
  Float,
  String,
  Array,
  Object,
}

/**
 * A JSON value. Integers within i64 keep all their bits, and a number with a fraction or an exponent stays a float.
 * Readers never fail: `get` of a missing key and `at` beyond the end return null's value, and `as…` return the fallback.
 */
export class Json {
  private constructor(readonly kind: JsonKind) {}

  private int: i64 = 0;
  private float: f64 = 0;
  private text: string = '';
  private list: Json[] | null = null;
  private map: Map<string, Json> | null = null;

  static null(): Json {
    return new Json(JsonKind.Null);
  }
  static boolean(value: bool): Json {
    const json = new Json(JsonKind.Boolean);
    json.int = value ? 1 : 0;
    return json;
  }
  static integer(value: i64): Json {
    const json = new Json(JsonKind.Integer);
    json.int = value;
    return json;
  }
  /** JSON has no NaN and no infinity: they are written as null. */
  static float(value: f64): Json {
    const json = new Json(JsonKind.Float);
    json.float = value;
    return json;
  }
  static string(value: string): Json {
    const json = new Json(JsonKind.String);
    json.text = value;
    return json;
  }
  static array(items: Json[] = []): Json {
    const json = new Json(JsonKind.Array);
    json.list = items;
    return json;
  }
  /** An empty object, to be filled with `set`. */
  static object(): Json {
    const json = new Json(JsonKind.Object);
    json.map = new Map<string, Json>();
    return json;
  }
  static bytes(bytes: Uint8Array): Json {
    const items = new Array<Json>(bytes.length);
    for (let index = 0; index < bytes.length; index++) items[index] = Json.integer(bytes[index]);
    return Json.array(items);
  }

  get isNull(): bool {
    return this.kind == JsonKind.Null;
  }
  get isBoolean(): bool {
    return this.kind == JsonKind.Boolean;
  }
  /** Whether it is a number without fraction and exponent, within i64. */
  get isInteger(): bool {
    return this.kind == JsonKind.Integer;
  }
  get isNumber(): bool {
    return this.kind == JsonKind.Integer || this.kind == JsonKind.Float;
  }
  get isString(): bool {
    return this.kind == JsonKind.String;
  }
  get isArray(): bool {
    return this.kind == JsonKind.Array;
  }
  get isObject(): bool {
    return this.kind == JsonKind.Object;
  }

  asBoolean(fallback: bool = false): bool {
    return this.isBoolean ? this.int != 0 : fallback;
  }
  /** Returns the fallback for a float too, also for a whole one. */
  asInteger(fallback: i64 = 0): i64 {
    return this.isInteger ? this.int : fallback;
  }
  /** Returns the nearest f64 of an integer. */
  asFloat(fallback: f64 = 0): f64 {
    if (this.isInteger) return <f64>this.int;
    return this.kind == JsonKind.Float ? this.float : fallback;
  }
  asString(fallback: string = ''): string {
    return this.isString ? this.text : fallback;
  }
  /** Returns the bytes of an array of integers from 0 to 255; null for any other value. */
  asBytes(): Uint8Array | null {
    const list = this.list;
    if (list === null) return null;
    const bytes = new Uint8Array(list.length);
    for (let index = 0; index < list.length; index++) {
      const byte = list[index].asInteger(-1);
      if (byte < 0 || byte > 255) return null;
      bytes[index] = <u8>byte;
    }
    return bytes;
  }

  /** The items of an array; none of any other value. */
  get items(): Json[] {
    const list = this.list;
    return list === null ? [] : list;
  }
  /** Returns the item at an index. */
  at(index: i32): Json {
    const list = this.list;
    return list !== null && index >= 0 && index < list.length ? list[index] : Json.null();
  }
  /** Appends an item to an array, and returns the array. Does nothing to any other value. */
  push(item: Json): Json {
    const list = this.list;
    if (list !== null) list.push(item);
    return this;
  }

  /** The keys of an object; none of any other value. */
  get keys(): string[] {
    const map = this.map;
    return map === null ? [] : map.keys();
  }
  has(key: string): bool {
    const map = this.map;
    return map !== null && map.has(key);
  }
  get(key: string): Json {
    const map = this.map;
    return map !== null && map.has(key) ? map.get(key) : Json.null();
  }
  /** Sets a member of an object, and returns the object. Does nothing to any other value. */
  set(key: string, value: Json): Json {
    const map = this.map;
    if (map !== null) map.set(key, value);
    return this;
  }
}
