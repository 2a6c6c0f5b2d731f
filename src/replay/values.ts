import type { Secrets } from '../trace/secrets.ts';
import { fromBase64, toBase64 } from '../values/base64.ts';
import { isObject } from '../values/object.ts';

// The values of a recording as JSON: bytes are { text } or { base64 }, an i64 is { i64 }, and a number without a form in JSON { f64 }.

/** A value of a recording in which asterisks stand for a secret. A replay passes it on, and compares it with nothing. */
export class Hidden {
  readonly value: string | Uint8Array | number;
  constructor(value: string | Uint8Array | number) {
    this.value = value;
  }
}

export const shown = <T>(value: T | Hidden): T => (value instanceof Hidden ? (value.value as T) : value);

const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Keys whose texts come from the host or from the module, and never from its data. */
const PLAIN = [
  ...['kind', 'call', 'code', 'export', 'name', 'namespace', 'device'],
  ...['sha256', 'format', 'record', 'isolation', 'logLevel', 'logLevel.args'],
];

/** Keys whose numbers may be data of the plugin. Other numbers are settings, counts, times and handles. */
const NUMBERS = ['host.args', 'host.result', 'file.args'];

/** Returns a value as JSON takes it, with asterisks for secrets. @param kind of the entry or operation that has the key */
export function toPlainJson(value: unknown, secrets: Secrets, key = '', kind = ''): unknown {
  if (value instanceof Hidden) {
    const { value: own } = value;
    const form =
      own instanceof Uint8Array
        ? contentOf(own)
        : typeof own === 'string'
          ? { string: own }
          : { f64: String(own) };
    return { ...form, hidden: true };
  }
  if (typeof value === 'string') {
    if (PLAIN.includes(key) || PLAIN.includes(`${kind}.${key}`)) return value;
    const bytes = encoder.encode(value);
    const masked = secrets.mask(bytes);
    return masked === bytes ? value : { string: decoder.decode(masked), hidden: true };
  }
  if (typeof value === 'bigint' || typeof value === 'number') {
    const digits = String(value);
    if (NUMBERS.includes(`${kind}.${key}`) && secrets.cleanText(digits) !== digits)
      return { f64: '0', hidden: true };
    if (typeof value === 'bigint') return { i64: digits };
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { f64: Object.is(value, -0) ? '-0' : digits };
  }
  if (value instanceof Uint8Array) {
    if (key === 'wasm') return { base64: toBase64(value) };
    const masked = secrets.mask(value);
    return { ...contentOf(masked), ...(masked !== value && { hidden: true }) };
  }
  if (Array.isArray(value)) return value.map(item => toPlainJson(item, secrets, key, kind));
  if (!isObject(value)) return value ?? null;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const own = String(value.kind ?? value.call ?? '');
  return Object.fromEntries(entries.map(([name, item]) => [name, toPlainJson(item, secrets, name, own)]));
}

function contentOf(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { base64: toBase64(bytes) };
  }
}

const MAX_DEPTH = 24;

/** The keys by which a value stands in for one that JSON lacks. */
const READ: Readonly<Record<string, (text: string) => unknown>> = {
  text: text => encoder.encode(text),
  base64: fromBase64,
  string: text => text,
  i64: text => BigInt(text),
  f64: text => Number(text),
};

/** The reverse of `toPlainJson`. @throws for values that it does not write */
export function fromPlainJson(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new Error(`values are nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return value.map(item => fromPlainJson(item, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const [first, second] = entries;
  const read = first && Object.hasOwn(READ, first[0]) ? READ[first[0]] : undefined;
  if (
    read &&
    typeof first![1] === 'string' &&
    (entries.length === 1 || (entries.length === 2 && second![0] === 'hidden'))
  ) {
    const own = read(first![1]);
    return second ? new Hidden(own as string) : own;
  }
  const read2: Record<string, unknown> = Object.create(null);
  for (const [name, item] of entries) read2[name] = fromPlainJson(item, depth + 1);
  return read2;
}

/** Whether a replayed value is the recorded one. Hidden values match each other value. */
export function isSame(recorded: unknown, now: unknown): boolean {
  if (recorded instanceof Hidden) return true;
  if (recorded instanceof Uint8Array || now instanceof Uint8Array) {
    if (!(recorded instanceof Uint8Array && now instanceof Uint8Array)) return false;
    return recorded.length === now.length && recorded.every((byte, index) => byte === now[index]);
  }
  if (Array.isArray(recorded)) {
    return (
      Array.isArray(now) &&
      now.length === recorded.length &&
      recorded.every((item, index) => isSame(item, now[index]))
    );
  }
  if (isObject(recorded)) {
    if (!isObject(now)) return false;
    const keys = new Set([...Object.keys(recorded), ...Object.keys(now)]);
    return [...keys].every(key => isSame(recorded[key], now[key]));
  }
  return Object.is(recorded, now) || (recorded ?? null) === (now ?? null);
}

/** Bytes that an object takes besides its data. */
const OBJECT_BYTES = 64;

/** The bytes of a value: about as many as it takes in memory. */
export function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array || typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  const own = Array.isArray(value) ? 0 : OBJECT_BYTES;
  return Object.values(value).reduce((sum: number, item) => sum + sizeOf(item), own);
}

const SHOWN_CHARACTERS = 200;

/** A value for a message. */
export function describeValue(value: unknown): string {
  if (value instanceof Hidden) return `${describeValue(value.value)} (with a secret)`;
  if (value instanceof Uint8Array)
    return `${value.length} bytes ${cut(JSON.stringify(decoder.decode(value.subarray(0, SHOWN_CHARACTERS))))}`;
  if (Array.isArray(value)) return `(${value.map(describeValue).join(', ')})`;
  if (isObject(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return `{ ${cut(entries.map(([name, item]) => `${name}: ${describeValue(item)}`).join(', '))} }`;
  }
  return typeof value === 'string' ? cut(JSON.stringify(value)) : String(value);
}

const cut = (text: string): string =>
  text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
