import { stringify } from '../../values/text.ts';

/** Characters by the letter behind the backslash. */
export const ESCAPES = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }),
);

/** Longer strings are faster with `JSON.parse` and `JSON.stringify`. */
export const LONG_STRING = 200;
/** Up to so many characters a loop is faster than the regex: where the length is known, and where it has to be found. */
const [SHORT_STRING, SHORT_RUN] = [12, 24];
const [QUOTE, BACKSLASH, SPACE, FIRST_SURROGATE] = [0x22, 0x5c, 0x20, 0xd800];
const PLAIN = /[ !#-[\]-\ud7ff]*/y;

/**
 * Returns the place of the first character from `from` on that may need an escape in a JSON string. In a long string, of any
 * character before it.
 */
export function plainEnd(text: string, from: number): number {
  let at = from;
  while (isPlainUnit(text.charCodeAt(at))) {
    at++;
    if (at - from === SHORT_RUN) return text.indexOf('"', at) - from > LONG_STRING ? at : runEnd(text, at);
  }
  return at;
}

function runEnd(text: string, from: number): number {
  PLAIN.lastIndex = from;
  PLAIN.test(text);
  return PLAIN.lastIndex;
}

/** Whether a character needs no escape. False for NaN, which `charCodeAt` returns beyond the end. */
const isPlainUnit = (code: number) =>
  code >= SPACE && code !== QUOTE && code !== BACKSLASH && code < FIRST_SURROGATE;

/** Writes a JSON string. */
export function quote(text: string): string {
  const { length } = text;
  if (length > LONG_STRING) return stringify(text)!;
  const end = length < SHORT_STRING ? plainEnd(text, 0) : runEnd(text, 0);
  return end === length ? `"${text}"` : stringify(text)!;
}
