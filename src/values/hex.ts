/** Two hexadecimal digits for each byte. */
export const hexOf = (bytes: Iterable<number>): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
