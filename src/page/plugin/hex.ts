import { excerpt, PlugboardError } from '../../errors.ts';

/** Bytes of a line of `showHex`. */
const LINE_BYTES = 16;

/**
 * Reads bytes that a person has written as pairs of hexadecimal digits. White space, commas, colons, and `0x` before a pair
 * are skipped.
 * @throws {PlugboardError} INVALID_INPUT, with the place of the first wrong character
 */
export function readHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const pattern = /[\s,:]+|(?:0x)?([\da-f]{2})/iy;
  while (pattern.lastIndex < text.length) {
    const { lastIndex } = pattern;
    const found = pattern.exec(text);
    if (!found) {
      const got = JSON.stringify(excerpt(text.slice(lastIndex, lastIndex + 10)));
      throw new PlugboardError(
        'INVALID_INPUT',
        `the input: expected pairs of hexadecimal digits, such as 00 ff, got ${got} at character ${lastIndex + 1}`,
      );
    }
    if (found[1] !== undefined) bytes.push(Number.parseInt(found[1], 16));
  }
  return new Uint8Array(bytes);
}

const pair = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Writes bytes as lines: offset, 16 bytes, and the characters of ASCII among them. Later bytes than `most` are counted. */
export function showHex(bytes: Uint8Array, most: number): string {
  const lines: string[] = [];
  const end = Math.min(bytes.length, most);
  for (let offset = 0; offset < end; offset += LINE_BYTES) {
    const line = [...bytes.subarray(offset, Math.min(offset + LINE_BYTES, end))];
    const digits = line
      .map(pair)
      .join(' ')
      .padEnd(LINE_BYTES * 3 - 1);
    const characters = line.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(`${offset.toString(16).padStart(8, '0')}  ${digits}  ${characters.join('')}`);
  }
  if (bytes.length > end) lines.push(`… and ${bytes.length - end} bytes more`);
  return lines.join('\n');
}
