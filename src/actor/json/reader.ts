import { MAX_JSON_VALUES } from '../../../abi/index.ts';
import { aCount, aText, type OptionTable, readOptions, refuseExtra } from '../../../wasi/options.ts';
import { decodeStrict, tooManyValues } from '../../values/text.ts';
import { ActorError, refuseForeign, refuseOption } from '../errors.ts';
import { Float } from '../float.ts';
import { ESCAPES, LONG_STRING, plainEnd } from './string.ts';
import { isWellFormed, type JsonObject, type JsonValue, MAX_DEPTH, setOwn } from './value.ts';

/** Decodes UTF-8. @throws {ActorError} INVALID_UTF8 with the offset of the first wrong byte; TEXT_TOO_LONG */
export function readUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decodeStrict(bytes, what, ActorError);
  } catch (error) {
    if (error instanceof ActorError) throw error;
    const repaired = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    const wrong = bytes.findIndex((byte, index) => byte !== repaired[index]);
    const offset = wrong < 0 ? bytes.length : wrong;
    throw new ActorError(
      'INVALID_UTF8',
      `${what} is not UTF-8: invalid byte sequence at byte ${offset} of ${bytes.length}`,
    );
  }
}

export interface ReadOptions {
  /** Name of the text in error messages. */
  what?: string | undefined;
  /** Levels of arrays and objects inside one another; deeper text is refused. */
  maxDepth?: number | undefined;
}

export const READ_JSON_OPTIONS: OptionTable<ReadOptions> = {
  of: 'readJson(input, options) and readPacket(input, report, options)',
  rows: {
    what: { ...aText, default: 'the text' },
    maxDepth: { ...aCount('levels', 1), default: String(MAX_DEPTH) },
  },
};

/**
 * Reads one JSON text. When a key is repeated, the last one counts. Objects are plain objects, as from `JSON.parse`; a key
 * `__proto__` becomes an own property.
 * @throws {ActorError} JSON_SYNTAX, INVALID_UTF8, TEXT_TOO_LONG, TOO_MANY_VALUES, JSON_DEPTH, or JSON_RANGE for a number beyond
 * the range of a 64-bit float; each with the offset in bytes of UTF-8. INVALID_CONFIG for options that are wrong
 */
export function readJson(input: string | Uint8Array, options?: ReadOptions): JsonValue;
export function readJson(input: string | Uint8Array, options?: ReadOptions, ...extra: unknown[]): JsonValue {
  refuseExtra(extra, 'readJson', refuseOption);
  return readWith(input, options);
}

/** Does the work of `readJson`. @param repeated Gets the objects that have a key twice, with this key */
export function readWith(
  input: string | Uint8Array,
  options: ReadOptions | undefined,
  repeated?: RepeatedKeys,
): JsonValue {
  // `texts.map(readJson)` passes an index as options, and other callbacks of `map` an array.
  let what: string | undefined;
  try {
    const isLeftOut = options === undefined || typeof options === 'number' || Array.isArray(options);
    const read: ReadOptions = isLeftOut
      ? {}
      : readOptions(READ_JSON_OPTIONS, options, 'readJson', refuseOption);
    what = read.what;
    return parseJson(input, what, read.maxDepth, undefined, repeated);
  } catch (cause) {
    return refuseForeign(cause, what ?? 'readJson');
  }
}

/** Does the work of `readJson`, without a check of options. @param known Members that need not be read again */
export const parseJson = (
  input: string | Uint8Array,
  what = 'the text',
  maxDepth = MAX_DEPTH,
  known?: KnownMembers,
  repeated?: RepeatedKeys,
): JsonValue =>
  new Reader(
    typeof input === 'string' ? input : readUtf8(input, what),
    what,
    maxDepth,
    known,
    repeated,
  ).read();

/** Objects whose text has a key twice, and the key. */
export type RepeatedKeys = Pick<WeakMap<JsonObject, string>, 'get' | 'set'>;

/** A member that was read: its text, its value, and the number of keys and values in it. */
interface KnownMember {
  readonly text: string;
  readonly value: JsonValue;
  readonly values: number;
}

/** An object that was read, with its members. */
interface KnownObject extends KnownMember {
  readonly value: JsonObject;
  readonly members: ReadonlyMap<string, KnownMember>;
}

/**
 * One object that stands at the top of each text, such as the state in a result. With the same short text as before it is the same
 * object again, and a member with the same text has the same value: neither is read anew. Values that were read must not be changed.
 * RATIONALE: how-does-a-large-state-cost-only-its-changes
 */
export class KnownMembers {
  /** The key of the object in the outermost object. */
  readonly of: string;
  latest: KnownObject | undefined;

  constructor(of: string) {
    this.of = of;
  }
}

const LITERALS = new Map<string, readonly [word: string, value: boolean | null]>(
  Object.entries({ t: ['true', true], f: ['false', false], n: ['null', null] }),
);

