const encoder = new TextEncoder();
/** An engine takes many times as long to make an array as to fill a short one. */
const scratch = new Uint8Array(3 * 1024);

/** `text` as UTF-8, to be copied at once: the next call may write over it. */
export function utf8(text: string): Uint8Array {
  // A UTF-16 code unit takes three bytes at most.
  if (text.length * 3 > scratch.length) return encoder.encode(text);
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written);
}
