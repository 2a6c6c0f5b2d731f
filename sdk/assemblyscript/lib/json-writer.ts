import { Json, JsonKind } from './json';

/** Text in UTF-8 that grows. */
class Text {
  private bytes: Uint8Array = new Uint8Array(256);
  private length: i32 = 0;

  private reserve(count: i32): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(max(needed, this.bytes.length * 2));
    memory.copy(grown.dataStart, this.bytes.dataStart, this.length);
    this.bytes = grown;
  }

  byte(value: u8): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  append(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(text.length * 3);
    this.length += <i32>(
      String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, this.bytes.dataStart + this.length)
    );
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Returns a value as JSON text in UTF-8. */
export function writeJson(json: Json): Uint8Array {
  const text = new Text();
  write(json, text);
  return text.finish();
}

function write(json: Json, text: Text): void {
  switch (json.kind) {
    case JsonKind.Null:
      text.append('null');
      break;
    case JsonKind.Boolean:
      text.append(json.asBoolean() ? 'true' : 'false');
      break;
    case JsonKind.Integer:
      text.append(json.asInteger().toString());
      break;
    case JsonKind.Float:
      text.append(floatText(json.asFloat()));
      break;
    case JsonKind.String:
      writeString(json.asString(), text);
      break;
    case JsonKind.Array:
      writeArray(json.items, text);
      break;
    default:
      writeObject(json, text);
  }
}

function floatText(value: f64): string {
  if (!isFinite(value)) return 'null';
  // toString leaves out the sign of -0.
  if (value == 0) return Math.signbit(value) ? '-0.0' : '0.0';
  return value.toString();
}

function writeArray(items: Json[], text: Text): void {
  text.byte(0x5b);
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text.byte(0x2c);
    write(items[index], text);
  }
  text.byte(0x5d);
}

function writeObject(json: Json, text: Text): void {
  const keys = json.keys;
  text.byte(0x7b);
  for (let index = 0; index < keys.length; index++) {
    if (index > 0) text.byte(0x2c);
    writeString(keys[index], text);
    text.byte(0x3a);
    write(json.get(keys[index]), text);
  }
  text.byte(0x7d);
}

function writeString(value: string, text: Text): void {
  text.byte(0x22);
  let start = 0;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (!mustEscape(value, index, unit)) continue;
    text.append(value.substring(start, index));
    text.append(escapeOf(unit));
    start = index + 1;
  }
  text.append(start == 0 ? value : value.substring(start));
  text.byte(0x22);
}

/** Quotes, backslashes and control characters, and halves of a surrogate pair, which UTF-8 cannot hold. */
function mustEscape(value: string, index: i32, unit: i32): bool {
  if (unit < 0x20 || unit == 0x22 || unit == 0x5c) return true;
  if ((unit & 0xf800) != 0xd800) return false;
  const isHigh = unit < 0xdc00;
  const other = isHigh ? index + 1 : index - 1;
  if (other < 0 || other >= value.length) return true;
  return (value.charCodeAt(other) & 0xfc00) != (isHigh ? 0xdc00 : 0xd800);
}

function escapeOf(unit: i32): string {
  if (unit == 0x22) return '\\"';
  if (unit == 0x5c) return '\\\\';
  return '\\u' + unit.toString(16).padStart(4, '0');
}
