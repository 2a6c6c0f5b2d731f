import { hasTooManyValues, MAX_JSON_VALUES, MAX_TEXT_BYTES, tooLongMessage } from '../../abi/index.ts';
import { lazily } from '../../abi/lazily.ts';
import { strictText } from '../../abi/utf8.ts';
import { PlugboardError } from '../errors.ts';

type Code = 'TEXT_TOO_LONG' | 'TOO_MANY_VALUES';
type Failure = new (code: Code, message: string) => Error;

// A byte order mark is kept: it is part of the text that the plugin wrote.
const decoder = lazily(() => new TextDecoder('utf-8', { ignoreBOM: true }));
const strictDecoder = lazily(() => new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }));

/** Refuses a text by its length, before the engine decodes it. @throws {Failure} TEXT_TOO_LONG */
function checkTextLength(bytes: number, what: string, Failure: Failure = PlugboardError): void {
  if (bytes > MAX_TEXT_BYTES) throw new Failure('TEXT_TOO_LONG', tooLongMessage(what, bytes));
  hasLongTexts ||= bytes >= LONG_TEXT;
}

/**
 * V8 14 ends the process when its fast path of `JSON.stringify` meets a string of 2^28 characters for the second time (Node 26,
 * Deno 2.9). A replacer turns the fast path off.
 */
const LONG_TEXT = 2 ** 26;
const keepAll = (_key: string, value: unknown): unknown => value;
/** Whether this process has decoded such a text, so that a value may hold it. */
let hasLongTexts = false;

/** Like `JSON.stringify`, also for values with the longest texts. */
export function stringify(value: unknown): string | undefined {
  const isCareful = hasLongTexts || (typeof value === 'string' && value.length >= LONG_TEXT);
  return JSON.stringify(value, isCareful ? keepAll : undefined) as string | undefined;
}

/** Decodes UTF-8, with U+FFFD for invalid bytes. @throws {Failure} TEXT_TOO_LONG */
export function decodeLossy(
  bytes: ArrayBufferView<ArrayBuffer>,
  what: string,
  Failure: Failure = PlugboardError,
): string {
  checkTextLength(bytes.byteLength, what, Failure);
  return decoder().decode(bytes);
}

/** Decodes UTF-8. @throws {Failure} TEXT_TOO_LONG @throws {TypeError} for bytes that are not UTF-8 */
export function decodeStrict(bytes: Uint8Array, what: string, Failure: Failure = PlugboardError): string {
  checkTextLength(bytes.length, what, Failure);
  return strictText(bytes) ?? strictDecoder().decode(bytes);
}

/**
 * Like `JSON.parse`, but refuses texts with too many values: `JSON.parse` of V8 ends the process for some of them.
 * @throws {Failure} TOO_MANY_VALUES @throws {SyntaxError} for a text that is not JSON
 */
export function parseJson(text: string, what: string, Failure: Failure = PlugboardError): unknown {
  if (hasTooManyValues(text)) throw new Failure('TOO_MANY_VALUES', tooManyValues(what));
  return JSON.parse(text);
}

export const tooManyValues = (what: string): string =>
  `${what}: expected JSON of at most ${MAX_JSON_VALUES} keys and values, got more; split it up`;
