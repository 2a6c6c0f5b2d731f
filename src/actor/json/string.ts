import { stringify } from '../../values/text.ts';

const SHORT_STRING = 32;
const [QUOTE, BACKSLASH, SPACE, FIRST_SURROGATE] = [0x22, 0x5c, 0x20, 0xd800];

/**
 * Returns how many characters from `from` on need no escape in a JSON string; counts at most `SHORT_STRING`. Most strings are
 * short and need no escape at all; for them this loop is faster than the regex of the reader and than `JSON.stringify`.
 */
export function plainLength(text: string, from: number): number {
  let at = from;
  while (at - from < SHORT_STRING && isPlain(text.charCodeAt(at))) at++;
  return at - from;
}

/** Whether a character needs no escape. False for NaN, which `charCodeAt` returns beyond the end. */
const isPlain = (code: number) =>
  code >= SPACE && code !== QUOTE && code !== BACKSLASH && code < FIRST_SURROGATE;

/** Writes a JSON string. */
export const quote = (text: string): string =>
  plainLength(text, 0) === text.length ? `"${text}"` : stringify(text)!;
