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

/** Stands for bytes that are not UTF-8, unless the text has it itself. */
const REPLACEMENT = '\ufffd';

/** Refuses a text by its length, before anything copies or decodes it. @throws {AbiError} TEXT_TOO_LONG */
export function checkTextLength(bytes: number, what: string): void {
  if (bytes > MAX_TEXT_BYTES) throw new AbiError('TEXT_TOO_LONG', tooLongMessage(what, bytes));
}

/** The text of `bytes`, with U+FFFD for bytes that are not UTF-8. @throws {AbiError} TEXT_TOO_LONG */
export function decodeLossy(bytes: Uint8Array, what: string): string {
  checkTextLength(bytes.length, what);
  return decoder().decode(bytes);
}

/** The text of `bytes`, or null when they are not UTF-8. @throws {AbiError} TEXT_TOO_LONG */
export function decodeStrict(bytes: Uint8Array, what: string): string | null {
  const text = decodeLossy(bytes, what);
  // A strict decoder alone would take up to nine times as long (Deno 2.9).
  if (!text.includes(REPLACEMENT)) return text;
  try {
    return strictDecoder().decode(bytes);
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
