/**
 * The most keys and values of one JSON text. V8 ends the process for an array of 2^27 items, or an object of some 2^24
 * keys. A text of up to 64 MiB cannot hold more than this.
 */
export const MAX_JSON_VALUES: number = 2 ** 25;

const [QUOTE, COMMA, COLON, BRACKET, BACKSLASH, BRACE] = [0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x7b];

/**
 * Whether a JSON text holds more than `most` keys and values. Counts the characters that come before keys and values: `,` `:`
 * `[` `{` outside strings.
 */
export function hasTooManyValues(text: string, most: number = MAX_JSON_VALUES): boolean {
  // Each key or value takes at least one character, and one more separates it from the next.
  if (text.length < most * 2) return false;
  let count = 1;
  let isInString = false;
  for (let at = 0; at < text.length && count <= most; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) at += code === BACKSLASH ? 1 : 0;
    else if (code === COMMA || code === COLON || code === BRACKET || code === BRACE) count++;
  }
  return count > most;
}
