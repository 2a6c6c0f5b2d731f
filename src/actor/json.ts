import { ActorError, describe } from './errors.ts';
import { Float, formatFloat } from './float.ts';

/**
 * JSON that keeps numbers exactly. An integer literal is a `number` while that is safe and a `bigint` beyond; a
 * literal with a fraction or an exponent (and `-0`) is a `number` when it is not whole and a `Float` when it is.
 * So `1`, `1.0`, `9007199254740993` and `0.5` each come back as they went.
 * RATIONALE: why-a-json-reader-and-writer-of-its-own
 */
export type JsonValue = null | boolean | number | bigint | Float | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/**
 * Arrays and objects inside one another, the outermost included. serde_json refuses the 128th, so that deeper
 * text would never reach a Rust plugin.
 */
export const MAX_DEPTH = 127;

/** Whether no surrogate stands alone. ES2024, which every runtime here has and TypeScript's `lib` for them not. */
export const isWellFormed = (text: string) => (text as string & { isWellFormed(): boolean }).isWellFormed();

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  isObject(value) && !(value instanceof Float);

/** A path as JavaScript spells it: `payload.x.data[3]["a b"]`. */
export const formatPath = (path: readonly (string | number)[]): string =>
  path
    .map(step => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('')
    .replace(/^\./, '');

/** Decodes UTF-8. @throws {ActorError} INVALID_UTF8 with the offset of the first byte that does not fit */
export function readUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
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
  /** What the text is, for the error message. */
  what?: string;
  maxDepth?: number;
}

/**
 * Reads one JSON text. Among equal keys the last wins. Objects are plain objects, as from `JSON.parse`: a key
 * `__proto__` is an own property like any other.
 * @throws {ActorError} JSON_SYNTAX, INVALID_UTF8, JSON_DEPTH, or JSON_RANGE for a number that no float can hold;
 * each with the offset in bytes of UTF-8
 */
export function readJson(input: string | Uint8Array, options: ReadOptions = {}): JsonValue {
  const { what = 'the text', maxDepth = MAX_DEPTH } = options;
  return new Reader(typeof input === 'string' ? input : readUtf8(input, what), what, maxDepth).read();
}

const ESCAPES = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }),
);
const LITERALS = { t: ['true', true], f: ['false', false], n: ['null', null] } as const;

