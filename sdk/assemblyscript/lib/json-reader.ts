import { parseJsonFloat } from './float';
import { Json } from './json';

/** As deep as hosts and the Rust SDK go. */
const MAX_DEPTH = 128;

/** The value of a JSON text, or the reason why it is not one. */
export class ReadResult {
  constructor(
    readonly value: Json,
    /** Null if the text is JSON. */
    readonly error: string | null,
  ) {}
}

/** Reads a JSON text in UTF-8. */
export function readJson(bytes: Uint8Array): ReadResult {
  const reader = new Reader(bytes);
  const value = reader.read(0);
  reader.end();
  return new ReadResult(value, reader.error);
}

class Reader {
  private at: i32 = 0;
  error: string | null = null;
  constructor(private readonly bytes: Uint8Array) {}

  /** The first error stays. */
  private fail(expected: string): Json {
    if (this.error === null) {
      const got = this.at < this.bytes.length ? 'byte 0x' + this.bytes[this.at].toString(16) : 'the end';
      this.error = 'expected ' + expected + ' at byte ' + this.at.toString() + ', got ' + got;
    }
    return Json.null();
  }

  /** The byte at the position, after white space. 0 at the end. */
  private peek(): u8 {
    while (this.at < this.bytes.length) {
      const byte = this.bytes[this.at];
      if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return byte;
      this.at++;
    }
    return 0;
  }

  private take(byte: u8): bool {
    if (this.peek() != byte) return false;
    this.at++;
    return true;
  }

  end(): void {
    this.peek();
    if (this.at < this.bytes.length) this.fail('the end');
  }

  read(depth: i32): Json {
    if (depth > MAX_DEPTH) return this.fail('at most ' + MAX_DEPTH.toString() + ' levels');
    const byte = this.peek();
    if (byte == 0x7b) return this.readObject(depth);
    if (byte == 0x5b) return this.readArray(depth);
    if (byte == 0x22) return Json.string(this.readString());
    if (byte == 0x74) return this.readWord('true', Json.boolean(true));
    if (byte == 0x66) return this.readWord('false', Json.boolean(false));
    if (byte == 0x6e) return this.readWord('null', Json.null());
    return this.readNumber();
  }

  private readWord(word: string, value: Json): Json {
    for (let index = 0; index < word.length; index++) {
      if (this.byteAt(this.at + index) != word.charCodeAt(index)) return this.fail(word);
    }
    this.at += word.length;
    return value;
  }

  private byteAt(index: i32): i32 {
    return index < this.bytes.length ? this.bytes[index] : -1;
  }

  private readObject(depth: i32): Json {
    const object = Json.object();
    this.at++;
    if (this.take(0x7d)) return object;
    while (true) {
      if (this.peek() != 0x22) return this.fail('a key');
      const key = this.readString();
      if (!this.take(0x3a)) return this.fail('":"');
      object.set(key, this.read(depth + 1));
      if (this.error !== null || this.take(0x7d)) return object;
      if (!this.take(0x2c)) return this.fail('"," or "}"');
    }
  }

  private readArray(depth: i32): Json {
    const array = Json.array([]);
    this.at++;
    if (this.take(0x5d)) return array;
    while (true) {
      array.push(this.read(depth + 1));
      if (this.error !== null || this.take(0x5d)) return array;
      if (!this.take(0x2c)) return this.fail('"," or "]"');
    }
  }

  private readString(): string {
    let text = '';
    let start = ++this.at;
    while (true) {
      const byte = this.byteAt(this.at);
      if (byte < 0x20) {
        this.fail('a text without control characters');
        return text;
      }
      if (byte == 0x22) break;
      if (byte == 0x5c) {
        text += this.slice(start);
        text += this.readEscape();
        if (this.error !== null) return text;
        start = this.at;
      } else {
        this.at++;
      }
    }
    text += this.slice(start);
    this.at++;
    return text;
  }

  private slice(start: i32): string {
    return String.UTF8.decodeUnsafe(this.bytes.dataStart + start, this.at - start);
  }

  private readEscape(): string {
    const letter = this.byteAt(this.at + 1);
    this.at += 2;
    switch (letter) {
      case 0x22: // "
      case 0x5c: // \
      case 0x2f: // /
        return String.fromCharCode(letter);
      case 0x62: // b
        return '\b';
      case 0x66: // f
        return '\f';
      case 0x6e: // n
        return '\n';
      case 0x72: // r
        return '\r';
      case 0x74: // t
        return '\t';
      case 0x75: // u
        return this.readUnit();
    }
    this.at--;
    this.fail('an escape');
    return '';
  }

  private readUnit(): string {
    let unit = 0;
    for (let end = this.at + 4; this.at < end; this.at++) {
      const digit = hexDigit(this.byteAt(this.at));
      if (digit < 0) {
        this.fail('a hexadecimal digit');
        return '';
      }
      unit = unit * 16 + digit;
    }
    return String.fromCharCode(unit);
  }

  private readNumber(): Json {
    const start = this.at;
    if (this.byteAt(this.at) == 0x2d) this.at++;
    const first = this.at;
    if (!this.skipDigits()) return this.fail('a value');
    if (this.bytes[first] == 0x30 && this.at > first + 1) {
      this.at = first + 1;
      return this.fail('a number without leading zeros');
    }
    let isInteger = true;
    if (this.byteAt(this.at) == 0x2e) {
      isInteger = false;
      this.at++;
      if (!this.skipDigits()) return this.fail('a digit');
    }
    if ((this.byteAt(this.at) | 0x20) == 0x65) {
      isInteger = false;
      this.at++;
      const sign = this.byteAt(this.at);
      if (sign == 0x2b || sign == 0x2d) this.at++;
      if (!this.skipDigits()) return this.fail('a digit');
    }
    const text = this.slice(start);
    if (isInteger && fitsI64(text) && text != '-0') return Json.integer(I64.parseInt(text));
    const value = parseJsonFloat(text);
    return isFinite(value) ? Json.float(value) : this.fail('a number within a 64-bit float');
  }

  private skipDigits(): bool {
    const start = this.at;
    while (this.byteAt(this.at) >= 0x30 && this.byteAt(this.at) <= 0x39) this.at++;
    return this.at > start;
  }
}

function hexDigit(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

const LARGEST = '9223372036854775807';
const SMALLEST = '-9223372036854775808';

/** Whether a text of digits is an i64. Texts of one length compare as their numbers do. */
function fitsI64(text: string): bool {
  const limit = text.charCodeAt(0) == 0x2d ? SMALLEST : LARGEST;
  return text.length < limit.length || (text.length == limit.length && text <= limit);
}