/** Characters that a string must escape: quote, backslash, control characters. The regex is several times as fast as a loop. */
const NOT_PLAIN = /[^ !#-[\]-\uffff]/g;
/** From this length on, V8 makes a slice that holds the whole text. A value that is kept would hold the text of its call. */
const SLICED_STRING = 13;
/** Objects with a longer text are only compared by member: their texts rarely stay the same, and differ late. */
const COMPARED_WHOLE = 2 ** 16;
/** Texts of a known object are slices, which hold the whole text of their call. A longer one is not held, or so many times as long. */
const [HELD_CHARACTERS, HELD_TIMES] = [4096, 4];
const [QUOTE, COMMA, COLON, SPACE, TAB, LINE_FEED, RETURN] = [0x22, 0x2c, 0x3a, 0x20, 0x09, 0x0a, 0x0d];
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const AFTER_MEMBER = ',} \n\r\t';
const [ZERO, NINE] = [0x30, 0x39];

class Reader {
  readonly #text: string;
  readonly #what: string;
  readonly #maxDepth: number;
  readonly #known: KnownMembers | undefined;
  readonly #repeated: RepeatedKeys | undefined;
  /** Strings of this many characters are copied out of the text, by `JSON.parse`. */
  #copiedFrom = LONG_STRING;
  /** The last key of the outermost object. */
  #top = '';
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(text: string, what: string, maxDepth: number, known?: KnownMembers, repeated?: RepeatedKeys) {
    this.#text = text;
    this.#what = what;
    this.#maxDepth = maxDepth;
    this.#known = known;
    this.#repeated = repeated;
  }

  read(): JsonValue {
    const value = this.#value();
    if (!Number.isNaN(this.#next())) this.#fail('the end of the text');
    return value;
  }

  /** Counts a key or a value. */
  #count(): void {
    this.#countAll(1);
  }

  #countAll(values: number): void {
    this.#values += values;
    if (this.#values > MAX_JSON_VALUES) throw new ActorError('TOO_MANY_VALUES', tooManyValues(this.#what));
  }

  #value(): JsonValue {
    this.#count();
    const next = this.#next();
    if (next === QUOTE) return this.#string();
    if (next === OBJECT || next === ARRAY) return this.#nested(next);
    const literal = next > NINE ? LITERALS.get(this.#text.charAt(this.#at)) : undefined;
    if (literal) {
      const [word, value] = literal;
      if (!this.#text.startsWith(word, this.#at)) this.#fail(`"${word}"`);
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #nested(first: number): JsonValue {
    if (++this.#depth > this.#maxDepth) {
      this.#error('JSON_DEPTH', `nested deeper than ${this.#maxDepth} arrays and objects`);
    }
    this.#at++;
    const value = first === OBJECT ? this.#object() : this.#array();
    this.#at++;
    this.#depth--;
    return value;
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.#next() === ARRAY_END) return array;
    for (;;) {
      array.push(this.#value());
      if (this.#next() === ARRAY_END) return array;
      this.#expect(COMMA, '"," or "]"');
    }
  }

  #object(): JsonObject {
    const known = this.#known;
    return known && this.#depth === 2 && this.#top === known.of ? this.#knownObject(known) : this.#members();
  }

  #knownObject(known: KnownMembers): JsonObject {
    const start = this.#at - 1;
    const before = known.latest;
    if (before && before.text.length <= COMPARED_WHOLE) {
      const end = start + before.text.length;
      if (this.#text.slice(start, end) === before.text) {
        this.#at = end - 1;
        this.#countAll(before.values);
        return before.value;
      }
    }
    const first = this.#values;
    const members = new Map<string, KnownMember>();
    this.#copiedFrom = SLICED_STRING;
    const value = this.#members(members, before?.members);
    this.#copiedFrom = LONG_STRING;
    const text = this.#text.slice(start, this.#at + 1);
    const isKept = this.#text.length <= Math.max(HELD_CHARACTERS, HELD_TIMES * text.length);
    known.latest = isKept ? { text, value, values: this.#values - first, members } : undefined;
    return value;
  }

  /** @param members gets the members, and `before` has those of the text before */
  #members(members?: Map<string, KnownMember>, before?: ReadonlyMap<string, KnownMember>): JsonObject {
    const object: JsonObject = {};
    if (this.#next() !== OBJECT_END) {
      for (;;) {
        if (this.#next() !== QUOTE) this.#fail('a key in quotes');
        this.#count();
        const key = this.#string();
        this.#next();
        this.#expect(COLON, '":"');
        if (this.#depth === 1) this.#top = key;
        if (this.#repeated && Object.hasOwn(object, key)) this.#repeated.set(object, key);
        const member = members && this.#member(before?.get(key));
        if (member) members!.set(key, member);
        setOwn(object, key, member ? member.value : this.#value());
        if (this.#next() === OBJECT_END) break;
        this.#expect(COMMA, '"," or "}"');
      }
    }
    return object;
  }

  #member(before: KnownMember | undefined): KnownMember {
    this.#next();
    const start = this.#at;
    if (before) {
      const end = start + before.text.length;
      // Without a copy, and several times as fast as `startsWith`.
      const text = this.#text.slice(start, end);
      // A number may go on behind its text.
      if (text === before.text && AFTER_MEMBER.includes(this.#text.charAt(end))) {
        this.#at = end;
        this.#countAll(before.values);
        // Not `before`, whose text holds the text of an earlier call.
        return { text, value: before.value, values: before.values };
      }
    }
    const first = this.#values;
    const value = this.#value();
    return { text: this.#text.slice(start, this.#at), value, values: this.#values - first };
  }

  #string(): string {
    const start = this.#at++;
    const end = plainEnd(this.#text, this.#at);
    if (this.#text.charCodeAt(end) === QUOTE && end - start <= this.#copiedFrom) {
      this.#at = end + 1;
      return this.#text.slice(start + 1, end);
    }
    const read = this.#longString(start) ?? this.#characters();
    if (!isWellFormed(read)) {
      this.#at = start;
      this.#error('JSON_SYNTAX', 'a string with half a surrogate pair, which UTF-8 cannot carry,');
    }
    this.#at++;
    return read;
  }

  /** `JSON.parse` is faster for long strings, slower for short ones. Refused text is read again, to find the error's offset. */
  #longString(start: number): string | undefined {
    const text = this.#text;
    const end = text.indexOf('"', start + 1);
    if (end - start <= this.#copiedFrom || text[end - 1] === '\\') return undefined;
    try {
      const read = JSON.parse(text.slice(start, end + 1)) as string;
      this.#at = end;
      return read;
    } catch {
      return undefined;
    }
  }

  #characters(): string {
    const text = this.#text;
    let read = '';
    for (;;) {
      NOT_PLAIN.lastIndex = this.#at;
      // Not `exec`, which allocates an array for each match.
      const at = NOT_PLAIN.test(text) ? NOT_PLAIN.lastIndex - 1 : text.length;
      read += text.slice(this.#at, at);
      this.#at = at;
      if (text[at] === '"') return read;
      if (text[at] !== '\\') this.#fail('a character of a string, or its closing quote');
      read += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text.charAt(++this.#at);
    if (letter === 'u') {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#fail('"u" and four hexadecimal digits');
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    this.#at++;
    return ESCAPES.get(letter) ?? this.#fail('one of "\\/bfnrtu after a backslash', this.#at - 1);
  }

  #number(): JsonValue {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits(start === this.#at ? 'a value' : 'a digit after "-"');
    let isInteger = true;
    if (this.#text[this.#at] === '.') {
      isInteger = false;
      this.#at++;
      this.#digits('a digit after "."');
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      isInteger = false;
      this.#at++;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++;
      this.#digits('a digit of an exponent');
    }
    const literal = this.#text.slice(start, this.#at);
    const value = Number(literal);
    if (!Number.isFinite(value)) {
      this.#at = start;
      this.#error('JSON_RANGE', 'a number beyond the range of a 64-bit float');
    }
    // A finite float has at most 309 digits before the point, which also bounds the time that BigInt takes.
    if (isInteger && !Object.is(value, -0)) return Number.isSafeInteger(value) ? value : BigInt(literal);
    return Number.isInteger(value) ? new Float(value) : value;
  }

  #digits(expected: string): void {
    const text = this.#text;
    let at = this.#at;
    for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at++;
    if (at === this.#at) this.#fail(expected);
    this.#at = at;
  }

  /** Skips white space and returns the next UTF-16 code unit, NaN at the end. */
  #next(): number {
    const text = this.#text;
    let unit = text.charCodeAt(this.#at);
    while (unit <= SPACE && (unit === SPACE || unit === LINE_FEED || unit === RETURN || unit === TAB))
      unit = text.charCodeAt(++this.#at);
    return unit;
  }

  #expect(unit: number, expected: string): void {
    if (this.#text.charCodeAt(this.#at) !== unit) this.#fail(expected);
    this.#at++;
  }

  #fail(expected: string, at = this.#at): never {
    this.#at = at;
    const found = this.#text.codePointAt(at);
    const got = found === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(found));
    return this.#error('JSON_SYNTAX', `expected ${expected}, got ${got}`);
  }

  #error(code: 'JSON_SYNTAX' | 'JSON_DEPTH' | 'JSON_RANGE', problem: string): never {
    const offset = new TextEncoder().encode(this.#text.slice(0, this.#at)).length;
    throw new ActorError(code, `${this.#what} is not valid JSON: ${problem} at byte ${offset}`);
  }
}
