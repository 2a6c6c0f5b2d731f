import { bytesOf, isErrorOf } from './brands.ts';
import { AbiError } from './errors.ts';
import { lazily } from './lazily.ts';

/**
 * The most bytes of a text that becomes a string, and the most UTF-16 code units of a string that becomes bytes: the
 * longest string of V8 (`String::kMaxLength`). For longer texts engines throw, cut the text, return `""` or end the process.
 * Some engines can decode some longer texts. These are refused too, so that a plugin behaves alike on every engine.
 * RATIONALE: why-is-a-text-of-more-than-229--24-bytes-refused
 */
export const MAX_TEXT_BYTES: number = 2 ** 29 - 24;

/**
 * The message for a text over the limit.
 * @param what The text's name, such as `error_set: text`.
 * @param got Its size, or `more`
 */
export const tooLongMessage = (
  what: string,
  got: number | 'more',
  unit: 'bytes' | 'characters' = 'bytes',
): string =>
  `${what}: expected a text of at most ${MAX_TEXT_BYTES} ${unit}, got ${got}; pass it as bytes or in pieces`;

// A byte order mark is part of the text that the plugin wrote.
const decoder = lazily(() => new TextDecoder('utf-8', { ignoreBOM: true }));
const strictDecoder = lazily(() => new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }));

/** Refuses a text by its length, before anything copies or decodes it. @throws {AbiError} TEXT_TOO_LONG */
export function checkTextLength(bytes: number, what: string): void {
  if (bytes > MAX_TEXT_BYTES) throw new AbiError('TEXT_TOO_LONG', tooLongMessage(what, bytes));
}

/** The text of `bytes`, with U+FFFD for bytes that are not UTF-8. @throws {AbiError} TEXT_TOO_LONG */
export function decodeLossy(bytes: Uint8Array, what: string): string {
  checkTextLength(bytes.length, what);
  return decoder().decode(bytes);
}

/** Longer texts are decoded once. One that a plugin made wrong would take long twice. */
const DECODED_TWICE = 2 ** 18;

/**
 * The text of `bytes` where it is surely the same for a strict decoder, which takes up to nine times as long (Deno 2.9): a text without
 * U+FFFD, which stands for bytes that are not UTF-8.
 */
export function strictText(bytes: Uint8Array): string | undefined {
  if (bytes.length > DECODED_TWICE) return undefined;
  const text = decoder().decode(bytes);
  return text.includes('\ufffd') ? undefined : text;
}

/** The text of `bytes`, or null when they are not UTF-8. @throws {AbiError} TEXT_TOO_LONG */
export function decodeStrict(bytes: Uint8Array, what: string): string | null {
  checkTextLength(bytes.length, what);
  try {
    return strictText(bytes) ?? strictDecoder().decode(bytes);
  } catch (error) {
    // A RangeError means that the call stack is exhausted, not that the bytes are wrong.
    if (!isErrorOf('TypeError', error)) throw error;
    return null;
  }
}

const encoder = lazily(() => new TextEncoder());
/** The array that `utf8` uses again: an engine takes many times as long to make one as to fill it. First that of short texts. */
let scratch = new Uint8Array(3 * 1024);
const MAX_SCRATCH = 3 * 2 ** 17;

/** Returns `text` as UTF-8. Copy it at once: the next call may overwrite it. @throws {AbiError} INVALID_INPUT, TEXT_TOO_LONG */
export function utf8(text: string): Uint8Array {
  if (typeof text !== 'string')
    throw new AbiError('INVALID_INPUT', `expected a string, got a ${typeof text}`);
  // A UTF-16 code unit takes three bytes at most.
  if (text.length * 3 <= MAX_SCRATCH) {
    if (text.length * 3 > scratch.length) scratch = new Uint8Array(MAX_SCRATCH);
    return scratch.subarray(0, encoder().encodeInto(text, scratch).written);
  }
  if (text.length > MAX_TEXT_BYTES) {
    throw new AbiError('TEXT_TOO_LONG', tooLongMessage('text', text.length, 'characters'));
  }
  return encoder().encode(text);
}

/** Returns text as UTF-8, and bytes as they are. @throws {AbiError} INVALID_INPUT for any other value, TEXT_TOO_LONG */
export const toBytes = (value: string | Uint8Array): Uint8Array => bytesOf(value) ?? utf8(value as string);

/** Cuts a plugin's text to a length that fits a message. */
export const shorten = (text: string, most = 60): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;
