import { crc32 } from '../../values/crc32.ts';

const LONGEST = 100;

/** Returns the part of a subject that stands for a port: other characters than letters, digits, `_` and `-` as `=` and four hex digits. */
export const tokenOf = (port: string): string =>
  port.replace(/[^\w-]/g, char => `=${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Returns the token of a name that also names a stream, whose name is a file. A checksum tells apart long ones. */
export function shortTokenOf(name: string): string {
  const token = tokenOf(name);
  if (token.length <= LONGEST) return token;
  return `${token.slice(0, LONGEST)}=${crc32(new TextEncoder().encode(name))}`;
}