/** What a string cannot have as it is: quote, backslash, control characters. Several times as fast as a loop. */
const NOT_PLAIN = /[^ !#-[\]-\uffff]/g;
const ZERO = 0x30;
const NINE = 0x39;

class Reader {
  readonly #text: string;
  readonly #what: string;
  readonly #maxDepth: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, what: string, maxDepth: number) {
    this.#text = text;
    this.#what = what;
    this.#maxDepth = maxDepth;
  }

  read(): JsonValue {
    const value = this.#value();
    if (this.#next() !== '') this.#fail('the end of the text');
    return value;
  }

  #value(): JsonValue {
    const next = this.#next();
    if (next === '"') return this.#string();
    if (next === '{') return this.#nested(() => this.#object());
    if (next === '[') return this.#nested(() => this.#array());
    if (next === 't' || next === 'f' || next === 'n') {
      const [word, value] = LITERALS[next];
      if (!this.#text.startsWith(word, this.#at)) this.#fail(`"${word}"`);
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > this.#maxDepth) {
      this.#error('JSON_DEPTH', `nested deeper than ${this.#maxDepth} arrays and objects`);
    }
    this.#at++;
    const value = read();
    this.#at++;
    this.#depth--;
    return value;
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.#next() === ']') return array;
    for (;;) {
      array.push(this.#value());
      if (this.#next() === ']') return array;
      this.#expect(',', '"," or "]"');
    }
  }

  #object(): JsonObject {
    const object: JsonObject = {};
    if (this.#next() === '}') return object;
    for (;;) {
      if (this.#next() !== '"') this.#fail('a key in quotes');
      const key = this.#string();
      this.#next();
      this.#expect(':', '":"');
      const value = this.#value();
      // Assigned, this one key would set the prototype.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
      } else object[key] = value;
      if (this.#next() === '}') return object;
      this.#expect(',', '"," or "}"');
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at++;
    let read = '';
    for (;;) {
      NOT_PLAIN.lastIndex = this.#at;
      const at = NOT_PLAIN.exec(text)?.index ?? text.length;
      read += text.slice(this.#at, at);
      this.#at = at;
      if (text[at] === '"') break;
      if (text[at] !== '\\') this.#fail('a character of a string, or its closing quote');
      read += this.#escape();
    }
    if (!isWellFormed(read)) {
      this.#at = start;
      this.#error('JSON_SYNTAX', 'a string with half a surrogate pair, which UTF-8 cannot carry,');
    }
    this.#at++;
    return read;
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
    // That the float is finite also bounds the digits, and so the time that BigInt takes.
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

  /** Skips white space and answers the character after it, '' at the end. */
  #next(): string {
    const text = this.#text;
    let char = text.charAt(this.#at);
    while (char === ' ' || char === '\n' || char === '\r' || char === '\t') char = text.charAt(++this.#at);
    return char;
  }

  #expect(char: string, expected: string): void {
    if (this.#text[this.#at] !== char) this.#fail(expected);
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

/**
 * Writes one JSON text, without white space. Takes what `readJson` gives, and bytes (as an array of numbers).
 * A `number` that is whole but not a safe integer is written as the float it is (`2 ** 53` as
 * `9007199254740992.0`), since the digits of an integer would claim an exactness that it does not have.
 * @param path Where the value stands, for error messages; its steps count as levels of nesting
 * @throws {ActorError} JSON_VALUE with the path of what JSON cannot carry (NaN, infinities, undefined, functions,
 * class instances, cycles, half surrogate pairs), JSON_DEPTH
 */
export function writeJson(value: unknown, path: readonly string[] = []): string {
  return new Writer(path).write(value);
}

class Writer {
  readonly #path: (string | number)[];
  readonly #parents: object[] = [];

  constructor(path: readonly string[]) {
    this.#path = [...path];
  }

  write(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : this.#float(value);
      case 'bigint':
        // The reader refuses what is beyond, and String takes more than proportional time for it.
        if (Number.isFinite(Number(value))) return String(value);
        return this.#fail('an integer beyond the range of a 64-bit float is not JSON that plugins can read');
      case 'boolean':
        return String(value);
      case 'object':
        return value === null ? 'null' : this.#object(value);
      default:
        return this.#fail(`${describe(value)} is not JSON`);
    }
  }

  #string(value: string): string {
    if (!isWellFormed(value)) this.#fail('a string with half a surrogate pair is not JSON');
    return JSON.stringify(value);
  }

  #float(value: number): string {
    if (!Number.isFinite(value)) this.#fail(`${value} is not JSON`);
    return formatFloat(value);
  }

  #object(value: object): string {
    if (value instanceof Float) return this.#float(value.value);
    if (value instanceof Uint8Array) return `[${value.join(',')}]`;
    if (this.#parents.includes(value)) this.#fail('a value that contains itself is not JSON');
    if (this.#path.length >= MAX_DEPTH) {
      const message = `nested deeper than ${MAX_DEPTH} arrays and objects, the most that plugins can read`;
      throw new ActorError('JSON_DEPTH', `${formatPath(this.#path)}: ${message}`);
    }
    this.#parents.push(value);
    const text = Array.isArray(value) ? this.#array(value) : this.#members(value);
    this.#parents.pop();
    return text;
  }

  #array(array: readonly unknown[]): string {
    let text = '[';
    for (let index = 0; index < array.length; index++) {
      if (index > 0) text += ',';
      text += this.#at(index, array[index]);
    }
    return `${text}]`;
  }

  #members(object: object): string {
    const prototype: unknown = Object.getPrototypeOf(object);
    // A plain object of another realm has another Object.prototype, but that one too is the last of its chain.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      this.#fail(`${describe(object)} is not JSON`);
    let text = '{';
    for (const [key, value] of Object.entries(object)) {
      if (text.length > 1) text += ',';
      text += `${this.#string(key)}:${this.#at(key, value)}`;
    }
    return `${text}}`;
  }

  #at(step: string | number, value: unknown): string {
    this.#path.push(step);
    const text = this.write(value);
    this.#path.pop();
    return text;
  }

  #fail(problem: string): never {
    const where = this.#path.length > 0 ? formatPath(this.#path) : 'the value';
    throw new ActorError('JSON_VALUE', `${where}: ${problem}`);
  }
}

/** A copy that shares nothing with `value`, which is thereby known to be JSON. */
export function copyJson(value: unknown, path: readonly string[]): JsonValue {
  return readJson(writeJson(value, path));
}
